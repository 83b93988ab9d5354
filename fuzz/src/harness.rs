//! The harness: mutates inputs, runs a target with each, and compares time and memory with the bounds.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::time::{ClockId, clock_gettime};

use crate::mutate::mutate;
use crate::{Target, alloc};

/// Most inputs that are mutated further.
const MOST_INPUTS: usize = 512;
/// Longest outcome, in bytes.
const MOST_OUTCOME: usize = 60;

/// The input that a target reads now, for the thread that watches.
static CURRENT: Mutex<Option<Current>> = Mutex::new(None);

struct Current {
    target: Target,
    input: Vec<u8>,
    /// Processor time of the process when it began.
    begun: Duration,
    folder: PathBuf,
}

/// Figures of a run.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Number of inputs.
    pub inputs: u64,
    /// Number of different outcomes.
    pub outcomes: usize,
    /// Longest processor time of an input.
    pub slowest: Duration,
    /// Most bytes that an input took.
    pub most_bytes: usize,
}

/// Runs a target for this time, with the inputs that follow from a seed. A failing input is written to the
/// folder.
///
/// # Panics
/// When an input panics or exceeds a bound.
pub fn run(target: &Target, time: Duration, seed: u64, folder: &Path) -> Figures {
    let begun = Instant::now();
    let mut random = Rng::with_seed(seed);
    let mut figures = Figures::default();
    let mut outcomes = HashSet::new();
    let mut inputs = (target.seeds)();
    assert!(
        !inputs.is_empty(),
        "{} has nothing to begin with",
        target.name
    );
    for input in &inputs {
        outcomes.insert(one(target, input, folder, &mut figures));
    }
    let seeds = inputs.len();
    while begun.elapsed() < time {
        let (first, second) = (random.usize(..inputs.len()), random.usize(..inputs.len()));
        let mut input = inputs[first].clone();
        mutate(
            &mut input,
            &inputs[second],
            target.words,
            target.most,
            &mut random,
        );
        if outcomes.insert(one(target, &input, folder, &mut figures)) {
            if inputs.len() < MOST_INPUTS {
                inputs.push(input);
            } else {
                let at = random.usize(seeds.min(MOST_INPUTS - 1)..MOST_INPUTS);
                inputs[at] = input;
            }
        }
    }
    figures.outcomes = outcomes.len();
    figures
}

/// Runs a target with one input. Returns the outcome without its numbers.
///
/// # Panics
/// When the input panics or exceeds a bound.
pub fn one(target: &Target, input: &[u8], folder: &Path, figures: &mut Figures) -> String {
    listen_to_panics();
    watch();
    let (used, begun) = (alloc::start(), processor_time());
    *current() = Some(Current {
        target: *target,
        input: input.to_owned(),
        begun,
        folder: folder.to_owned(),
    });
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    let (bytes, took) = (alloc::most().saturating_sub(used), processor_time() - begun);
    *current() = None;
    let outcome = match outcome {
        Ok(Ok(())) => "read".to_owned(),
        Ok(Err(refused)) => refused,
        Err(_) => fail(target, input, folder, &format!("panics: {}", PANIC.take())),
    };
    if took > Duration::from_millis(target.bounds.cpu_ms) {
        fail(target, input, folder, &format!("takes {took:.1?}"));
    }
    if bytes > target.bounds.bytes {
        fail(target, input, folder, &format!("takes {} MiB", bytes >> 20));
    }
    figures.inputs += 1;
    figures.slowest = figures.slowest.max(took);
    figures.most_bytes = figures.most_bytes.max(bytes);
    without_numbers(&outcome)
}

fn current() -> std::sync::MutexGuard<'static, Option<Current>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fail(target: &Target, input: &[u8], folder: &Path, what: &str) -> ! {
    panic!("{}", report(target, input, folder, what))
}

/// Writes a failing input to a file, and makes the message.
fn report(target: &Target, input: &[u8], folder: &Path, what: &str) -> String {
    let hash = blake3::hash(input).to_hex();
    let file = folder.join(format!("{}-{}", target.name, &hash[..12]));
    let written = match std::fs::write(&file, input) {
        Ok(()) => format!("VBLANK_FUZZ_INPUT={}", file.display()),
        Err(error) => format!("not written to {}: {error}", file.display()),
    };
    let begin = &input[..input.len().min(200)];
    format!(
        "{}: an input of {} bytes {what}\n{written}\n\"{}\"",
        target.name,
        input.len(),
        begin.escape_ascii()
    )
}

thread_local! {
    /// The last panic of this thread.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the message of a panic that the harness will report. Libraries run on threads of their own, whose
/// panics are an error to their caller and are not printed a thousand times.
fn listen_to_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if current().is_some() {
                PANIC.set(panic.to_string());
            } else {
                usual(panic);
            }
        }));
    });
}

/// Starts a thread that ends the process when an input takes many times its bound, since it may never end.
fn watch() {
    /// Times the bound.
    const MANY: u32 = 10;
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let watch = || loop {
            std::thread::sleep(Duration::from_millis(200));
            if let Some(current) = &*current() {
                let took = processor_time().saturating_sub(current.begun);
                if took > Duration::from_millis(current.target.bounds.cpu_ms) * MANY {
                    let what = format!("takes more than {took:.1?}, and is given up");
                    let folder = &current.folder;
                    eprintln!("{}", report(&current.target, &current.input, folder, &what));
                    std::process::abort();
                }
            }
        };
        let thread = std::thread::Builder::new().name("watch".to_owned());
        thread.spawn(watch).expect("a thread can be started");
    });
}

/// Returns the time that processors have spent on this process. It stands still while others run, so no
/// bound is exceeded because a machine is busy.
#[must_use]
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        time.tv_nsec.cast_unsigned() as u32,
    )
}

/// Shortens an outcome, and replaces each number.
fn without_numbers(outcome: &str) -> String {
    let mut text = String::new();
    let mut was_number = false;
    for letter in outcome.chars() {
        if text.len() >= MOST_OUTCOME {
            break;
        }
        let is_number = letter.is_ascii_digit();
        if !(is_number && was_number) {
            let _ = text.write_char(if is_number { '0' } else { letter });
        }
        was_number = is_number;
    }
    text
}
