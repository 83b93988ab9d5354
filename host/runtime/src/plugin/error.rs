//! What can go wrong with a plugin, as values that name it.

use std::time::Duration;

use thiserror::Error;

use crate::build::BuildError;
use crate::error::{SwapError, Trap};

/// Why a slot has no plugin to begin with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// It is no plugin of this world, wants what was not granted, or traps at once.
    #[error("plugin {plugin}: {why}")]
    Refused {
        /// The slot.
        plugin: String,
        /// Why.
        why: Box<SwapError>,
    },
    /// Its crate does not build.
    #[error("plugin {plugin}: {why}")]
    Build {
        /// The slot.
        plugin: String,
        /// The compiler's message.
        why: BuildError,
    },
    /// The machine would not give what it takes.
    #[error("plugin {plugin}: {message}")]
    Machine {
        /// The slot.
        plugin: String,
        /// What is missing.
        message: String,
    },
}

/// Why a call of a plugin gave nothing. The slot is as it says, and can be called again.
///
/// ```
/// use vblank_runtime::plugin::CallError;
///
/// /// After how many milliseconds it is worth trying again.
/// fn again(error: &CallError) -> Option<u128> {
///     match error {
///         CallError::Resting { after, .. } => Some(after.as_millis()),
///         CallError::TakenOut { .. } => None,
///         _ => Some(0),
///     }
/// }
/// # let _ = again;
/// ```
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin trapped, panicked, took too long or wanted too much memory. It goes on from its last
    /// state.
    #[error("plugin {plugin}: {trap}")]
    Failed {
        /// The slot.
        plugin: String,
        /// What happened.
        trap: Box<Trap>,
    },
    /// It failed a moment ago and is left alone for a while. Nothing was called.
    #[error("plugin {plugin} failed and is called again in {} ms", .after.as_millis())]
    Resting {
        /// The slot.
        plugin: String,
        /// From now.
        after: Duration,
    },
    /// It failed again and again, and is no longer called, until a new version comes or
    /// [`Slot::revive`](super::Slot::revive) is. Its last state is kept. Nothing was called.
    #[error("plugin {plugin} was taken out after {failures} failures in a row, the last: {trap}")]
    TakenOut {
        /// The slot.
        plugin: String,
        /// In a row.
        failures: u32,
        /// The last one.
        trap: Box<Trap>,
    },
}
