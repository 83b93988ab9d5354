//! The news that a source of candidates sends.

use std::path::PathBuf;
use std::time::Duration;

use super::coverage::Coverage;
use super::error::BuildError;
use crate::error::SwapError;
use crate::guest::CodeHash;
use crate::history::{Back, BackError};
use crate::supervisor::Candidate;

/// News of a source of candidates.
pub enum News {
    /// A message for the user, sent once.
    Notice(String),
    /// A watched file was written. The outcome follows.
    Changed,
    /// cargo runs.
    Building,
    /// cargo succeeded.
    Built {
        /// Duration of the build.
        took: Duration,
        /// Warnings as cargo prints them; may be empty.
        warnings: String,
    },
    /// cargo failed, or could not be started.
    BuildFailed {
        /// Duration of the build.
        took: Duration,
        /// The compiler's own message.
        error: BuildError,
    },
    /// The inputs are watched in another way than before.
    Watching(Coverage),
    /// The source was built again although nobody had changed it, and this code is the same.
    Unchanged(CodeHash),
    /// The file holds new code, which is compiled and prepared now.
    Preparing(CodeHash),
    /// The file holds the code that was last handed on.
    SameCode(CodeHash),
    /// The file is no guest of this world, or cannot be swapped in.
    Refused {
        /// The file.
        file: PathBuf,
        /// Hash of the file, if it could be read.
        to: Option<CodeHash>,
        /// The reason.
        refused: SwapError,
    },
    /// A candidate is ready for the boundary.
    Ready(Box<Candidate>),
    /// The last source is built once more with optimisations. Its outcome is reported like that of any
    /// other file, or replaced by that of the next change.
    Optimising,
    /// The optimised build was not made. A notice has given the reason, if there is one.
    NotOptimised,
    /// The outcome of [`super::CandidateSource::go_back`].
    Back(Result<Back, BackError>),
}
