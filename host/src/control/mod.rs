//! The control channel, through which another process sends requests to a running host.
//!
//! Each host listens on a local socket that only its user can reach. A connection carries one request
//! and one answer, each a line of JSON. Requests are passed to a callback. This module does not know
//! what they mean.

#[cfg(unix)]
mod client;
#[cfg(not(unix))]
mod nowhere;
#[cfg(unix)]
mod server;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use vblank_runtime::guest::Capability;
use vblank_runtime::history::StateOf;

#[cfg(unix)]
pub use client::{ask, listening};
#[cfg(not(unix))]
pub use nowhere::{Control, ask, listening};
#[cfg(unix)]
pub use server::Control;

/// Request to a running host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// Request for the status.
    Status,
    /// Request for a rollback to an older version.
    Rollback {
        /// First digits of the version's hash. Without them, the version that ran before.
        hash: Option<String>,
        /// State with which the version continues.
        state: StateOf,
    },
    /// Request to grant a capability to all versions from now on.
    Allow {
        /// The capability.
        capability: Capability,
    },
    /// Request to grant a capability to no version that starts from now on.
    Revoke {
        /// The capability.
        capability: Capability,
    },
}

/// Answer of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// Answer to [`Request::Status`].
    Status(Status),
    /// Answer to [`Request::Rollback`], sent when the rollback is done.
    RolledBack(RollbackDone),
    /// Answer to [`Request::Allow`].
    Allowed {
        /// True if the capability was not granted before.
        is_new: bool,
    },
    /// Answer to [`Request::Revoke`].
    Revoked {
        /// True if the capability was granted.
        was_granted: bool,
    },
    /// The request failed, and nothing has changed.
    Failed {
        /// Reason, for people.
        message: String,
    },
}

/// Status of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The guest's path.
    pub guest: PathBuf,
    /// Process number of the host.
    pub pid: u32,
    /// Time at which the host started, in milliseconds since 1970; `None` from an older host.
    #[serde(default)]
    pub since_ms: Option<u64>,
    /// Name of the run in the guest's history.
    pub run: String,
    /// Hash of the running code; `None` before the first version.
    pub hash: Option<String>,
    /// Number of the next update.
    pub frame: u64,
    /// True if the game stands still after a failure.
    pub is_broken: bool,
    /// Hash that the newest source was built to, if another version runs.
    pub newer: Option<String>,
}

/// Result of a rollback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollbackDone {
    /// Hash of the code that ran.
    pub from: String,
    /// Hash of the code that runs.
    pub to: String,
    /// State with which it continues.
    pub state: StateOf,
    /// Verdict: `identical`, `automatic` or `migrated`.
    pub verdict: String,
    /// Time for which the game stood still, in microseconds.
    pub pause_us: f64,
    /// Paths of parked values.
    pub parked: Vec<String>,
    /// Number of the next update.
    pub frame: u64,
    /// Hash that the newest source was built to, if another version runs.
    pub newer: Option<String>,
}

/// Reason why a host could not be reached.
#[derive(Debug, Error)]
pub enum ControlError {
    /// No host listens on the socket any more.
    #[error("the host behind {0} is gone")]
    Gone(PathBuf),
    /// The host listens, and its answer is missing or invalid.
    #[error("the host behind {socket} does not answer: {cause}")]
    Io {
        /// The socket.
        socket: PathBuf,
        /// Error of the system.
        cause: std::io::Error,
    },
    /// The platform has no local sockets.
    #[error("a running host cannot be asked on this platform yet")]
    Platform,
}

/// Sender of the answer to one request. Dropping it without an answer fails the request.
pub struct Reply(Sender<Answer>);

impl Reply {
    /// Makes a reply and the receiver of its answer.
    #[must_use]
    pub fn channel() -> (Self, Receiver<Answer>) {
        let (sender, answer) = channel();
        (Self(sender), answer)
    }

    /// Sends the answer.
    pub fn send(self, answer: Answer) {
        // The process that made the request may have ended.
        let _ = self.0.send(answer);
    }

    /// Answers that the request failed for this reason.
    pub fn fail(self, message: impl ToString) {
        self.send(Answer::Failed {
            message: message.to_string(),
        });
    }
}

/// Extension of the sockets' file names. The stem holds the guest's name and the host's process number.
#[cfg(unix)]
const SUFFIX: &str = "sock";

/// Returns the guest's part of a socket's name.
#[cfg(unix)]
fn guest_of(socket: &Path) -> Option<&str> {
    let (guest, _pid) = socket.file_stem()?.to_str()?.rsplit_once('-')?;
    Some(guest)
}

/// Returns the process number of the host that listens on a socket.
#[must_use]
pub fn pid_of(socket: &Path) -> Option<u32> {
    let (_guest, pid) = socket.file_stem()?.to_str()?.rsplit_once('-')?;
    pid.parse().ok()
}
