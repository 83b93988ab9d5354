//! Every target for some seconds. The crate's documentation has the variables that change this.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use vblank_fuzz::alloc::Counting;
use vblank_fuzz::harness::{self, Figures, processor_time};
use vblank_fuzz::{Bounds, Target, target};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Inputs are the same in each run, unless a seed is given.
const SEED: u64 = 20_261_129;

fn variable(name: &str) -> Option<String> {
    std::env::var(format!("VBLANK_FUZZ_{name}")).ok()
}

fn number(name: &str) -> Option<u64> {
    let text = variable(name)?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("VBLANK_FUZZ_{name} is no number: {text}")))
}

/// Waits for the other targets, since time and memory are those of the process.
fn alone<T>(work: impl FnOnce(&Path) -> T) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    work(Path::new(env!("CARGO_TARGET_TMPDIR")))
}

fn fuzz(name: &str) {
    let target = target(name);
    alone(|folder| {
        if let Some(file) = variable("INPUT") {
            let input = std::fs::read(&file);
            let input = input.unwrap_or_else(|error| panic!("cannot read {file}: {error}"));
            let mut figures = Figures::default();
            let outcome = harness::one(&target, &input, folder, &mut figures);
            println!("{name}: {outcome}\n{figures:?}");
            return;
        }
        let seconds = number("SECONDS").unwrap_or(target.seconds);
        let seed = number("SEED").unwrap_or(SEED);
        let figures = harness::run(&target, Duration::from_secs(seconds), seed, folder);
        println!(
            "{name}: {} inputs from seed {seed}, {} outcomes, {:.1?} and {} KiB at most",
            figures.inputs,
            figures.outcomes,
            figures.slowest,
            figures.most_bytes >> 10,
        );
    });
}

macro_rules! targets {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                fuzz(stringify!($name));
            }
        )*
    };
}

targets!(
    image, code, shader, wants, script, picture, sound, vorbis, schema, section, value, plan,
    migrate, restore, parked
);

/// A target that is as bad as its first byte says.
fn bad(input: &[u8]) -> Result<(), String> {
    match input.first() {
        Some(b'p') => panic!("as asked"),
        Some(b'm') => drop(std::hint::black_box(vec![1_u8; 2 << 20])),
        Some(b't') => {
            let begun = processor_time();
            while processor_time() - begun < Duration::from_millis(40) {}
        }
        _ => {}
    }
    Ok(())
}

/// The harness itself is checked: it finds a panic, too much memory and too much time.
#[test]
fn what_is_bad_is_found() {
    let target = Target {
        name: "bad",
        read: bad,
        seeds: || vec![b"good".to_vec()],
        words: &["p", "m", "t"],
        most: 16,
        bounds: Bounds {
            cpu_ms: 20,
            bytes: 1 << 20,
        },
        seconds: 1,
    };
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let fails = |input: &'static str| {
        alone(|_| {
            let one = || {
                let mut figures = Figures::default();
                harness::one(&target, input.as_bytes(), folder.path(), &mut figures)
            };
            let failed = std::panic::catch_unwind(one).expect_err("it is found");
            let message = failed.downcast::<String>().expect("it is a message");
            let mut lines = message.lines();
            let file = lines.find_map(|line| line.strip_prefix("VBLANK_FUZZ_INPUT="));
            let written =
                std::fs::read(file.expect("the input is written")).expect("it can be read");
            assert_eq!(written, input.as_bytes());
            *message
        })
    };
    assert!(fails("p").contains("as asked"));
    assert!(fails("m").contains("2 MiB"));
    assert!(fails("t").contains("takes"));
}
