//! The error of a shader. Knows no grammar.

use std::fmt;

/// The error of a shader, with its position in the guest's own source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadShader {
    /// Line and column, counted from 1.
    pub location: Option<(usize, usize)>,
    /// Description of the mistake.
    pub message: String,
}

impl BadShader {
    pub(super) fn of(message: impl Into<String>) -> Self {
        let message = message.into();
        let location = None;
        Self { location, message }
    }
}

impl fmt::Display for BadShader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.location {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadShader {}
