//! What a boundary tells: a version came, was refused, or was undone.

use std::fmt;

use crate::build::BuildError;
use crate::error::{SwapError, Trap};
use crate::guest::CodeHash;
use crate::supervisor::Swap;

/// What has become of a slot's code. `Display` is a line for a log.
///
/// ```no_run
/// # use vblank_runtime::plugin::{Plugin, Slot};
/// use vblank_runtime::plugin::Change;
///
/// # fn tell<P: Plugin>(slot: &mut Slot<P>) {
/// match slot.boundary() {
///     Some(Change::Swapped { swap, .. }) => println!("{:?}, {:?}", swap.verdict, swap.pause),
///     Some(other) => eprintln!("{other}"),
///     None => {}
/// }
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Change {
    /// Another version runs now, with the state of the one before.
    Swapped {
        /// The slot.
        plugin: String,
        /// Code that ran.
        from: CodeHash,
        /// Code that runs.
        to: CodeHash,
        /// How the state crossed, and how long it took.
        swap: Box<Swap>,
    },
    /// A version was not let in. The one before runs on with its state as it was.
    Refused {
        /// The slot.
        plugin: String,
        /// Its code, where it could be read.
        to: Option<CodeHash>,
        /// Why.
        why: Box<SwapError>,
    },
    /// A version failed in its first calls. Code and state are those before it, and calls that were
    /// recorded since have been made again.
    RolledBack {
        /// The slot.
        plugin: String,
        /// Code that failed.
        from: CodeHash,
        /// Code that runs.
        to: CodeHash,
        /// What it did.
        trap: Trap,
    },
    /// The crate that is watched does not build. The version before runs on.
    NotBuilt {
        /// The slot.
        plugin: String,
        /// The compiler's message.
        error: BuildError,
    },
    /// What was written is the code that runs.
    Same {
        /// The slot.
        plugin: String,
        /// The code.
        hash: CodeHash,
    },
    /// Something else that a person should know.
    Notice {
        /// The slot.
        plugin: String,
        /// What.
        message: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Swapped {
                plugin,
                from,
                to,
                swap,
            } => write!(
                f,
                "{plugin}: {} -> {}, {} bytes of state in {} us",
                from.short(),
                to.short(),
                swap.state_bytes,
                swap.pause.as_micros()
            ),
            Self::Refused { plugin, to, why } => {
                let to = to.map_or(String::new(), |hash| format!(" {}", hash.short()));
                write!(f, "{plugin}: refused{to}: {why}")
            }
            Self::RolledBack {
                plugin,
                from,
                to,
                trap,
            } => write!(
                f,
                "{plugin}: {} failed and was undone, {} runs again: {trap}",
                from.short(),
                to.short()
            ),
            Self::NotBuilt { plugin, error } => write!(f, "{plugin}: {error}"),
            Self::Same { plugin, hash } => write!(f, "{plugin}: same code, {}", hash.short()),
            Self::Notice { plugin, message } => write!(f, "{plugin}: {message}"),
        }
    }
}
