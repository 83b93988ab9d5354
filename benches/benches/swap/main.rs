//! The pause of a swap, by size of the state and by transfer mode, as a ratio to one warm `memcpy` of
//! the same bytes in the same run. Also the first frame after a swap, and frames while a candidate is
//! prepared. Rivals: `list<u8>`, a dylib reloaded by hand, and `hot-lib-reloader`.
//!
//! `cargo bench -p vblank-benches --bench swap`. Some ten minutes; `-- --quick` for a look.

mod rivals;

use std::time::{Duration, Instant};

use vblank_benches::{Times, row};
use vblank_host::game::{self, Game, GameCalls, Setup, Step};
use vblank_host::input::Size;
use vblank_host::render::assets::Assets;
use vblank_runtime::guest::{Code, Engine, EngineOptions, Program};
use vblank_runtime::supervisor::{Candidate, ExpectedState, TransferMode, Version, prepare};
use vblank_state::Comparison;
use vblank_tests::{Demo, workspace};

const KIB: u64 = 1024;
const SIZES: [u64; 5] = [
    64 * KIB * KIB,
    16 * KIB * KIB,
    4 * KIB * KIB,
    KIB * KIB,
    64 * KIB,
];
/// Number of updates before a swap: those of the probation and one more, so that each swap begins as a
/// user's does.
const UPDATES: usize = 61;

fn main() {
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let swaps = if std::env::args().any(|argument| argument == "--quick") {
        50
    } else {
        1000
    };
    let guests = Guests::build();
    println!(
        "Frames of 1 MiB of state at 240 Hz, in microseconds from when they were due to when they were done:\n"
    );
    println!("| | p50 | p99 | max |\n|---|---|---|---|");
    for (name, busy) in [("in peace", false), ("while candidates are prepared", true)] {
        row(name, &guests.frames(busy));
    }
    println!(
        "\nOthers, whose state stays where it is and must not change its type; microseconds of the loop's time:\n"
    );
    println!("| | p50 | p99 | max |\n|---|---|---|---|");
    let [by_hand, hot_lib_reloader] = rivals::dylibs(swaps.min(200), swaps.min(20));
    row("a dylib by hand (`libloading`)", &by_hand);
    row("`hot-lib-reloader`", &hot_lib_reloader);
    println!(
        "\n{swaps} swaps each; times in microseconds; × is the ratio of the median to a warm memcpy\n"
    );
    println!("| state | way | p50 | p99 | max | × | first frame | a later frame |");
    println!("|---|---|---|---|---|---|---|---|");
    for bytes in SIZES {
        let memcpy = memcpy(bytes);
        let ways = [
            ("copy", TransferMode::Copy, &guests.vec),
            ("pages", TransferMode::Pages, &guests.pages),
            ("a field added", TransferMode::Migrate, &guests.grown),
        ];
        println!(
            "| {} | memcpy | {} | 1.0 | | |",
            size(bytes),
            memcpy.columns()
        );
        for (name, path, pair) in ways {
            let swaps = match path {
                // Each swap begins with a fresh game, which takes long.
                TransferMode::Migrate => {
                    (swaps * 4 * KIB as usize * KIB as usize / bytes as usize).clamp(50, swaps)
                }
                _ => swaps,
            };
            let Some(measured) = Pair::measure(&guests.engine, pair, path, bytes, swaps) else {
                continue;
            };
            println!(
                "| {} | {name} | {} | {:.2} | {:.1} | {:.1} |",
                size(bytes),
                measured.pause.columns(),
                measured.pause.p50() / memcpy.p50(),
                measured.first.p50(),
                measured.later.p50(),
            );
        }
        let obvious = rivals::list_u8(bytes as usize, swaps.min(100));
        println!(
            "| {} | `list<u8>` | {} | {:.2} | | |",
            size(bytes),
            obvious.columns(),
            obvious.p50() / memcpy.p50()
        );
    }
}

/// Two versions of one program that are swapped alternately.
type Pair2 = [Program; 2];

/// Measurements of a pair.
struct Pair {
    pause: Times,
    first: Times,
    later: Times,
}

/// The guests of `tests/guests/bodies.rs`.
struct Guests {
    engine: Engine,
    vec: Pair2,
    pages: Pair2,
    grown: Pair2,
}

impl Guests {
    fn build() -> Self {
        let engine = game::engine(&Assets::default(), EngineOptions::default())
            .expect("an engine can be made");
        let demo = Demo::copy("hello");
        let source = workspace().join("tests/guests/bodies.rs");
        let source = std::fs::read_to_string(source).expect("the guest is there");
        let check = source
            .find("        let aged")
            .expect("it looks at everything");
        let end = source.find("        assert!(swapped").expect("it may trap");
        let quick = source[..check].to_owned() + &source[end..];
        let build = |name: &str, edits: &[(&str, &str)]| {
            let text = edits.iter().fold(quick.clone(), |text, (from, to)| {
                assert_eq!(text.matches(from).count(), 1, "{from}");
                text.replace(from, to)
            });
            std::fs::write(demo.source(), text).expect("the copy can be written");
            demo.build();
            let code = Code::read(&demo.keep_wasm(name)).expect("it is a guest");
            let candidate = prepare(&engine, &code, &ExpectedState::default()).expect("it is good");
            candidate.version.program
        };
        let vec = ("type Bodies = PageVec<Body>;", "type Bodies = Vec<Body>;");
        let ten = ("const STEP: u32 = 1;", "const STEP: u32 = 10;");
        let field = ("    charge: f32,\n}", "    charge: f32,\n    spin: f32,\n}");
        let spin = ("charge: 0.25,", "charge: 0.25,\n            spin: 0.0,");
        Self {
            vec: [build("v1", &[vec]), build("v2", &[vec, ten])],
            pages: [build("p1", &[]), build("p2", &[ten])],
            grown: [build("g1", &[vec]), build("g2", &[vec, field, spin])],
            engine,
        }
    }

    /// Measures how late frames are.
    fn frames(&self, is_busy: bool) -> Times {
        const EACH: Duration = Duration::from_micros(1_000_000 / 240);
        let mut game = start(&self.engine, &self.vec[0], KIB * KIB);
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            if is_busy {
                scope.spawn(|| {
                    let demo = Demo::copy("particles");
                    demo.build();
                    let code = Code::read(&demo.wasm()).expect("it is a guest");
                    let expected = ExpectedState {
                        bytes: KIB * KIB,
                        schema: None,
                    };
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        // Each engine has an empty cache, which makes the most work.
                        let engine = game::engine(&Assets::default(), EngineOptions::default())
                            .expect("it can be made");
                        prepare(&engine, &code, &expected).expect("it is good");
                    }
                });
                std::thread::sleep(Duration::from_secs(3));
            }
            let mut times = Times::default();
            let mut due = Instant::now();
            for _ in 0..2400 {
                due += EACH;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                update(&mut game);
                times.add(due.elapsed());
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            times
        })
    }
}

impl Pair {
    /// Swaps alternately between two versions. Returns `None` if the host does not use this transfer
    /// mode.
    fn measure(
        engine: &Engine,
        pair: &Pair2,
        path: TransferMode,
        bytes: u64,
        swaps: usize,
    ) -> Option<Self> {
        let mut game = start(engine, &pair[0], bytes);
        let mut measured = Self {
            pause: Times::default(),
            first: Times::default(),
            later: Times::default(),
        };
        let image = game.image().expect("it can be saved");
        let mut frames = 0;
        for turn in 1..=swaps {
            let mut to = turn % 2;
            if path == TransferMode::Migrate {
                // Migrations always go from the old type to the new one.
                let first = candidate(engine, &pair[0], bytes as usize);
                (game, _) = Game::from_image(
                    first,
                    game::supervisor_options().expect("it starts"),
                    &image,
                    false,
                )
                .expect("it fits");
                (to, frames) = (1, 0);
            }
            for _ in 0..UPDATES {
                update(&mut game);
                frames += 1;
            }
            game.keep_image(false).expect("it can be saved");
            if bytes >= 4 * KIB * KIB {
                // Another thread copies and unmaps the remains of the previous swap. Between a person's
                // saves it has time for that. This thread does not sleep meanwhile, because a memcpy is
                // slower after a sleep too.
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(20) {
                    std::hint::spin_loop();
                }
            }
            let begun = Instant::now();
            update(&mut game);
            measured.later.add(begun.elapsed());
            let mut candidate = candidate(engine, &pair[to], game.bytes_to_copy());
            // The pipeline compares schemas off the frame too.
            let comparison = Comparison::new(game.schema(), &candidate.version.schema);
            candidate.comparison = Some(comparison);
            let swap = game.swap(engine, candidate, false).expect("it goes well");
            if swap.mode != path {
                assert_eq!((turn, path), (1, TransferMode::Pages), "{:?}", swap.mode);
                return None;
            }
            measured.pause.add(swap.pause);
            let begun = Instant::now();
            update(&mut game);
            measured.first.add(begun.elapsed());
            frames += 2;
        }
        // This check proves that no update was lost.
        assert_eq!(game.frame(), frames);
        Some(measured)
    }
}

fn start(engine: &Engine, program: &Program, bytes: u64) -> Game {
    let setup = Setup {
        seed: bytes / KIB,
        size: Size::new(64, 64),
        hz: 60.0,
    };
    let first = candidate(engine, program, 0);
    Game::fresh(
        first,
        game::supervisor_options().expect("it starts"),
        |guest| guest.init(setup),
    )
    .expect("it starts")
}

fn candidate(engine: &Engine, program: &Program, bytes: usize) -> Candidate {
    let mut version = Version::new(engine, program.clone()).expect("it starts");
    if bytes > 0 {
        version.instance.prewarm(bytes as u64).expect("it can");
    }
    Candidate::of(version)
}

fn update(game: &mut Game) {
    let step = Step {
        number: game.frame(),
        dt: 1.0 / 60.0,
        ..Step::default()
    };
    game.update(&step).expect("it does not trap");
}

/// Measures a warm copy.
fn memcpy(bytes: u64) -> Times {
    let from = vec![1_u8; bytes as usize];
    let mut to = vec![0_u8; bytes as usize];
    let mut times = Times::default();
    for _ in 0..101 {
        let begun = Instant::now();
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
        times.add(begun.elapsed());
    }
    times
}

fn size(bytes: u64) -> String {
    match bytes / KIB {
        kib if kib < KIB => format!("{kib} KiB"),
        kib => format!("{} MiB", kib / KIB),
    }
}
