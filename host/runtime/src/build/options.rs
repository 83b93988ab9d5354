//! The source of a guest, and how it is watched and built.

use std::path::PathBuf;
use std::time::Duration;

/// Flags for cargo, with cargo's own names.
#[derive(Clone, Debug, Default)]
pub struct CargoFlags {
    /// True for a build with optimisations.
    pub release: bool,
    /// Features of the crate.
    pub features: Vec<String>,
    /// True for a build without the default features.
    pub no_default_features: bool,
}

/// The source of a guest.
#[derive(Clone, Debug)]
pub enum Source {
    /// A component or a core module, built by other tools.
    File(PathBuf),
    /// The folder of a guest crate.
    Folder(PathBuf),
    /// A file that a command of the user makes. The command runs whenever something changes in the folders
    /// of [`PipelineOptions::watch`].
    Command {
        /// The file.
        file: PathBuf,
        /// Command line for the system's shell, run in the file's folder.
        command: String,
    },
}

/// Options for watching and building.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// Time without further changes after which a change is handled.
    pub debounce: Duration,
    /// Check for changes at this interval instead of using the system's notifications.
    pub poll: Option<Duration>,
    /// Further files and folders to watch.
    pub watch: Vec<PathBuf>,
    /// Files and folders that are never inputs, because the host writes them.
    pub outputs: Vec<PathBuf>,
    /// Flags for building a guest crate.
    pub cargo: CargoFlags,
    /// True to keep line tables in an optimised build, so that failures and profiles can name source lines,
    /// also of inlined code.
    pub with_lines: bool,
    /// Time without a change after which a guest crate is built once more with optimisations.
    pub optimise: Option<Duration>,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(10),
            poll: None,
            watch: Vec::new(),
            outputs: Vec::new(),
            cargo: CargoFlags::default(),
            with_lines: false,
            optimise: None,
        }
    }
}
