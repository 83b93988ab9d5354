//! The argument of `update`: the whole input of a guest for one step. It knows no guest.

use vblank_input::{Size, Snapshot};

/// One step of the simulation. The first state and the list of steps determine a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Number of the update, counted from 0 and across swaps.
    pub number: u64,
    /// Duration of the step, in seconds.
    pub dt: f32,
    /// The run's seed.
    pub seed: u64,
    /// Size of the picture, in pixels.
    pub size: Size,
    /// Pixels in one of the system's units of length.
    pub scale: f32,
    /// Keys, pointer, text, fingers and gamepads.
    pub input: Snapshot,
}
