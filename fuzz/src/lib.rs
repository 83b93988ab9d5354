//! Fuzzing with an oracle for time and memory: functions that read bytes of strangers get mutated inputs, and
//! none may panic, take long, or take much memory.
//!
//! The test `fuzz` of this crate runs every target for some seconds. With variables of the environment it
//! runs longer, from another seed, or with one input:
//!
//! ```text
//! VBLANK_FUZZ_SECONDS=300 cargo test --release --workspace --test fuzz -- --nocapture image
//! VBLANK_FUZZ_SEED=7 …        the same inputs again, as far as the time allows
//! VBLANK_FUZZ_INPUT=FILE …    this input only
//! ```
//!
//! `fuzz/libfuzzer` gives the targets of the state to libFuzzer, which is guided by coverage and needs a
//! nightly compiler.

pub mod alloc;
pub mod harness;
mod host;
mod list;
mod mutate;
mod seeds;
mod state;

#[allow(dead_code, reason = "the tests' generator has more than is used here")]
#[path = "../../guest-sdk/state/tests/common/edit.rs"]
mod edit;
#[allow(dead_code, reason = "the tests' generator has more than is used here")]
#[path = "../../guest-sdk/state/tests/common/generate.rs"]
mod generate;

pub use list::target;

/// A function under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Name, as the test has it.
    pub name: &'static str,
    /// Reads an input, or returns the reason why it is refused. An input with a new reason is mutated further.
    pub read: fn(&[u8]) -> Result<(), String>,
    /// Makes the inputs that mutations begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words of the format.
    pub words: &'static [&'static str],
    /// Largest size of an input in bytes.
    pub most: usize,
    /// Bounds of one input.
    pub bounds: Bounds,
    /// Seconds for which it runs with the other tests.
    pub seconds: u64,
}

/// Bounds of one input. They are generous: what they find takes for ever, or all memory.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Milliseconds of processor time of the whole process.
    pub cpu_ms: u64,
    /// Most bytes at a time.
    pub bytes: usize,
}
