//! An action of a person in the overlay. It knows no widget.

use crate::event::Command;

/// An action of a person in the overlay: a click, or a value that was typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OverlayAction {
    /// A command about the run.
    Do(Command),
    /// Edit a value of the state.
    Edit { path: String, text: String },
    /// Read the state at the next frame.
    Look,
    /// Close the overlay.
    Close,
}
