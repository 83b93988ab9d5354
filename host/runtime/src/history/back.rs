//! The way back: an older version is prepared again, off the frame like any candidate.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::error::SwapError;
use crate::guest::{Code, CodeHash, Engine};
use crate::image::Image;
use crate::supervisor::{Candidate, ExpectedState, StateArchive, prepare};

/// The state that an older version is to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateOf {
    /// The present one, carried back under the same rules as at any swap.
    Now,
    /// The one that the version had when it was last replaced. On the command line and in the protocol
    /// it is called `then`.
    #[serde(rename = "then")]
    AtReplacement,
}

/// A request to prepare an older version.
pub struct GoBack {
    /// The version.
    pub to: CodeHash,
    /// The file that may hold its code.
    pub file: Option<PathBuf>,
    /// The source of the state that it had at its replacement, if that state is wanted.
    pub state: Option<ArchivedState>,
}

/// The place of a state that a version had at its replacement.
pub enum ArchivedState {
    /// At hand: in the version's memory a moment ago, or in an image.
    Here(Arc<Image>),
    /// With the thread that archives states, perhaps.
    In(StateArchive),
}

/// An older version that is ready.
pub struct Back {
    /// The version.
    pub candidate: Box<Candidate>,
    /// The state that it had at its replacement, if that was wanted.
    pub state: Option<Arc<Image>>,
}

/// Why there is no way back.
#[derive(Debug, Error)]
pub enum BackError {
    /// Its code is gone.
    #[error("the code of {} is no longer kept; build it again", .0.short())]
    NoCode(CodeHash),
    /// Its state is gone.
    #[error(
        "no state of {} is kept from then: it was not replaced in this run, or too many swaps ago; take the state of now",
        .0.short()
    )]
    NoState(CodeHash),
    /// It cannot be made ready.
    #[error(transparent)]
    Refused(#[from] SwapError),
}

impl GoBack {
    /// Make it ready: its code is in memory if it ran lately, else in the file that was kept.
    ///
    /// # Errors
    /// When code or state are gone, or it does not start any more.
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
