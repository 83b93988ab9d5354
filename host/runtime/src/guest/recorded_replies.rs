//! What other plugins gave in one call of a plugin.

use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::Val;

use super::provide::ImportedFn;

/// What other plugins gave in one call, so that it can be made again without asking them again: their states
/// have had it.
#[derive(Debug, Default)]
pub(crate) struct RecordedReplies(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    exchanges: Vec<Exchange>,
    /// How many of them the call that is made has come to.
    met: usize,
}

#[derive(Debug)]
struct Exchange {
    function: Arc<ImportedFn>,
    params: Vec<Val>,
    given: Vec<Val>,
}

impl RecordedReplies {
    /// The call is made, perhaps again.
    pub(super) fn begin(&self) {
        self.noted(|noted| noted.met = 0);
    }

    /// What was given before at this point. Another version may ask for something else: from there on nothing is
    /// known.
    pub(super) fn next(&self, function: &ImportedFn, params: &[Val]) -> Option<Vec<Val>> {
        self.noted(|noted| {
            let next = noted.exchanges.get(noted.met)?;
            let is_it = next.function.is_named_as(function) && next.params == params;
            if !is_it {
                noted.exchanges.truncate(noted.met);
                return None;
            }
            noted.met += 1;
            Some(next.given.clone())
        })
    }

    pub(super) fn note(&self, function: &Arc<ImportedFn>, params: &[Val], given: &[Val]) {
        self.noted(|noted| {
            noted.exchanges.push(Exchange {
                function: Arc::clone(function),
                params: params.to_owned(),
                given: given.to_owned(),
            });
            noted.met += 1;
        });
    }

    fn noted<T>(&self, look: impl FnOnce(&mut Noted) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
