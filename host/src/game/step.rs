//! The argument of `update`: the whole of a guest's input for one step.

use vblank_input::{Size, Snapshot};

/// One step of the simulation. A run is its first state and the list of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Counts updates from 0, and goes on across a swap.
    pub number: u64,
    /// Seconds.
    pub dt: f32,
    /// The run's seed.
    pub seed: u64,
    /// The picture, in pixels.
    pub size: Size,
    /// Pixels for one of the system's units of length.
    pub scale: f32,
    /// Keys, pointer, text, fingers and gamepads.
    pub input: Snapshot,
}
