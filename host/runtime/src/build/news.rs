//! What a pipeline is told at its start, and the news that it tells.

use std::path::PathBuf;
use std::time::Duration;

use super::error::BuildError;
use super::package::CargoFlags;
use crate::error::SwapError;
use crate::guest::CodeHash;
use crate::history::{Back, BackError};
use crate::supervisor::Candidate;

/// Where a guest comes from.
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

/// What the pipeline tells.
pub enum News {
    /// Something that a person should know, once.
    Notice(String),
    /// Something that matters was written. What comes of it is told next.
    Changed,
    /// cargo runs.
    Building,
    /// cargo is done; warnings as it shows them.
    Built {
        /// How long it took.
        took: Duration,
        /// May be empty.
        warnings: String,
    },
    /// cargo, or the way to it, failed.
    BuildFailed {
        /// How long it took.
        took: Duration,
        /// The compiler's own message.
        error: BuildError,
    },
    /// The file is a guest of other code, which is compiled and made ready now.
    Preparing(CodeHash),
    /// The file is the one that was last handed on.
    SameCode(CodeHash),
    /// The file is no guest.
    Refused {
        /// The file.
        file: PathBuf,
        /// Of the file, where it could be read.
        to: Option<CodeHash>,
        /// Why.
        refused: SwapError,
    },
    /// Ready for the boundary.
    Ready(Box<Candidate>),
    /// The source that was last handed on is built once more, with optimisations. What comes of it is told
    /// as of any other file, or with the next.
    Optimising,
    /// Nothing; a notice has said why.
    NotOptimised,
    /// What became of [`super::Pipeline::go_back`].
    Back(Result<Back, BackError>),
}
