//! The state looked at and edited while it runs. An edit is a swap to another instance of the same code,
//! so one that the code fails on is taken back like any version that fails.

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

/// Why the state is as it was.
#[derive(Debug, Error)]
pub enum EditError {
    /// There is no state.
    #[error("no version runs yet")]
    NoGame,
    /// It cannot be had.
    #[error(transparent)]
    Trap(#[from] Trap),
    /// There is no such value, or the text is none of its type.
    #[error(transparent)]
    Spot(#[from] SpotError),
    /// The code does not take it.
    #[error(transparent)]
    Refused(#[from] SwapError),
}

/// A value that was changed, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub path: String,
    /// What was there.
    pub old: String,
    /// What is there.
    pub new: String,
}

/// What can be taken back, and made again.
#[derive(Debug, Default)]
pub(super) struct Edits {
    done: VecDeque<Edit>,
    undone: Vec<Edit>,
}

impl Edits {
    /// So many can be taken back.
    const MOST: usize = 100;

    fn note(&mut self, edit: Edit) {
        if self.done.len() == Self::MOST {
            self.done.pop_front();
        }
        self.done.push_back(edit);
    }

    /// Another game: nothing fits any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Session {
    /// Look at the state where it lies. To be called between two frames only; `None` where there is
    /// none. The guest lends it for this, which takes as long as the `save` of a swap.
    pub fn look<T>(&mut self, look: impl FnOnce(&Schema, &ParcelRef<'_>) -> T) -> Option<T> {
        match self.slot.game.as_mut()?.look(look) {
            Ok(seen) => Some(seen),
            Err(trap) => {
                self.failed(trap, false);
                None
            }
        }
    }

    /// Put another value into the state: its path, and a text in WAVE. To be called between two frames
    /// only.
    ///
    /// # Errors
    /// When there is no such value, the text is none of its type, or the code does not take it; then
    /// everything is as it was.
    pub fn edit(&mut self, path: &str, text: &str) -> Result<(), EditError> {
        if let Some(edit) = self.replace(path, text)? {
            self.edits.note(edit);
            self.edits.undone.clear();
        }
        Ok(())
    }

    /// The last edit that can be taken back, and the last that can be made again.
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

    /// Returns what was changed; nothing where the value was that already.
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
        /// Who edits a whole list knows what was in it.
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

    /// Go on with another state, by the same code.
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
