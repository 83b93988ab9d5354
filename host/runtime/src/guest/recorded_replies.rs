//! The replies of other plugins in one call of a plugin. Knows no plugin and no store.

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

/// The replies of other plugins in one call, so that the call can be replayed without asking them again:
/// the call has changed their states once.
#[derive(Debug, Default)]
pub(crate) struct RecordedReplies(Mutex<Recording>);

#[derive(Debug, Default)]
struct Recording {
    replies: Vec<RecordedReply>,
    /// Number of replies that the call under way has come to.
    next: usize,
}

#[derive(Debug)]
struct RecordedReply {
    function: FunctionName,
    params: Vec<Value>,
    results: Vec<Value>,
}

impl RecordedReplies {
    /// Starts the call, perhaps again.
    pub(super) fn begin(&self) {
        self.with(|recording| recording.next = 0);
    }

    /// The reply that was recorded at this point. Another version may ask for something else: from there
    /// on nothing is known.
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
