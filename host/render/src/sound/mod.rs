//! Sound: commands of guests, mixed and sent to the system's output on a thread of its own, so that no
//! device can delay the game.
//!
//! Only this module names kira. A machine without a device, and a build without the feature `sound`, play
//! nothing and otherwise behave the same.

pub mod commands;
mod data;
#[cfg(feature = "sound")]
mod decoder;
#[cfg(feature = "sound")]
mod device;
mod error;
mod library;
#[cfg(feature = "sound")]
mod mixer;
mod speaker;

pub use data::Sound;
pub use error::BadSound;
pub use library::{Library, LookUp};
pub use speaker::{Speaker, has_device};
