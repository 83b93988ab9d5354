//! Compiled functions in memory, so that the next build of a guest compiles only what changed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::CacheStore;

use super::compile_pool::end_if_stopped;
use super::frame_gate::FrameGate;

/// Cranelift's results by function, for the next build of the same guest.
#[derive(Debug)]
pub(super) struct FunctionCache {
    functions: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
    /// The frames to which compilation gives way.
    frames: Option<Arc<FrameGate>>,
}

impl FunctionCache {
    pub(super) fn new(frames: Option<Arc<FrameGate>>) -> Self {
        Self {
            functions: Mutex::default(),
            frames,
        }
    }

    /// Lets a frame be made, on one thread of as many as there are processors.
    fn give_way(&self) {
        let is_last = rayon::current_thread_index()
            .is_some_and(|index| index + 1 == rayon::current_num_threads());
        if let (Some(frames), true) = (&self.frames, is_last) {
            frames.give_way();
        }
    }
}

/// Capacity of the [`FunctionCache`]: some fifty versions of a small game. A full cache is emptied.
const CACHED_FUNCTIONS: usize = 100_000;

impl CacheStore for FunctionCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        end_if_stopped();
        self.give_way();
        let functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        functions.get(key).map(|code| Cow::Owned(code.clone()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let mut functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if functions.len() >= CACHED_FUNCTIONS {
            functions.clear();
        }
        functions.insert(key.to_owned(), code);
        true
    }
}
