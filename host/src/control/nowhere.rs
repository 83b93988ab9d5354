//! Where there are no local sockets, no host can be asked, and each says so.

use std::io;
use std::path::{Path, PathBuf};

use super::{Answer, ControlError, Reply, Request};

/// Nothing to listen on.
pub struct Control;

impl Control {
    /// # Errors
    /// Always.
    pub fn open(_: &Path, _: &str, _: impl Fn(Request, Reply)) -> io::Result<Self> {
        Err(io::Error::other(ControlError::Platform.to_string()))
    }
}

/// # Errors
/// Always.
pub fn listening(_: &Path, _: Option<&str>) -> Result<Vec<PathBuf>, ControlError> {
    Err(ControlError::Platform)
}

/// # Errors
/// Always.
pub fn ask(_: &Path, _: &Request) -> Result<Answer, ControlError> {
    Err(ControlError::Platform)
}
