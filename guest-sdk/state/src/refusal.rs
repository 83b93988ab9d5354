//! The reason why a state does not cross: a path and a message. Knows no plans.

use crate::cursor::CodecError;
use crate::escape::{MOST_OF_MESSAGE, MOST_OF_PATH, escaped, escaped_lines};
use crate::number;
use crate::schema::Number;
use std::fmt;

/// The reason why a state does not cross. The old version keeps running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Path in the state, such as `particles[3].life`. Empty for the whole state.
    pub path: String,
    /// Cause, and what to do about it.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal {
            path: path.into(),
            message: message.into(),
        }
    }
}

impl Refusal {
    pub(crate) fn does_not_fit(from: Number, to: Number, bytes: &[u8]) -> Refusal {
        let shown = number::show(from, bytes);
        let message =
            format!("{shown} ({from}) does not fit {to}; keep {from}, or write a migration");
        Refusal::new("", message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => escaped_lines(&self.message, MOST_OF_MESSAGE).fmt(f),
            path => {
                let path = escaped(path, MOST_OF_PATH);
                write!(
                    f,
                    "{path}: {}",
                    escaped_lines(&self.message, MOST_OF_MESSAGE)
                )
            }
        }
    }
}

impl std::error::Error for Refusal {}

impl From<CodecError> for Refusal {
    fn from(error: CodecError) -> Refusal {
        Refusal::new("", error.to_string())
    }
}
