//! Errors of starting and calling a plugin. Each names its slot. Knows no slot but its name.

use std::time::Duration;

use thiserror::Error;

use crate::build::BuildError;
use crate::error::{SwapError, Trap};

/// The reason why a slot could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The code is no plugin of this world, needs a capability that was not granted, or traps at once.
    #[error("plugin {plugin}: {why}")]
    Refused {
        /// The slot.
        plugin: String,
        /// The reason.
        why: Box<SwapError>,
    },
    /// The crate does not build.
    #[error("plugin {plugin}: {why}")]
    Build {
        /// The slot.
        plugin: String,
        /// The compiler's message.
        why: BuildError,
    },
    /// The system lacks something that watching needs.
    #[error("plugin {plugin}: {message}")]
    Machine {
        /// The slot.
        plugin: String,
        /// The missing part.
        message: String,
    },
}

/// The reason why a call returned no value. The slot remains usable.
///
/// ```
/// use vblank_runtime::plugin::CallError;
///
/// /// Milliseconds after which a retry is useful.
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
    /// The plugin trapped, panicked, or exceeded its limit of time or memory. It continues from its last
    /// image.
    #[error("plugin {plugin}: {trap}")]
    Failed {
        /// The slot.
        plugin: String,
        /// The failure.
        trap: Box<Trap>,
    },
    /// The plugin failed recently and rests. It was not called.
    #[error("plugin {plugin} failed and is called again in {} ms", .after.as_millis())]
    Resting {
        /// The slot.
        plugin: String,
        /// Time until the end of the rest.
        after: Duration,
    },
    /// The plugin failed repeatedly and is no longer called, until a new version is let in or
    /// [`Slot::revive`](super::Slot::revive) is called. Its last state is kept.
    #[error("plugin {plugin} was taken out after {failures} failures in a row, the last: {trap}")]
    TakenOut {
        /// The slot.
        plugin: String,
        /// Failures in a row.
        failures: u32,
        /// The last failure.
        trap: Box<Trap>,
    },
}
