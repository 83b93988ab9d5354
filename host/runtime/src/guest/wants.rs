//! The capabilities that a plugin wants beyond its world, with reasons. A file beside the plugin's own
//! lists one in each line. Imports show that a plugin wants files, but not which ones, so the list names
//! them. Knows no grants and no engine.
//!
//! ```toml
//! # upper.wants.toml, beside upper.wasm
//! clock = "to date its notes"
//! "read=/data" = "the dictionaries"
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use vblank_state::escape::{MOST_OF_NAME, escaped};

use super::capability::Capability;
use crate::error::GuestError;
use crate::files;

/// A capability that a plugin wants, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The capability. A folder has the name by which the plugin knows it.
    pub capability: Capability,
    /// Reason in the author's words.
    pub reason: String,
}

impl Want {
    /// Returns the argument of `--allow` that grants it.
    #[must_use]
    pub fn grant(&self) -> String {
        match &self.capability {
            Capability::Files {
                name, may_write, ..
            } => {
                let verb = if *may_write { "write" } else { "read" };
                format!("{verb}=DIR::{name}")
            }
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let capability = self.capability.to_string();
        let (capability, reason) = (
            escaped(&capability, MOST_OF_NAME),
            escaped(&self.reason, MOST_OF_NAME),
        );
        write!(f, "`{capability}` ({reason})")
    }
}

/// Returns the path of the list: `upper.wants.toml` for `upper.wasm`.
#[must_use]
pub fn wants_file(wasm: &Path) -> PathBuf {
    wasm.with_extension("wants.toml")
}

/// Limit of the list's size in bytes.
const MOST: u64 = 64 << 10;

/// Reads the list beside a file. Empty if there is none.
pub(super) fn beside(wasm: &Path) -> Result<Vec<Want>, GuestError> {
    let file = wants_file(wasm);
    match files::read(&file, MOST) {
        Ok(bytes) => std::str::from_utf8(&bytes)
            .map_err(|error| error.to_string())
            .and_then(parse)
            .map_err(|message| GuestError::Wants { file, message }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(GuestError::Read { path: file, cause }),
    }
}

fn parse(text: &str) -> Result<Vec<Want>, String> {
    let lines: BTreeMap<String, String> =
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let wants = lines.into_iter().map(|(name, reason)| {
        if name.contains("::") {
            return Err(format!(
                "`{name}`: a folder is named as the plugin knows it, without `::`"
            ));
        }
        let capability = name.parse()?;
        Ok(Want { capability, reason })
    });
    wants.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_capability_and_a_reason() {
        let wants = parse("clock = \"to date\"\n\"read=/data\" = \"words\"").unwrap();
        let shown: Vec<String> = wants.iter().map(Want::to_string).collect();
        assert_eq!(shown, ["`clock` (to date)", "`read=/data` (words)"]);
        assert_eq!(wants[1].grant(), "read=DIR::/data");
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn a_malformed_list_is_rejected() {
        for (text, message) in [
            ("clock", "key with no value"),
            ("clock = 1", "expected a string"),
            ("clokc = \"to date\"", "unknown capability `clokc`"),
            ("\"read=a::/data\" = \"\"", "without `::`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
