//! Reading and editing the state of a running game, with undo. An edit is a swap to another instance of
//! the same code, so an edit that makes the code fail is rolled back like any failed version. This
//! module knows no widgets.

use std::collections::VecDeque;
use std::time::Duration;

use thiserror::Error;
use vblank_runtime::error::{SwapError, Trap};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::Swap;
use vblank_state::value::{SpotError, replace};
use vblank_state::{ParcelRef, Schema};

use super::Session;
use crate::report::{ReportEvent, micros};

/// Reason why an edit was not made.
#[derive(Debug, Error)]
pub enum EditError {
    /// There is no running version, and so no state.
    #[error("no version runs yet")]
    NoGame,
    /// The guest trapped while its state was read.
    #[error(transparent)]
    Trap(#[from] Trap),
    /// The path names no value, or the text is no value of its type.
    #[error(transparent)]
    Spot(#[from] SpotError),
    /// The code refused the edited state.
    #[error(transparent)]
    Refused(#[from] SwapError),
}

/// An edit of one value, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Path of the value.
    pub path: String,
    /// Value before the edit.
    pub old: String,
    /// Value after the edit.
    pub new: String,
}

/// The edits that can be undone and redone.
#[derive(Debug, Default)]
pub(super) struct Edits {
    done: VecDeque<Edit>,
    undone: Vec<Edit>,
}

impl Edits {
    /// Largest number of edits that can be undone.
    const MOST: usize = 100;

    fn note(&mut self, edit: Edit) {
        if self.done.len() == Self::MOST {
            self.done.pop_front();
        }
        self.done.push_back(edit);
    }

    /// Forgets all edits, because they do not fit the state of a fresh game.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Session {
    /// Calls `look` with the state where it lies in the guest's memory. To be called between two frames
    /// only. Returns `None` if there is no game or its guest traps. The guest lends its state for this,
    /// which takes as long as the `save` of a swap.
    pub fn look<T>(&mut self, look: impl FnOnce(&Schema, &ParcelRef<'_>) -> T) -> Option<T> {
        match self.slot.game.as_mut()?.look(look) {
            Ok(seen) => Some(seen),
            Err(trap) => {
                self.failed(trap, false);
                None
            }
        }
    }

    /// Replaces the value at a path by a text in WAVE. To be called between two frames only.
    ///
    /// # Errors
    /// When the path names no value, the text is no value of its type, or the code refuses it. The
    /// state is then unchanged.
    pub fn edit(&mut self, path: &str, text: &str) -> Result<(), EditError> {
        if let Some(edit) = self.replace(path, text)? {
            self.edits.note(edit);
            self.edits.undone.clear();
        }
        Ok(())
    }

    /// Returns the edit that undo reverts next, and the one that redo repeats next.
    #[must_use]
    pub fn edits(&self) -> (Option<&Edit>, Option<&Edit>) {
        (self.edits.done.back(), self.edits.undone.last())
    }

    pub(super) fn take_back(&mut self) {
        let Some(edit) = self.edits.done.pop_back() else {
            return self.notice("there is no edit to take back");
        };
        match self.replace(&edit.path, &edit.old) {
            Ok(_) => self.edits.undone.push(edit),
            Err(error) => self.notice(format!("not taken back: {}: {error}", edit.path)),
        }
    }

    pub(super) fn make_again(&mut self) {
        let Some(edit) = self.edits.undone.pop() else {
            return self.notice("there is no edit to make again");
        };
        match self.replace(&edit.path, &edit.new) {
            Ok(_) => self.edits.note(edit),
            Err(error) => self.notice(format!("not made again: {}: {error}", edit.path)),
        }
    }

    /// Replaces a value and returns the edit, or `None` if the value is unchanged.
    fn replace(&mut self, path: &str, text: &str) -> Result<Option<Edit>, EditError> {
        let game = self.slot.game.as_mut().ok_or(EditError::NoGame)?;
        let mut image = game.image()?;
        let schema = std::sync::Arc::clone(&image.schema);
        let replaced = replace(&schema, &mut image.parcel, path, text)?;
        if replaced.old == replaced.new {
            return Ok(None);
        }
        let pause = self.replace_state(&image)?.pause;
        let edit = Edit {
            path: path.to_owned(),
            old: replaced.old.to_string(),
            new: replaced.new.to_string(),
        };
        self.report_edit(&edit, pause);
        Ok(Some(edit))
    }

    fn report_edit(&mut self, edit: &Edit, pause: Duration) {
        /// Long values are cut, because a person who edits a whole list knows its old content.
        const MOST: usize = 200;
        let short = |text: &str| match text.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        self.report(ReportEvent::Edit {
            path: edit.path.clone(),
            old: short(&edit.old),
            new: short(&edit.new),
            pause_us: micros(pause),
        });
    }

    /// Replaces the state by another one, with the same code.
    pub(super) fn replace_state(&mut self, state: &Image) -> Result<Swap, SwapError> {
        let game = self.slot.game.as_mut();
        let game = game.expect("whoever has a state has a game");
        let was_broken = game.is_broken();
        let swap = game.replace_state(&self.parts.engine, state)?;
        if was_broken {
            self.timeline.restart(self.parts.clock.now());
        }
        self.timings.pause.record(swap.pause);
        self.expect_state();
        self.fetch_requests();
        Ok(swap)
    }
}
