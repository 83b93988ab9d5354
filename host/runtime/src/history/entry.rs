//! One entry of the history's log: a version that ran. Knows no file.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::supervisor::{SwapVerdict, TransferMode};

/// Number of entries that are kept.
pub(super) const ENTRIES: usize = 200;

/// A version that ran in one run of the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Identifier of the host's run: the time of its start in milliseconds since 1970, and its process id.
    pub run: String,
    /// Index of the version in its run, from 0.
    pub number: u64,
    /// Hash of the code.
    pub hash: String,
    /// Time of its start, in milliseconds since 1970.
    pub at_ms: u64,
    /// Hash of the type of its state.
    pub schema: String,
    /// Number of its first update.
    pub frame: u64,
    /// Verdict of the swap that brought it in. `None` for the first version of a run.
    pub verdict: Option<SwapVerdict>,
    /// Transfer mode of that swap: `copy`, `pages` or `migrate`.
    pub path: Option<TransferMode>,
    /// Pause of that swap, in microseconds.
    pub pause_us: Option<f64>,
    /// Outcome of the version.
    #[serde(rename = "fate")]
    pub outcome: VersionOutcome,
    /// The failure, if it failed.
    pub reason: Option<String>,
}

/// The outcome of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionOutcome {
    /// It runs; or it did when its host was killed.
    #[serde(rename = "running")]
    Current,
    /// A newer one took over.
    Replaced,
    /// An older version took over: after a failure, which is then the reason, or because a person asked for
    /// it.
    RolledBack,
    /// The version failed without a way back, and the game stood still.
    Broke,
    /// The run ended with this version.
    Ended,
    /// The version ran when its host was killed. This value is never written; readers derive it.
    Killed,
}

impl fmt::Display for VersionOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "running",
            Self::Replaced => "replaced",
            Self::RolledBack => "rolled back",
            Self::Broke => "broke",
            Self::Ended => "ended",
            Self::Killed => "killed",
        })
    }
}
