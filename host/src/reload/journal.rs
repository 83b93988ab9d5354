//! What a guest was told since the last image of its state, so that another can be told it again.

use std::sync::Arc;

use crate::error::Trap;
use crate::guest::{Instance, Step};

/// A call that can be made again, of another instance.
pub type Again = Arc<dyn Fn(&mut Instance) -> Result<(), Trap> + Send + Sync>;

/// One thing that a guest was told.
#[derive(Clone)]
pub enum Entry {
    /// A game's step.
    Step(Step),
    /// An application's call of its plugin.
    Call(Again),
}

impl Entry {
    /// Tell it again, for the state's sake: what the guest wants of the world outside it has had.
    ///
    /// # Errors
    /// When the guest traps.
    pub(super) fn relive(&self, instance: &mut Instance) -> Result<(), Trap> {
        instance.relive(|instance| match self {
            Self::Step(step) => instance.update(step),
            Self::Call(call) => call(instance),
        })
    }
}

/// A list whose buffers are used again.
#[derive(Default)]
pub(super) struct Journal {
    /// The first `used` count.
    entries: Vec<Entry>,
    used: usize,
    /// What was told and not noted.
    passing: usize,
}

impl Journal {
    /// A step was made. Allocates nothing once as many were made between two images before.
    pub(super) fn note_step(&mut self, step: &Step) {
        match self.entries.get_mut(self.used) {
            Some(Entry::Step(buffer)) => buffer.clone_from(step),
            Some(buffer) => *buffer = Entry::Step(step.clone()),
            None => self.entries.push(Entry::Step(step.clone())),
        }
        self.used += 1;
    }

    /// A call was made.
    pub(super) fn note_call(&mut self, call: Again) {
        match self.entries.get_mut(self.used) {
            Some(buffer) => *buffer = Entry::Call(call),
            None => self.entries.push(Entry::Call(call)),
        }
        self.used += 1;
    }

    /// A call was made that is not to be made again.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.passing += 1;
    }

    /// What can be told again.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries[..self.used]
    }

    /// How much the guest was told in all.
    pub(super) fn told(&self) -> usize {
        self.used + self.passing
    }

    /// Keep only the first.
    pub(super) fn truncate(&mut self, count: usize) {
        self.used = self.used.min(count);
    }

    /// Begin anew.
    pub(super) fn clear(&mut self) {
        // What calls hold is the application's, and may be large.
        for entry in &mut self.entries[..self.used] {
            if let Entry::Call(_) = entry {
                *entry = Entry::Step(Step::default());
            }
        }
        (self.used, self.passing) = (0, 0);
    }
}
