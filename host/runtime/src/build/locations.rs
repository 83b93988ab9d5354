//! Source locations in the compiler's messages. The compiler names a file as seen from the workspace, and a
//! terminal opens it only as seen from the working folder.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Returns messages whose locations are relative to the working folder, or absolute outside of it. `root` is the
/// folder that they are relative to. Colours stay.
pub(super) fn from_here(messages: &str, root: &Path) -> String {
    let here = std::env::current_dir().ok();
    seen_from(here.as_deref(), messages, root)
}

fn seen_from(here: Option<&Path>, messages: &str, root: &Path) -> String {
    let lines = messages.split_inclusive('\n');
    let lines = lines.map(|line| line_seen_from(here, line, root));
    lines.collect()
}

/// Returns a path relative to the working folder if it lies there.
pub(super) fn path_from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    path_seen_from(here.as_deref(), path).to_owned()
}

fn path_seen_from<'a>(here: Option<&Path>, path: &'a Path) -> &'a Path {
    let inside = here.and_then(|here| path.strip_prefix(here).ok());
    inside.unwrap_or(path)
}

fn line_seen_from<'a>(here: Option<&Path>, line: &'a str, root: &Path) -> Cow<'a, str> {
    let shown = file_in(line).and_then(|file| {
        let path = Path::new(file);
        let on_disk = root.join(path);
        // A macro of the compiler has a name that is no path.
        let is_there = path.is_relative() && on_disk.is_file();
        is_there.then(|| (file, path_seen_from(here, &on_disk).to_owned()))
    });
    let Some((file, shown)) = shown else {
        return Cow::Borrowed(line);
    };
    let at = file.as_ptr() as usize - line.as_ptr() as usize;
    let (before, after) = (&line[..at], &line[at + file.len()..]);
    Cow::Owned(format!("{before}{}{after}", shown.display()))
}

/// Returns the file in a line such as `  --> src/lib.rs:3:9`.
fn file_in(line: &str) -> Option<&str> {
    let rest = skip_space(line);
    let rest = ["-->", ":::"]
        .iter()
        .find_map(|arrow| rest.strip_prefix(arrow));
    let rest = skip_space(rest?);
    let end = rest.find(['\x1b', '\n', '\r']).unwrap_or(rest.len());
    let mut file = rest[..end].trim_end();
    for _ in ["column", "line"] {
        match file.rsplit_once(':') {
            Some((before, number)) if number.parse::<u32>().is_ok() => file = before,
            _ => return None,
        }
    }
    (!file.is_empty()).then_some(file)
}

/// Skips spaces and the terminal's sequences for colours.
fn skip_space(text: &str) -> &str {
    let mut rest = text.trim_start_matches(' ');
    while let Some((_, after)) = rest
        .strip_prefix("\x1b[")
        .and_then(|sequence| sequence.split_once('m'))
    {
        rest = after.trim_start_matches(' ');
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_found_with_and_without_colours() {
        for (line, file) in [
            ("  --> src/lib.rs:1:11\n", Some("src/lib.rs")),
            ("   ::: a b/c:d.rs:12:1", Some("a b/c:d.rs")),
            (
                "\x1b[1m\x1b[94m --> \x1b[0msrc/lib.rs:1:11\x1b[0m\n",
                Some("src/lib.rs"),
            ),
            ("1 | fn main() --> src/lib.rs:1:11", None),
            ("  --> src/lib.rs", None),
            ("  -->", None),
        ] {
            assert_eq!(file_in(line), file, "{line:?}");
        }
    }

    #[test]
    fn files_are_named_as_seen_from_the_working_folder() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let root = root.path();
        let source = root.join("game/src/lib.rs");
        std::fs::create_dir_all(root.join("game/src")).expect("a folder can be made");
        std::fs::write(&source, "").expect("it can be written");
        let text = "error: no\n \x1b[94m--> \x1b[0mgame/src/lib.rs:1:11\n  --> no.rs:1:1";
        let seen =
            |file: &str| format!("error: no\n \x1b[94m--> \x1b[0m{file}:1:11\n  --> no.rs:1:1");
        let here = root.join("game");
        assert_eq!(seen_from(Some(&here), text, root), seen("src/lib.rs"));
        assert_eq!(seen_from(Some(root), text, root), seen("game/src/lib.rs"));
        // Outside of the working folder, the path is absolute.
        let elsewhere = Path::new("/elsewhere");
        let absolute = source.display().to_string();
        assert_eq!(seen_from(Some(elsewhere), text, root), seen(&absolute));
    }
}
