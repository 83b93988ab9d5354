//! A recorded call of a plugin: what a game's step is to the journal of a game.

use std::sync::Arc;

use crate::error::Trap;
use crate::guest::Instance;
use crate::supervisor::JournalEntry;

type Call = dyn Fn(&mut Instance) -> Result<(), Trap> + Send + Sync;

/// A call that can be made again, of another instance.
#[derive(Clone, Default)]
pub(super) struct RecordedCall(Option<Arc<Call>>);

impl RecordedCall {
    pub(super) fn new(
        call: impl Fn(&mut Instance) -> Result<(), Trap> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(call)))
    }
}

impl JournalEntry for RecordedCall {
    fn apply(&self, instance: &mut Instance) -> Result<(), Trap> {
        self.0.as_ref().map_or(Ok(()), |call| call(instance))
    }

    /// Drops what the call holds: it is the application's, and may be large.
    fn release(&mut self) {
        self.0 = None;
    }
}
