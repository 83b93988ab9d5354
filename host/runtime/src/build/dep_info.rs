//! cargo's dep-info: the file beside a built artifact that names every local file which the build has read.

use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Largest dep-info that is read, in bytes. A program of 10,000 files has about one mebibyte.
const MOST: u64 = 64 << 20;

/// Returns the files that `NAME.d` names. Relative paths are relative to `base`.
///
/// # Errors
/// When the file cannot be read or is longer than 64 MiB.
pub(super) fn read(file: &Path, base: &Path) -> std::io::Result<Vec<PathBuf>> {
    let text = bytes(file)?;
    let text = String::from_utf8_lossy(&text);
    let files = text.lines().filter_map(|line| line.split_once(": "));
    Ok(files
        .flat_map(|(_, files)| paths(files))
        .map(|path| base.join(path))
        .collect())
}

/// Returns the first of these paths that is only the beginning of a name. cargo and rustc write a name with a
/// line break as it is, and read its first line.
pub(super) fn broken_name(files: &[PathBuf]) -> Option<&Path> {
    let is_broken = |file: &&PathBuf| {
        if file.exists() {
            return false;
        }
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return false;
        };
        let beginning = [name.as_encoded_bytes(), b"\n"].concat();
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name());
        names.any(|name| name.as_encoded_bytes().starts_with(&beginning))
    };
    files.iter().find(is_broken).map(|file| &**file)
}

/// Reads a dep-info as it is.
///
/// # Errors
/// When the file cannot be read or is longer than 64 MiB.
pub(super) fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file)?;
    if file.take(MOST + 1).read_to_end(&mut bytes)? as u64 > MOST {
        return Err(Error::new(ErrorKind::FileTooLarge, "longer than 64 MiB"));
    }
    Ok(bytes)
}

/// Splits at spaces that have no backslash before them. cargo and rustc write a space within a path as
/// backslash and space, and escape nothing else.
fn paths(line: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut rest = line;
    while let Some(at) = rest.find(' ') {
        let (part, behind) = rest.split_at(at);
        let path = paths.last_mut().expect("there is a first");
        match part.strip_suffix('\\') {
            Some(part) => {
                path.push_str(part);
                path.push(' ');
            }
            None => {
                path.push_str(part);
                paths.push(String::new());
            }
        }
        rest = &behind[1..];
    }
    paths.last_mut().expect("there is a first").push_str(rest);
    paths.retain(|path| !path.is_empty());
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_may_have_spaces_and_be_relative() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("game.d");
        let text = "/t/game.wasm: /a/my\\ game/src/lib.rs  src/[ž].rs\n\n/t/libgame.rlib: /b\n";
        std::fs::write(&file, text).expect("it can be written");
        let read = read(&file, Path::new("/base")).expect("it can be read");
        let expected = ["/a/my game/src/lib.rs", "/base/src/[ž].rs", "/b"];
        assert_eq!(read, expected.map(PathBuf::from));
    }

    #[cfg(unix)]
    #[test]
    fn a_name_with_a_line_break_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("new\nline.txt"), "").expect("it can be written");
        std::fs::write(path("lib.rs"), "").expect("it can be written");
        let there = [path("lib.rs"), path("gone.rs")];
        assert_eq!(broken_name(&there), None);
        let listed = [path("lib.rs"), path("new")];
        assert_eq!(broken_name(&listed), Some(&*path("new")));
    }
}
