//! Where a guest spends its time: its stack, taken at intervals while it runs, as numbers. What the
//! functions are called is looked up afterwards.
//!
//! A guest is stopped where it looks whether its time is over, which is at the beginning of each
//! function and of each turn of a loop. Time outside of the guest is not seen.

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

/// How often each stack of each binary was met.
type Taken = Vec<(Arc<Binary>, HashMap<Vec<RawFrame>, u64>)>;

/// A stack and how often it was met.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What ran, the innermost first, with what was inlined.
    pub frames: Vec<Frame>,
    /// How often.
    pub times: u64,
}

impl Profiler {
    /// One that takes a sample so often. Each costs some 30 µs.
    #[must_use]
    pub fn new(every: Duration) -> Self {
        let taken = Mutex::default();
        Self { every, taken }
    }

    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// Begin here: what came before counts for nothing.
    pub fn forget(&self) {
        self.taken().clear();
    }

    /// What was taken, with names. Milliseconds for each binary, more where it has debug sections.
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

    /// Look at each tick where the guest stands, and stop it when its time is over.
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
