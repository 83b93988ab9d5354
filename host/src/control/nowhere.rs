//! Stand-in for the control channel on platforms without local sockets. Every operation fails.

use std::io;
use std::path::{Path, PathBuf};

use super::{Answer, ControlError, Reply, Request};

/// Stand-in for the listening socket.
pub struct Control;

impl Control {
    /// Fails.
    ///
    /// # Errors
    /// Always.
    pub fn open(_: &Path, _: &str, _: impl Fn(Request, Reply)) -> io::Result<Self> {
        Err(io::Error::other(ControlError::Platform.to_string()))
    }
}

/// Fails.
///
/// # Errors
/// Always.
pub fn listening(_: &Path, _: Option<&str>) -> Result<Vec<PathBuf>, ControlError> {
    Err(ControlError::Platform)
}

/// Fails.
///
/// # Errors
/// Always.
pub fn ask(_: &Path, _: &Request) -> Result<Answer, ControlError> {
    Err(ControlError::Platform)
}
