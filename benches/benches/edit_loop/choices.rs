//! Costs and gains of the choices in a guest's profile, by the size of the program. Each choice is the
//! profile of `host new` with one change. All are built after the same edit, one after the other.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;
use vblank_benches::generated::{Flavour, Program};
use vblank_host::game::{self, GameCalls, Setup, Step};
use vblank_host::input::Size;
use vblank_host::render::assets::Assets;
use vblank_runtime::guest::{Code, EngineOptions, Instance};
use vblank_runtime::supervisor::{ExpectedState, prepare};

use super::{Dependencies, Effort, build, median};

/// Settings behind `--config profile.dev.`.
const CHOICES: [(&str, &[&str]); 9] = [
    ("the profile: opt-level 2, 256 units, line tables", &[]),
    ("opt-level 0", &["opt-level=0"]),
    ("opt-level 1", &["opt-level=1"]),
    ("opt-level 3", &["opt-level=3"]),
    ("16 units", &["codegen-units=16"]),
    ("64 units", &["codegen-units=64"]),
    ("debug 0", &["debug=0", "strip=\"debuginfo\""]),
    ("not incremental", &["incremental=false"]),
    ("`--release`", &["release"]),
];

/// Measurements of one choice.
#[derive(Default)]
struct Measured {
    build_ms: Vec<f64>,
    wasm: Vec<u8>,
    compile_ms: Vec<f64>,
    update_us: Vec<f64>,
}

pub fn measure(effort: Effort, dependencies: &Dependencies) {
    for lines in effort.sizes {
        let root = TempDir::new().expect("a temporary folder can be made");
        let program = Program::write(root.path(), Flavour::Guest, *lines);
        dependencies.put_into(&program);
        let mut choices: Vec<Measured> = CHOICES.map(|_| Measured::default()).into();
        for round in 0..=effort.rounds {
            if round > 0 {
                program.edit(round);
            }
            for ((_, config), measured) in CHOICES.iter().zip(&mut choices) {
                let took = build(&program, config);
                if round > 0 {
                    measured.build_ms.push(took);
                    let is_release = config.contains(&"release");
                    let profile = if is_release { "release" } else { "debug" };
                    measured.wasm = read(&program.artifact(profile));
                }
            }
        }
        run(&mut choices, effort);
        println!("\n{} lines\n", program.lines);
        println!(
            "| | build ms | file KiB | Cranelift ms of the processor | `update` µs |\n|---|---|---|---|---|"
        );
        for ((name, _), measured) in CHOICES.iter().zip(choices) {
            println!(
                "| {name} | {:.0} | {} | {:.0} | {:.1} |",
                median(measured.build_ms),
                measured.wasm.len() >> 10,
                median(measured.compile_ms),
                median(measured.update_us)
            );
        }
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compiles each program, and makes updates of all of them alternately. All programs behave the same,
/// whatever their build settings.
fn run(choices: &mut [Measured], effort: Effort) {
    const SLICE: u64 = 50;
    let mut running: Vec<(Instance, Step)> = choices.iter_mut().map(start).collect();
    for _ in 0..effort.rounds * 6 {
        for ((instance, step), measured) in running.iter_mut().zip(choices.iter_mut()) {
            let begun = Instant::now();
            for _ in 0..SLICE {
                instance.update(step).expect("update goes well");
                step.number += 1;
            }
            let took = begun.elapsed().as_secs_f64() * 1e6;
            measured.update_us.push(took / SLICE as f64);
        }
    }
    let states: Vec<Vec<u8>> = running
        .iter_mut()
        .map(|(instance, _)| state(instance))
        .collect();
    assert!(
        states.iter().all(|state| *state == states[0]),
        "all have come to the same state"
    );
}

fn start(measured: &mut Measured) -> (Instance, Step) {
    const COMPILES: usize = 3;
    let size = Size::new(640, 640);
    let mut last = None;
    for _ in 0..COMPILES {
        let engine = game::engine(&Assets::default(), EngineOptions::default())
            .expect("an engine can be made");
        let code = Code::from_bytes(measured.wasm.clone()).expect("it is a guest");
        let component = code.componentise().expect("it is a guest");
        // CPU time is measured, because compiler threads are the first to wait on a busy machine.
        let before = processor();
        engine.compile(&code, &component).expect("it compiles");
        measured
            .compile_ms
            .push((processor() - before).as_secs_f64() * 1e3);
        let candidate = prepare(&engine, &code, &ExpectedState::default())
            .unwrap_or_else(|error| panic!("{error}"));
        last = Some(candidate.version.instance);
    }
    let mut instance = last.expect("it was compiled");
    instance
        .init(Setup {
            seed: 1,
            size,
            hz: 60.0,
        })
        .expect("it starts");
    let step = Step {
        dt: 1.0 / 60.0,
        size,
        ..Step::default()
    };
    (instance, step)
}

fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("it is not negative")
}

fn state(instance: &mut Instance) -> Vec<u8> {
    instance.save().expect("it lends its state");
    let parcel = instance.parcel();
    let mut bytes = parcel.tree.to_vec();
    bytes.extend(
        parcel
            .w32
            .iter()
            .flat_map(|words| words.iter().copied())
            .flat_map(u32::to_le_bytes),
    );
    bytes
}
