//! One version that ran, as it is written to the history's log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::supervisor::{SwapVerdict, TransferMode};

/// How many entries are kept.
pub(super) const ENTRIES: usize = 200;

/// One version that ran, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The run of the host: since when, in milliseconds since 1970, and its process.
    pub run: String,
    /// Which of the run's versions, from 0.
    pub number: u64,
    /// Its code.
    pub hash: String,
    /// When it came in, in milliseconds since 1970.
    pub at_ms: u64,
    /// The hash of its state's type.
    pub schema: String,
    /// The number of its first update.
    pub frame: u64,
    /// How its state's type compared to that before it; nothing for the first version of a run.
    pub verdict: Option<SwapVerdict>,
    /// How the state came over: `copy`, `pages` or `migrate`.
    pub path: Option<TransferMode>,
    /// How long the game stood still, in microseconds.
    pub pause_us: Option<f64>,
    /// What became of it.
    pub fate: VersionOutcome,
    /// What it did, where it failed.
    pub reason: Option<String>,
}

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionOutcome {
    /// It runs; or it did when its host was killed.
    #[serde(rename = "running")]
    Current,
    /// A newer one took over.
    Replaced,
    /// It gave way to an older one: by its own failure, for which there is a reason, or because
    /// somebody wanted it so.
    RolledBack,
    /// It failed later, and the game stood still.
    Broke,
    /// The run ended with it.
    Ended,
    /// It ran when its host was killed. Never written, since nobody was there to write it.
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
