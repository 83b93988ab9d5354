//! Everything that reaches the loop from outside.

use vblank_input::{InputEvent, Size};
use vblank_runtime::build::News;

use crate::control::{Reply, Request};
use crate::session::Command;

/// Something that the session has to hear of.
pub enum Event {
    /// The player did something.
    Input(InputEvent),
    /// The window has another size, in pixels.
    Resized(Size),
    /// So many pixels make one of the system's units of length.
    Scaled(f32),
    /// The window's close button, or Escape.
    Close,
    /// Ctrl-C, or a request to terminate.
    Interrupt,
    /// A wish about the run, from a key in the terminal or the overlay.
    Command(Command),
    /// From the pipeline that makes candidates.
    News(News),
    /// Another process asks for something, through the control channel.
    Ask(Request, Reply),
}
