//! The interface by which the mixer looks sounds up. Knows no mixer.

use super::data::Sound;

/// A collection of sounds by their handles.
pub trait Library: Send + 'static {
    /// Returns the present sound of a handle.
    fn sound(&self, handle: u32) -> LookUp;
}

/// The result of looking a sound up.
#[derive(Clone, Debug)]
pub enum LookUp {
    /// The sound is being loaded.
    Loading,
    /// The sound and its revision, which increases when the sound is replaced.
    Ready(Sound, u64),
    /// The handle has no sound that can be played.
    Missing,
}
