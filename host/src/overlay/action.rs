//! An action of a person in the overlay. It knows no widget.

use crate::event::Command;

/// An action of a person in the overlay: a click, or a value that was typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OverlayAction {
    /// Carries out a command.
    Do(Command),
    /// Edits a value of the state.
    Edit { path: String, text: String },
    /// Reads the state at the next frame.
    Look,
    /// Closes the overlay.
    Close,
}
