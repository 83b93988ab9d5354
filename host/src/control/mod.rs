//! The control channel: how another process asks a running host for something.
//!
//! Each host listens on a local socket that only its user can reach. A connection carries one request
//! and one answer, each a line of JSON. Requests are handed to a callback; nothing here knows what they
//! mean.

#[cfg(unix)]
mod client;
#[cfg(not(unix))]
mod nowhere;
#[cfg(unix)]
mod server;

#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;
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

/// What can be asked of a running host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// How it goes.
    Status,
    /// Go back to an older version.
    Rollback {
        /// How its hash begins; without it, the one that ran before.
        hash: Option<String>,
        /// The state that it goes on with.
        state: StateOf,
    },
    /// Grant something to all versions from now on.
    Allow {
        /// What.
        capability: Capability,
    },
}

/// What a host answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// To [`Request::Status`].
    Status(Status),
    /// To [`Request::Rollback`], when it is done.
    RolledBack(RollbackDone),
    /// To [`Request::Allow`].
    Allowed {
        /// Whether it was not granted before.
        is_new: bool,
    },
    /// It was not done, and everything is as it was.
    Failed {
        /// Why, for people.
        message: String,
    },
}

/// How a host goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The guest's path.
    pub guest: PathBuf,
    /// The host's process.
    pub pid: u32,
    /// What its run is called in the guest's history.
    pub run: String,
    /// The code that runs; none before the first version.
    pub hash: Option<String>,
    /// The number of the next update.
    pub frame: u64,
    /// Whether the game stands still after a failure.
    pub is_broken: bool,
    /// The code that the source last came to, where that is another than what runs.
    pub newer: Option<String>,
}

/// What a rollback did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollbackDone {
    /// Code that ran.
    pub from: String,
    /// Code that runs.
    pub to: String,
    /// The state that it goes on with.
    pub state: StateOf,
    /// `identical`, `automatic` or `migrated`.
    pub verdict: String,
    /// How long the game stood still, in microseconds.
    pub pause_us: f64,
    /// Paths of values that have no place now.
    pub parked: Vec<String>,
    /// The number of the next update.
    pub frame: u64,
    /// The code that the source last came to, where that is another than what runs.
    pub newer: Option<String>,
}

/// Why a host could not be asked.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Nobody listens any more.
    #[error("the host behind {0} is gone")]
    Gone(PathBuf),
    /// It listens and does not answer as it should.
    #[error("the host behind {socket} does not answer: {source}")]
    Io {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There are no sockets here.
    #[error("a running host cannot be asked on this platform yet")]
    Platform,
}

/// Where the answer to one request goes. Dropped without one, the request has failed.
pub struct Reply(Sender<Answer>);

impl Reply {
    /// A reply, and where its answer arrives.
    #[must_use]
    pub fn channel() -> (Self, Receiver<Answer>) {
        let (sender, answer) = channel();
        (Self(sender), answer)
    }

    /// This is the answer.
    pub fn send(self, answer: Answer) {
        // Whoever asked may have gone.
        let _ = self.0.send(answer);
    }

    /// It was not done, for this reason.
    pub fn fail(self, message: impl ToString) {
        self.send(Answer::Failed {
            message: message.to_string(),
        });
    }
}

/// The sockets in a folder are called after the guest and the host's process.
#[cfg(unix)]
const SUFFIX: &str = "sock";

/// What of a socket's name is the guest's.
#[cfg(unix)]
fn guest_of(socket: &Path) -> Option<&str> {
    let (guest, _pid) = socket.file_stem()?.to_str()?.rsplit_once('-')?;
    Some(guest)
}
