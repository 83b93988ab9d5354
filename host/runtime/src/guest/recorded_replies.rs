//! The replies of other plugins during one call of a plugin. Knows no plugin and no store.

use std::sync::{Arc, Mutex, PoisonError};

use super::types::Value;

/// The name of a function of another plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionName {
    /// The interface, with its version.
    pub(super) interface: Arc<str>,
    /// The function in it.
    pub(super) function: Arc<str>,
}

/// The replies of other plugins in one call. A replay of the call uses them instead of asking again, since
/// the call has already changed the states of those plugins.
#[derive(Debug, Default)]
pub(crate) struct RecordedReplies(Mutex<Recording>);

#[derive(Debug, Default)]
struct Recording {
    replies: Vec<RecordedReply>,
    /// Index of the next reply in the current call.
    next: usize,
}

#[derive(Debug)]
struct RecordedReply {
    function: FunctionName,
    params: Vec<Value>,
    results: Vec<Value>,
}

impl RecordedReplies {
    /// Starts the call, or its replay.
    pub(super) fn begin(&self) {
        self.with(|recording| recording.next = 0);
    }

    /// Returns the reply that was recorded at this point. If another version asks something else, this
    /// reply and all later ones are discarded.
    pub(super) fn next(&self, function: &FunctionName, params: &[Value]) -> Option<Vec<Value>> {
        self.with(|recording| {
            let next = recording.replies.get(recording.next)?;
            if next.function != *function || next.params != params {
                recording.replies.truncate(recording.next);
                return None;
            }
            recording.next += 1;
            Some(next.results.clone())
        })
    }

    /// Records a reply.
    pub(super) fn record(&self, function: &FunctionName, params: &[Value], results: &[Value]) {
        self.with(|recording| {
            recording.replies.push(RecordedReply {
                function: function.clone(),
                params: params.to_owned(),
                results: results.to_owned(),
            });
            recording.next += 1;
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Recording) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
