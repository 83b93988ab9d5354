//! The way back: an older version is prepared again, off the frame like any candidate. Knows no log and no
//! session.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::error::SwapError;
use crate::guest::{Code, CodeHash, Engine};
use crate::image::Image;
use crate::supervisor::{Candidate, ExpectedState, StateArchive, prepare};

/// The state with which an older version continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateOf {
    /// The present state, transferred by the same rules as in any swap.
    Now,
    /// The state that the version had when it was last replaced. Its name on the command line and in the
    /// protocol is `then`.
    #[serde(rename = "then")]
    AtReplacement,
}

/// A request to prepare an older version.
pub struct GoBack {
    /// The version.
    pub to: CodeHash,
    /// The file that may hold its code.
    pub file: Option<PathBuf>,
    /// Source of the state that the version had at its replacement, if that state is wanted.
    pub state: Option<ArchivedState>,
}

/// The source of a state that a version had at its replacement.
pub enum ArchivedState {
    /// The state itself.
    Here(Arc<Image>),
    /// The archive, which may hold the state.
    In(StateArchive),
}

/// An older version that is ready to run again.
pub struct Back {
    /// The version.
    pub candidate: Box<Candidate>,
    /// State that the version had at its replacement, if it was wanted.
    pub state: Option<Arc<Image>>,
}

/// The reason why there is no way back.
#[derive(Debug, Error)]
pub enum BackError {
    /// The version's code is no longer kept.
    #[error("the code of {} is no longer kept; build it again", .0.short())]
    NoCode(CodeHash),
    /// The version's state is no longer kept.
    #[error(
        "the state of {} at its replacement is no longer kept: it was not replaced in this run, or too many swaps ago; use `--state now`",
        .0.short()
    )]
    NoState(CodeHash),
    /// The version cannot be prepared.
    #[error(transparent)]
    Refused(#[from] SwapError),
}

impl GoBack {
    /// Prepares the version. Its code comes from memory if it ran recently, else from the kept file.
    ///
    /// # Errors
    /// When the code or the state is gone, or the version does not start any more.
    pub fn prepare(self, engine: &Engine, expected: &ExpectedState) -> Result<Back, BackError> {
        let state = match self.state {
            None => None,
            Some(ArchivedState::Here(image)) => Some(image),
            Some(ArchivedState::In(archive)) => {
                let state = archive.state_of(self.to);
                Some(state.ok_or(BackError::NoState(self.to))?)
            }
        };
        let expected = match &state {
            None => expected.clone(),
            Some(image) => ExpectedState {
                bytes: image.parcel.bytes() as u64,
                schema: Some(Arc::clone(&image.schema)),
            },
        };
        let read = || Code::read(&self.file?).ok();
        let code = engine.code_of(self.to).or_else(read);
        let code = code.filter(|code| code.hash == self.to);
        let code = code.ok_or(BackError::NoCode(self.to))?;
        let candidate = prepare(engine, &code, &expected)?;
        let candidate = Box::new(candidate);
        Ok(Back { candidate, state })
    }
}
