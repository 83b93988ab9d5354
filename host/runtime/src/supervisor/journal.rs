//! The journal: all calls of a guest since the last image of its state, recorded so that another instance
//! can replay them. Knows no supervisor.

use crate::error::Trap;
use crate::guest::Instance;

/// One call of a guest, recorded so that it can be replayed on another instance: a game's step, or an
/// application's call of its plugin.
pub trait JournalEntry: Clone + Default + 'static {
    /// Makes the call.
    ///
    /// # Errors
    /// When the guest traps.
    fn apply(&self, instance: &mut Instance) -> Result<(), Trap>;

    /// Drops objects of the application once the entry is no longer needed. An entry that holds only its
    /// own buffers keeps them for its next use.
    fn release(&mut self) {}
}

/// Replays an entry for its effect on the state. Its effects outside the guest happened the first time.
///
/// # Errors
/// When the guest traps.
pub(super) fn replay(entry: &impl JournalEntry, instance: &mut Instance) -> Result<(), Trap> {
    instance.replay(|instance| entry.apply(instance))
}

/// A list of entries whose buffers are reused.
pub(super) struct Journal<E> {
    /// Buffers, of which the first `used` hold entries.
    entries: Vec<E>,
    used: usize,
    /// Number of calls that were made and not recorded.
    unrecorded: usize,
}

impl<E> Default for Journal<E> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            used: 0,
            unrecorded: 0,
        }
    }
}

impl<E: JournalEntry> Journal<E> {
    /// Copies an entry into a buffer. Allocates nothing once as many entries were recorded between two
    /// earlier images.
    pub(super) fn record(&mut self, entry: &E) {
        match self.entries.get_mut(self.used) {
            Some(buffer) => buffer.clone_from(entry),
            None => self.entries.push(entry.clone()),
        }
        self.used += 1;
    }

    /// Notes a call that cannot be replayed.
    #[inline]
    pub(super) fn note_unrecorded(&mut self) {
        self.unrecorded += 1;
    }

    /// The entries that can be replayed, oldest first.
    pub(super) fn entries(&self) -> &[E] {
        &self.entries[..self.used]
    }

    /// Number of calls of the guest, recorded or not.
    pub(super) fn calls(&self) -> usize {
        self.used + self.unrecorded
    }

    /// Keeps only the first `count` entries.
    pub(super) fn truncate(&mut self, count: usize) {
        self.used = self.used.min(count);
    }

    /// Removes all entries and keeps their buffers.
    pub(super) fn clear(&mut self) {
        for entry in &mut self.entries[..self.used] {
            entry.release();
        }
        (self.used, self.unrecorded) = (0, 0);
    }
}
