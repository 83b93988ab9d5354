//! Compiled functions in memory, so that the next build of a guest compiles only what changed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wasmtime::CacheStore;

use super::compile_pool::end_if_stopped;

/// Cranelift's results by function, for the next build of the same guest.
#[derive(Debug, Default)]
pub(super) struct FunctionCache {
    functions: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
}

/// Capacity of the [`FunctionCache`]: some fifty versions of a small game. A full cache is emptied.
const CACHED_FUNCTIONS: usize = 100_000;

impl CacheStore for FunctionCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        end_if_stopped();
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
