//! The news that a source of candidates tells.

use std::path::PathBuf;
use std::time::Duration;

use super::error::BuildError;
use crate::error::SwapError;
use crate::guest::CodeHash;
use crate::history::{Back, BackError};
use crate::supervisor::Candidate;

/// News of a source of candidates.
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
    /// What became of [`super::CandidateSource::go_back`].
    Back(Result<Back, BackError>),
}
