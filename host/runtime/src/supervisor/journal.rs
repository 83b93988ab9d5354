//! The journal: everything that a guest was told since the last image of its state, so that another
//! instance can be told it again. Knows no supervisor.

use crate::error::Trap;
use crate::guest::Instance;

/// One thing that a guest was told, recorded so that another instance can be told it again: a game's
/// step, or an application's call of its plugin.
pub trait JournalEntry: Clone + Default + 'static {
    /// Tells a guest this.
    ///
    /// # Errors
    /// When the guest traps.
    fn apply(&self, instance: &mut Instance) -> Result<(), Trap>;

    /// Drops what the entry holds of the application's, when it is no longer needed. An entry that holds
    /// nothing but its own buffers keeps them for its next use.
    fn release(&mut self) {}
}

/// Replays an entry for the state's sake: its effects outside the guest happened the first time.
///
/// # Errors
/// When the guest traps.
pub(super) fn replay(entry: &impl JournalEntry, instance: &mut Instance) -> Result<(), Trap> {
    instance.replay(|instance| entry.apply(instance))
}

/// A list of entries whose buffers are used again.
pub(super) struct Journal<E> {
    /// The first `used` count.
    entries: Vec<E>,
    used: usize,
    /// Calls that were made and not recorded.
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
    /// Records an entry by copying it into a buffer. Allocates nothing once as many entries were recorded
    /// between two earlier images.
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

    /// Number of things that the guest was told, recorded or not.
    pub(super) fn told(&self) -> usize {
        self.used + self.unrecorded
    }

    /// Keeps only the first `count` entries.
    pub(super) fn truncate(&mut self, count: usize) {
        self.used = self.used.min(count);
    }

    /// Forgets all entries and keeps their buffers.
    pub(super) fn clear(&mut self) {
        for entry in &mut self.entries[..self.used] {
            entry.release();
        }
        (self.used, self.unrecorded) = (0, 0);
    }
}
