//! How the inputs of a source are watched, and so what is known of its changes.

use std::path::PathBuf;
use std::time::Duration;

/// How the inputs are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// The system reports every change.
    #[default]
    Notified,
    /// Changes are looked for at an interval, at least of some inputs.
    Polled {
        /// The interval.
        interval: Duration,
        /// The reason, unless it was asked for.
        reason: Option<String>,
    },
    /// Changes of some inputs are not seen.
    Partial {
        /// The first path that is not watched.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}
