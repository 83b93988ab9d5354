//! The messages of a failed build: the files that they name, and the build scripts that failed.

use std::path::{Path, PathBuf};

/// Finds the paths in a compiler's messages, which are relative to one of these folders. The files need not be
/// there, since a build fails for want of a file as well.
pub(super) fn named_in(messages: &str, folders: &[&Path]) -> Vec<PathBuf> {
    /// Enough for any message that a person reads.
    const MOST: usize = 200;
    let messages = anstream::adapter::strip_str(messages).to_string();
    let quoted = messages.split(['`', '"', '\n']);
    let words = messages.split([' ', '`', '"', '\n', '(', ')', ',', ';']);
    let mut found = Vec::new();
    for word in quoted.chain(words) {
        // A place ends with line and column.
        let word = word.trim_start_matches([' ', '-', '>', ':']).trim_end();
        let end = |c: char| c == ':' || c.is_ascii_digit();
        let word = match word.find(':') {
            Some(colon) if word[colon..].chars().all(end) => &word[..colon],
            _ => word,
        };
        let has_separator = word.contains(['/', std::path::MAIN_SEPARATOR]);
        if !(has_separator || word.contains('.')) || word.len() > 4096 || word.contains("://") {
            continue;
        }
        for folder in folders {
            let path = folder.join(word);
            // A sentence between two quotes is no path.
            let is_near = has_separator && !word.contains(' ')
                || path.is_file()
                || path.parent().is_some_and(Path::is_dir);
            if is_near && !path.is_dir() && !found.contains(&path) {
                found.push(path);
            }
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// A build script that has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FailedScript {
    /// Folder of its package.
    pub(super) package: PathBuf,
    /// Paths that it named before it failed, relative to that folder.
    pub(super) named: Vec<PathBuf>,
    /// True if it has named a condition for cargo to run it again. Otherwise any file of the package is one.
    pub(super) has_conditions: bool,
}

/// Finds the build scripts of local packages that have failed, in cargo's messages.
pub(super) fn failed_scripts(messages: &str) -> Vec<FailedScript> {
    let messages = anstream::adapter::strip_str(messages).to_string();
    let mut scripts: Vec<FailedScript> = Vec::new();
    for line in messages.lines() {
        if let Some((_, package)) = line.split_once("failed to run custom build command for `") {
            // A package of a registry has no path.
            let path = package
                .rsplit_once(')')
                .and_then(|(rest, _)| rest.split_once('('));
            scripts.extend(path.map(|(_, path)| FailedScript {
                package: PathBuf::from(path),
                named: Vec::new(),
                has_conditions: false,
            }));
        }
        if let (Some(script), Some(value)) = (scripts.last_mut(), condition(line.trim())) {
            script.has_conditions = true;
            let path = value.strip_prefix("changed=");
            script.named.extend(path.map(PathBuf::from));
        }
    }
    scripts
}

/// Returns what comes behind `rerun-if-` in a line that a build script has printed.
pub(super) fn condition(line: &str) -> Option<&str> {
    let value = line.strip_prefix("cargo:")?;
    let value = value.strip_prefix(':').unwrap_or(value);
    value.strip_prefix("rerun-if-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_folders_that_are_not_there_are_found() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let root = root.path();
        let text = "error: couldn't read `src/../data/deep/level.txt`: No such file\n --> src/lib.rs:11:16\n  help: create file \"src/foo/mod.rs\", see https://doc.rust-lang.org/error-index.html\n1 error emitted";
        let found = named_in(text, &[root]);
        let names = ["src/../data/deep/level.txt", "src/foo/mod.rs", "src/lib.rs"];
        for name in names {
            assert!(found.contains(&root.join(name)), "{name} in {found:?}");
        }
        assert_eq!(found.len(), names.len(), "{found:?}");
    }

    #[test]
    fn the_conditions_of_a_failed_script_are_found() {
        let text = "error: failed to run custom build command for `pong v0.1.0 (/games/my pong)`\n\nCaused by:\n  process didn't exit successfully (exit status: 101)\n  --- stdout\n  cargo::rerun-if-changed=../speed.txt\n  cargo:rerun-if-env-changed=SPEED\n\nerror: failed to run custom build command for `cc v1.0.0`\nerror: failed to run custom build command for `pace v0.1.0 (/games/pace)`\n  --- stdout\n  cargo::rustc-env=A=b\n";
        let script = |package: &str, named: &[&str], has_conditions| FailedScript {
            package: PathBuf::from(package),
            named: named.iter().map(PathBuf::from).collect(),
            has_conditions,
        };
        let expected = [
            script("/games/my pong", &["../speed.txt"], true),
            script("/games/pace", &[], false),
        ];
        assert_eq!(failed_scripts(text), expected);
    }
}
