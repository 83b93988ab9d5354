//! Going back: an older version is made ready again, off the frame like any candidate.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::candidate::{Candidate, prepare};
use super::reaper::Past;
use crate::error::Refused;
use crate::guest::{Code, CodeHash, Engine};
use crate::image::Image;

/// Which state an older version is to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateOf {
    /// The present one, carried back under the same rules as at any swap.
    Now,
    /// The one that it had when it was last replaced.
    Then,
}

/// What is to be made ready.
pub struct GoBack {
    /// The version.
    pub to: CodeHash,
    /// Where its code may be kept.
    pub file: Option<PathBuf>,
    /// Where to get the state of then, if that is wanted.
    pub then: Option<Then>,
}

/// Where a state of then is.
pub enum Then {
    /// Still in the version's memory a moment ago, or an image.
    Here(Arc<Image>),
    /// With the thread that keeps them, perhaps.
    Kept(Past),
}

/// An older version that is ready.
pub struct Back {
    /// It.
    pub candidate: Box<Candidate>,
    /// The state of then, if that was wanted.
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
    Refused(#[from] Refused),
}

impl GoBack {
    /// Make it ready: its code is in memory if it ran lately, else in the file that was kept.
    ///
    /// # Errors
    /// When code or state are gone, or it does not start any more.
    pub fn prepare(self, engine: &Engine, state_bytes: u64) -> Result<Back, BackError> {
        let state = match self.then {
            None => None,
            Some(Then::Here(image)) => Some(image),
            Some(Then::Kept(past)) => {
                Some(past.state_of(self.to).ok_or(BackError::NoState(self.to))?)
            }
        };
        let state_bytes = state
            .as_ref()
            .map_or(state_bytes, |image| image.parcel.bytes() as u64);
        let read = || Code::read(&self.file?).ok();
        let code = engine.code_of(self.to).or_else(read);
        let code = code.filter(|code| code.hash == self.to);
        let code = code.ok_or(BackError::NoCode(self.to))?;
        let candidate = prepare(engine, &code, state_bytes)?;
        let candidate = Box::new(candidate);
        Ok(Back { candidate, state })
    }
}
