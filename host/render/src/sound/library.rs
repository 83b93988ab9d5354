//! The library of sounds, as the mixer looks them up.

use super::data::Sound;

/// Finds sounds by their handles.
pub trait Library: Send + 'static {
    /// The sound under a handle now.
    fn sound(&self, handle: u32) -> LookUp;
}

/// The result of looking a handle up.
#[derive(Clone, Debug)]
pub enum LookUp {
    /// It is being loaded.
    Loading,
    /// It is here. The number goes up when it has been replaced.
    Ready(Sound, u64),
    /// Nothing, or nothing that can be played.
    Missing,
}
