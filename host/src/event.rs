//! Events that reach the session from outside: one closed enum. This module handles none of them.

use vblank_input::{InputEvent, Size};
use vblank_runtime::build::News;

use crate::control::{Reply, Request};

/// An event for the session.
pub enum Event {
    /// Input of the player.
    Input(InputEvent),
    /// New size of the window, in pixels.
    Resized(Size),
    /// Number of pixels in one of the system's units of length.
    Scaled(f32),
    /// Close request of the window, by its button or by Escape.
    Close,
    /// Ctrl-C, or a request to terminate.
    Interrupt,
    /// Command of a person.
    Command(Command),
    /// News of the pipeline.
    News(News),
    /// Request of another process through the control channel, and where its answer goes.
    Ask(Request, Reply),
}

/// A command of a person, from a key in the terminal or from the overlay. A command that cannot be
/// carried out is reported as a notice and changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Pauses the game or lets it continue. Pictures and swaps continue meanwhile.
    Pause(bool),
    /// Pauses a moving game, and lets a paused one continue.
    TogglePause,
    /// Pauses the game and makes one update.
    Step,
    /// Sets the seconds of game time in a second of the clock.
    Speed(f64),
    /// Starts a fresh game with the same code, after the present state has been written.
    Reset,
    /// Writes an image of the present state.
    SaveImage,
    /// Builds and reads the source again, as after a change.
    Rebuild,
    /// Stops the running build and waits for the next change.
    StopBuild,
    /// Rolls back to the previous version, with the present state.
    RollBack,
    /// Replaces a value of the state: its path, and the new value as text.
    Edit(String, String),
    /// Reverts the last edit.
    Undo,
    /// Repeats the edit that was undone last.
    Redo,
    /// Ends the run.
    Quit,
}
