//! What a plugin says that it wants beyond its world: a file beside its own, with a capability and the reason in each
//! line. Imports tell that files are wanted, and not which; this does.
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

use super::capability::Capability;
use crate::error::GuestError;

/// Something that a plugin wants, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// What. A folder is named as the plugin knows it.
    pub capability: Capability,
    /// In its author's words.
    pub reason: String,
}

impl Want {
    /// What to write after `--allow` for it.
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
        write!(f, "`{}` ({})", self.capability, self.reason)
    }
}

/// `upper.wants.toml` for `upper.wasm`.
#[must_use]
pub fn wants_file(wasm: &Path) -> PathBuf {
    wasm.with_extension("wants.toml")
}

/// What the file beside this one says; nothing where there is none.
pub(super) fn beside(wasm: &Path) -> Result<Vec<Want>, GuestError> {
    let file = wants_file(wasm);
    match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text).map_err(|message| GuestError::Wants { file, message }),
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
        let told: Vec<String> = wants.iter().map(Want::to_string).collect();
        assert_eq!(told, ["`clock` (to date)", "`read=/data` (words)"]);
        assert_eq!(wants[1].grant(), "read=DIR::/data");
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_list_of_wants_is_told() {
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
