//! A sampling profiler of guests: stacks are taken at intervals, as numbers, and the names of the functions
//! are looked up afterwards. Knows no world and no engine.
//!
//! A guest is interrupted where it checks its deadline: at the start of each function and of each iteration
//! of a loop. Time outside the guest is not sampled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wasmtime::{Store, StoreContextMut, Trap as Cause, UpdateDeadline, WasmBacktrace};

use super::backtrace::own_frames;
use super::context::Context;
use super::symbols::{Frame, Symbols};
use crate::error::{Binary, RawFrame};

/// Takes samples of all guests of an engine.
pub struct Profiler {
    every: Duration,
    taken: Mutex<Taken>,
}

/// Number of samples of each stack, by binary.
type Taken = Vec<(Arc<Binary>, HashMap<Vec<RawFrame>, u64>)>;

/// A stack and the number of its samples.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Running functions including inlined ones, the innermost first.
    pub frames: Vec<Frame>,
    /// Number of samples with this stack.
    pub times: u64,
}

impl Profiler {
    /// Creates a profiler with this interval between samples. Each sample costs about 30 µs.
    #[must_use]
    pub fn new(every: Duration) -> Self {
        let taken = Mutex::default();
        Self { every, taken }
    }

    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// Discards all samples taken so far.
    pub fn forget(&self) {
        self.taken().clear();
    }

    /// Returns the samples with names. Takes milliseconds for each binary, more if it has debug sections.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for (binary, stacks) in &*self.taken() {
            let symbols = Symbols::of(&binary.bytes);
            let sample = |(stack, times): (&Vec<RawFrame>, &u64)| Sample {
                frames: symbols
                    .as_ref()
                    .map_or(Vec::new(), |symbols| symbols.frames(stack)),
                times: *times,
            };
            samples.extend(stacks.iter().map(sample));
        }
        samples
    }

    /// Takes a sample at each tick, and stops the guest when its time is over.
    pub(super) fn watch(self: &Arc<Self>, store: &mut Store<Context>) {
        let profiler = Arc::clone(self);
        store.epoch_deadline_callback(move |mut store: StoreContextMut<'_, Context>| {
            let trace = WasmBacktrace::force_capture(&store);
            let context = store.data_mut();
            profiler.note(&context.binary, own_frames(&trace));
            context.ticks_left = context.ticks_left.saturating_sub(1);
            if context.ticks_left == 0 {
                return Err(Cause::Interrupt.into());
            }
            Ok(UpdateDeadline::Continue(1))
        });
    }

    fn note(&self, binary: &Arc<Binary>, stack: Vec<RawFrame>) {
        let mut taken = self.taken();
        let known = taken
            .iter()
            .position(|(other, _)| Arc::ptr_eq(other, binary));
        let at = known.unwrap_or_else(|| {
            taken.push((Arc::clone(binary), HashMap::new()));
            taken.len() - 1
        });
        *taken[at].1.entry(stack).or_default() += 1;
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Profiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a sample every {:?}", self.every)
    }
}
