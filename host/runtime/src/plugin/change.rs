//! The news of a slot's boundary: a version was let in, refused or undone.

use std::fmt;

use crate::build::BuildError;
use crate::error::{SwapError, Trap};
use crate::guest::CodeHash;
use crate::supervisor::Swap;

/// A change of a slot's code, as a boundary returns it. `Display` is a line for a log.
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
        /// Figures of the swap: how the state crossed and how long it took.
        swap: Box<Swap>,
    },
    /// A version was refused. The previous version keeps running, and its state is unchanged.
    Refused {
        /// The slot.
        plugin: String,
        /// Code that was refused. `None` if it could not be read.
        to: Option<CodeHash>,
        /// The reason.
        why: Box<SwapError>,
    },
    /// A version failed during its probation. The previous version runs again with its own state, and the
    /// calls that were recorded since the swap have been replayed on it.
    RolledBack {
        /// The slot.
        plugin: String,
        /// Code that failed.
        from: CodeHash,
        /// Code that runs.
        to: CodeHash,
        /// The failure.
        trap: Trap,
    },
    /// The watched crate does not build. The previous version keeps running.
    NotBuilt {
        /// The slot.
        plugin: String,
        /// The compiler's message.
        error: BuildError,
    },
    /// The new file holds the code that runs already.
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
        /// The text.
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
