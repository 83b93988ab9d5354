//! Keys: the names that a guest gives to assets, and the files of the asset folder that they mean.
//!
//! A key cannot name a file outside of the asset folder. This module opens no files: the code that opens
//! one must check for symbolic links.

use std::path::{Path, PathBuf};

use super::error::AssetError;
use super::payload::Kind;

/// Bytes of the longest key.
const LONGEST: usize = 256;

/// Checks that a key is a relative path with `/` between its parts.
///
/// # Errors
/// A description of the mistake.
pub fn check(key: &str) -> Result<(), AssetError> {
    let wrong = |why| {
        // The shown key is short and has no control characters.
        let key: String = key.chars().take(64).flat_map(char::escape_debug).collect();
        Err(AssetError::Key { key, why })
    };
    if key.is_empty() {
        return wrong("it is empty");
    }
    if key.len() > LONGEST {
        return wrong("it is longer than 256 bytes");
    }
    if key.contains(|letter: char| letter.is_control()) {
        return wrong("it has control characters");
    }
    if key.contains('\\') {
        return wrong("it has a `\\`; write `/`");
    }
    if key.starts_with('/') || key.contains(':') {
        return wrong("it is no path within the asset folder");
    }
    for part in key.split('/') {
        match part {
            ".." => return wrong("`..` leads out of the asset folder"),
            "" | "." => return wrong("a part of it is empty"),
            _ => {}
        }
    }
    Ok(())
}

/// Lists the files that a key may mean, in the order in which they are tried. A key with an ending of its
/// kind is one file. Other keys get each of the endings.
pub fn files(folder: &Path, key: &str, kind: Kind) -> Vec<PathBuf> {
    let endings = kind.endings();
    let ending = Path::new(key).extension();
    let is_whole = endings
        .iter()
        .any(|known| ending.is_some_and(|ending| ending.eq_ignore_ascii_case(known)));
    if is_whole {
        return vec![folder.join(key)];
    }
    let with = |ending: &&str| folder.join(format!("{key}.{ending}"));
    endings.iter().map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_inside_the_asset_folder() {
        for key in ["ship", "ship.png", "a/b/c.png", "größe", "..ship", "a b"] {
            assert!(check(key).is_ok(), "{key}");
        }
        let long = "x".repeat(257);
        for key in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "a\\b",
            "a\0b",
            "a\nb",
            "C:/x",
            "a//b",
            "./a",
            "a/",
            &long,
        ] {
            let error = check(key).expect_err(key).to_string();
            assert!(!error.contains(['\n', '\0']), "{error}");
        }
        let error = check("../secret").unwrap_err().to_string();
        assert!(
            error.contains("../secret") && error.contains("leads out"),
            "{error}"
        );
    }

    #[test]
    fn a_key_without_an_ending_gets_one() {
        let files = |key| files(Path::new("assets"), key, Kind::Texture);
        assert_eq!(files("ship"), [Path::new("assets/ship.png")]);
        assert_eq!(files("a/ship.png"), [Path::new("assets/a/ship.png")]);
        assert_eq!(files("ship.v2"), [Path::new("assets/ship.v2.png")]);
    }
}
