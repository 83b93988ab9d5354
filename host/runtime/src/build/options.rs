//! The source of a guest, and how it is watched and built.

use std::path::PathBuf;
use std::time::Duration;

/// Flags for cargo, with cargo's own names.
#[derive(Clone, Debug, Default)]
pub struct CargoFlags {
    /// Build with optimisations.
    pub release: bool,
    /// Features of the crate.
    pub features: Vec<String>,
    /// Without the default ones.
    pub no_default_features: bool,
}

/// The source of a guest.
#[derive(Clone, Debug)]
pub enum Source {
    /// A component or a core module, built by somebody else.
    File(PathBuf),
    /// The folder of a guest crate.
    Folder(PathBuf),
    /// A file that a command of the user's own makes, whenever something changes in the folders of
    /// [`PipelineOptions::watch`].
    Command {
        /// The file.
        file: PathBuf,
        /// For the system's shell, in the file's folder.
        command: String,
    },
}

/// How to look for changes and what to do about them.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// How long a change must be quiet before it counts.
    pub debounce: Duration,
    /// Look at intervals instead of being told by the system.
    pub poll: Option<Duration>,
    /// Further paths to watch.
    pub watch: Vec<PathBuf>,
    /// How a guest crate is built.
    pub cargo: CargoFlags,
    /// Have an optimised build say which code comes from which line, also where it was inlined.
    pub with_lines: bool,
    /// Build a guest crate once more, with optimisations, when nothing has changed for so long.
    pub optimise: Option<Duration>,
    /// A folder whose files are no source: a change there is looked at, and told only where it changes
    /// the code.
    pub assets: Option<PathBuf>,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(10),
            poll: None,
            watch: Vec::new(),
            cargo: CargoFlags::default(),
            with_lines: false,
            optimise: None,
            assets: None,
        }
    }
}
