//! Reasons why a guest was not built.

use std::path::PathBuf;

use thiserror::Error;

use super::target::TARGET;

/// The reason why a guest was not built.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The folder does not exist or has no manifest.
    #[error("{0} has no Cargo.toml; give the folder of a guest crate, or a .wasm file")]
    NoManifest(PathBuf),
    /// cargo cannot read the crate.
    #[error("cargo cannot read the guest crate: {0}")]
    Metadata(String),
    /// The folder is a workspace without a package of its own.
    #[error("{} is a workspace without a package of its own; {}", folder.display(), choice(guests))]
    Workspace {
        /// The folder.
        folder: PathBuf,
        /// Members that build a cdylib.
        guests: Vec<PathBuf>,
    },
    /// The crate makes no wasm.
    #[error("{0} builds no cdylib; write crate-type = [\"cdylib\"] under [lib] in its Cargo.toml")]
    NoCdylib(String),
    /// The compiler lacks the guests' target.
    #[error("the compiler has no {TARGET} target; type: rustup target add {TARGET}{}", flag(toolchain.as_deref()))]
    NoTarget {
        /// The toolchain, if a `rust-toolchain.toml` or another override names one.
        toolchain: Option<String>,
    },
    /// There is no usable compiler for the folder.
    #[error("cannot use the compiler for {}: {cause}", folder.display())]
    Toolchain {
        /// Folder of the guest.
        folder: PathBuf,
        /// Message of rustup or of the compiler.
        cause: String,
    },
    /// cargo cannot be started.
    #[error("cannot start cargo: {0}; install Rust from https://rustup.rs")]
    NoCargo(String),
    /// A build command of the user cannot be started.
    #[error("cannot run `{command}` in {}: {cause}", folder.display())]
    Command {
        /// The command.
        command: String,
        /// Folder in which the command was started.
        folder: PathBuf,
        /// Error of the system.
        cause: String,
    },
    /// The command succeeded, and the file does not exist.
    #[error("`{command}` has not made {}", file.display())]
    NotMade {
        /// The command.
        command: String,
        /// File that the command was expected to make.
        file: PathBuf,
    },
    /// The guest's list of wanted capabilities cannot be written beside the built file.
    #[error("cannot write {file}, the list of capabilities that the guest wants: {cause}")]
    Wants {
        /// The file.
        file: PathBuf,
        /// Error of the system.
        cause: String,
    },
    /// The build was stopped by a person.
    #[error("the build was stopped")]
    Stopped,
    /// The compiler's own messages.
    #[error("{0}")]
    Failed(String),
}

fn flag(toolchain: Option<&str>) -> String {
    toolchain.map_or(String::new(), |name| format!(" --toolchain {name}"))
}

/// Returns advice for messages of a build whose remedy is none of the compiler's business.
#[cfg(feature = "build")]
pub(super) fn advice(messages: &str) -> Option<&'static str> {
    let has = |text: &str| messages.contains(text);
    if has("rust-lld: error: unknown argument") {
        return Some(
            "help: rustflags for the native linker reach the wasm linker too; name the target in .cargo/config.toml, such as [target.x86_64-unknown-linux-gnu], and unset RUSTFLAGS",
        );
    }
    if has("getrandom") && has("-unknown-unknown") && has("not supported") {
        return Some(
            "help: a guest has no source of randomness of its own; turn off the features that need getrandom, and seed a generator from `Setup::seed`, as `vblank_guest::Rng` does",
        );
    }
    None
}

/// Says what the user can do about a workspace with several crates.
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
