//! Reasons why a guest was not built.

use std::path::PathBuf;

use thiserror::Error;

use super::target::TARGET;

/// Why a guest was not built.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No such folder, or nothing of cargo's in it.
    #[error("{0} has no Cargo.toml; give the folder of a guest crate, or a .wasm file")]
    NoManifest(PathBuf),
    /// cargo does not understand the crate.
    #[error("cargo cannot read the guest crate: {0}")]
    Metadata(String),
    /// Several crates, and none of them is the folder's own.
    #[error("{} is a workspace without a package of its own; {}", folder.display(), choice(guests))]
    Workspace {
        /// The folder.
        folder: PathBuf,
        /// Those of its members that build a cdylib.
        guests: Vec<PathBuf>,
    },
    /// The crate makes no wasm.
    #[error("{0} builds no cdylib; write crate-type = [\"cdylib\"] under [lib] in its Cargo.toml")]
    NoCdylib(String),
    /// The compiler lacks the target.
    #[error("the compiler has no {TARGET} target; type: rustup target add {TARGET}")]
    NoTarget,
    /// No cargo at all.
    #[error("cannot start cargo: {0}; install Rust from https://rustup.rs")]
    NoCargo(String),
    /// A build command of the user's own does not start.
    #[error("cannot run `{command}` in {}: {cause}", folder.display())]
    Command {
        /// The command.
        command: String,
        /// Where.
        folder: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// It ran, and there is no file.
    #[error("`{command}` has not made {}", file.display())]
    NotMade {
        /// The command.
        command: String,
        /// What it was to make.
        file: PathBuf,
    },
    /// What it says that it wants cannot be put beside it.
    #[error("cannot write {file}, what the guest says that it wants: {cause}")]
    Wants {
        /// The file.
        file: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// Somebody wanted it to end.
    #[error("the build was stopped")]
    Stopped,
    /// The compiler's own messages.
    #[error("{0}")]
    Failed(String),
}

/// What to do where there are several crates.
fn choice(guests: &[PathBuf]) -> String {
    if guests.is_empty() {
        return "none of its crates builds a cdylib, as a guest does".to_owned();
    }
    let folders: Vec<_> = guests
        .iter()
        .map(|guest| guest.display().to_string())
        .collect();
    format!("give the folder of the guest: {}", folders.join(" or "))
}
