//! Everything that reaches the loop from outside.

use vblank_input::{InputEvent, Size};
use vblank_runtime::build::News;

use crate::control::{Reply, Request};

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
    /// A person wants something of the run.
    Command(Command),
    /// From the pipeline that makes candidates.
    News(News),
    /// Another process asks for something, through the control channel.
    Ask(Request, Reply),
}

/// A command of a person, from a key in the terminal or the overlay. One that cannot be obeyed is reported
/// as a notice, and everything is as it was.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Stand still, or go on. The picture goes on being drawn, and swaps go on happening.
    Pause(bool),
    /// Stand still if the game moves, and go on if it stands still.
    TogglePause,
    /// Stand still, and make one update.
    Step,
    /// Seconds of the game in a second of the clock.
    Speed(f64),
    /// Begin a fresh game with the same code. The state of now is written first.
    Reset,
    /// Write the state of now.
    SaveImage,
    /// Build and look once more, as after a change.
    Rebuild,
    /// Stop the build that runs, and wait for the next change.
    StopBuild,
    /// Go back to the version before, with the state of now.
    RollBack,
    /// Put another value into the state: its path, and the value as text.
    Edit(String, String),
    /// Take the last edit back.
    Undo,
    /// Make it again.
    Redo,
    /// End the run.
    Quit,
}
