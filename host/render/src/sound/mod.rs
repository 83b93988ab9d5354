//! Sound: what guests play, mixed and sent to the system's output on a thread of its own, so that no device
//! can hold the game up.
//!
//! Only this module names kira. A machine without a device, and a build without the feature `sound`,
//! are silent and otherwise the same.

pub mod commands;
mod data;
#[cfg(feature = "sound")]
mod device;
mod library;
#[cfg(feature = "sound")]
mod mixer;
mod speaker;

pub use data::{BadSound, Sound};
pub use library::{Library, LookUp};
pub use speaker::{Speaker, has_device};
