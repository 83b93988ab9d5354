//! The place in a guest's source where it failed, for people: the line itself, and its callers. It reads
//! files, so it runs on a thread of its own. Knows no engine and no instance.
//!
//! The guest chooses the text of its panic messages and of its debug sections, so a path in them is only
//! shown. The one file that is opened for it is a regular file that lies in the guest's own folder.

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use vblank_state::escape::{MOST_OF_NAME, escaped};

use super::symbols::{Frame, is_own_file, look_up};
use crate::error::Trap;
use crate::files;

/// Limit of the size of a source file in bytes, beyond which no line is shown.
const MOST_SOURCE: u64 = 4 << 20;
/// Limit of the characters of a path that are shown.
const MOST_OF_PATH: usize = 1000;
/// Limit of the characters of a line that are shown.
const MOST_COLUMNS: usize = 200;

/// The source location of a failure in a guest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceLocation {
    /// `file:line:column` in the author's own code, relative to the guest's folder if it lies there.
    pub location: Option<String>,
    /// The same location for a terminal, which can open its path: relative to the working folder if it lies
    /// there, and absolute otherwise.
    #[serde(skip)]
    pub shown: Option<String>,
    /// Running functions, the innermost first.
    pub trace: Vec<Call>,
    /// Line of the source, with a caret below it.
    #[serde(skip)]
    pub excerpt: Option<String>,
    /// Advice for getting a more precise location.
    #[serde(skip)]
    pub hint: Option<&'static str>,
}

/// One running function: `function  file:line`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Text of the line. Its path is relative to the guest's folder if it lies there.
    pub text: String,
    /// The same text with a path that a terminal can open, as in [`SourceLocation::shown`].
    pub shown: String,
    /// True if the author of the guest wrote the function.
    pub is_own: bool,
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

const HINT: &str = "for file and line, put `debug = \"line-tables-only\"` and no `strip` under \
                    [profile.dev] in the guest's Cargo.toml";

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FilePosition {
    file: PathBuf,
    line: u32,
    column: Option<u32>,
}

impl SourceLocation {
    /// Looks up the source location of a trap. `folder` is the guest's crate, if it is one.
    #[must_use]
    pub fn find(trap: &Trap, folder: Option<&Path>) -> Self {
        let folder = folder.and_then(|folder| std::fs::canonicalize(folder).ok());
        let folder = folder.as_deref();
        let here = std::env::current_dir().ok();
        let here = here.as_deref();
        let frames = trap.backtrace.as_ref().map_or(Vec::new(), look_up);
        let of_frame = frames
            .iter()
            .filter(|frame| frame.is_own())
            .find_map(FilePosition::of_frame);
        let said = trap.location.as_deref().and_then(FilePosition::parse);
        let said = said.map(|spot| spot.on_disk(folder));
        // The location in a panic message is exact, but it may be a line of a library.
        let own = said
            .clone()
            .filter(|spot| is_own_file(&spot.file.to_string_lossy()));
        let spot = own.or(of_frame).or(said);
        let read = trap.backtrace.as_ref().map(|trace| trace.binary.read);
        let has_lines = frames.iter().any(|frame| frame.line.is_some());
        Self {
            location: spot.as_ref().map(|spot| spot.show(folder)),
            shown: spot.as_ref().map(|spot| spot.absolute(&frames).show(here)),
            excerpt: spot
                .as_ref()
                .zip(folder)
                .zip(read)
                .and_then(|((spot, folder), read)| spot.excerpt(folder, read)),
            hint: (spot.is_none() && trap.backtrace.is_some() && !has_lines).then_some(HINT),
            trace: calls(&frames, folder, here),
        }
    }
}

/// Makes lines of frames. The repeated frames of a recursion become one line.
fn calls(frames: &[Frame], folder: Option<&Path>, here: Option<&Path>) -> Vec<Call> {
    let mut calls: Vec<(Call, usize)> = Vec::new();
    for frame in frames {
        let next = call(frame, folder, here);
        match calls.last_mut() {
            Some((last, times)) if *last == next => *times += 1,
            _ => calls.push((next, 1)),
        }
    }
    let line = |(mut call, times): (Call, usize)| {
        if times > 1 {
            for text in [&mut call.text, &mut call.shown] {
                text.push_str(&format!("  {times} times"));
            }
        }
        call
    };
    calls.into_iter().map(line).collect()
}

fn call(frame: &Frame, folder: Option<&Path>, here: Option<&Path>) -> Call {
    let position = FilePosition::of_frame(frame).map(|spot| FilePosition {
        column: None,
        ..spot
    });
    let text = |base| {
        let position = position.as_ref();
        let position = position.map_or(String::new(), |spot| format!("  {}", spot.show(base)));
        format!("{}{position}", escaped(&frame.function, MOST_OF_NAME))
    };
    Call {
        text: text(folder),
        shown: text(here),
        is_own: frame.is_own(),
    }
}

impl FilePosition {
    fn of_frame(frame: &Frame) -> Option<Self> {
        Some(Self {
            file: frame.file.as_ref()?.into(),
            line: frame.line?,
            column: frame.column,
        })
    }

    /// Parses `src/lib.rs:3:9`.
    fn parse(text: &str) -> Option<Self> {
        let (rest, column) = text.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Self {
            file: file.into(),
            line: line.parse().ok()?,
            column: column.parse().ok(),
        })
    }

    /// Finds the file on disk. The compiler's paths are relative to the workspace, which is the guest's
    /// folder or one above it. A path of another kind stays as it is.
    fn on_disk(self, folder: Option<&Path>) -> Self {
        let is_plain = |part| matches!(part, Component::Normal(_));
        let folder = folder.filter(|_| self.file.components().all(is_plain));
        let mut above = folder.into_iter().flat_map(Path::ancestors);
        let file = above.find_map(|folder| {
            let file = folder.join(&self.file);
            file.is_file().then_some(file)
        });
        Self {
            file: file.unwrap_or(self.file),
            ..self
        }
    }

    /// Makes the path of a guest without a folder absolute: the debug sections have absolute paths.
    fn absolute(&self, frames: &[Frame]) -> Self {
        let mut files = frames.iter().flat_map(|frame| &frame.file).map(Path::new);
        let file = files.find(|file| file.is_absolute() && file.ends_with(&self.file));
        Self {
            file: file.unwrap_or(&self.file).to_owned(),
            ..self.clone()
        }
    }

    /// Returns `file:line:column`, relative to a folder if the file lies there, and escaped.
    fn show(&self, folder: Option<&Path>) -> String {
        let inside = folder.and_then(|folder| self.file.strip_prefix(folder).ok());
        let whole = inside.unwrap_or(&self.file).to_string_lossy();
        // For the standard library and the registry, only the path inside them is shown.
        let file = ["/library/", "/registry/src/"]
            .iter()
            .find_map(|shelf| whole.split_once(shelf))
            .map_or(&*whole, |(_, file)| file);
        let column = self
            .column
            .map_or(String::new(), |column| format!(":{column}"));
        format!("{}:{}{column}", escaped(file, MOST_OF_PATH), self.line)
    }

    /// Returns the line as it was when the guest was built. `None` if the file lies outside the guest's
    /// folder, is missing, too large or newer, or has no such line.
    fn excerpt(&self, folder: &Path, built: SystemTime) -> Option<String> {
        let file = std::fs::canonicalize(&self.file).ok()?;
        if !file.starts_with(folder) {
            return None;
        }
        let written = std::fs::metadata(&file).and_then(|about| about.modified());
        if written.ok()? > built {
            return None;
        }
        let source = String::from_utf8(files::read(&file, MOST_SOURCE).ok()?).ok()?;
        let line = source.lines().nth(self.line.checked_sub(1)? as usize)?;
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let shown: String = line.chars().take(MOST_COLUMNS).collect();
        let shown = shown.replace('\t', " ");
        let shown = escaped(&shown, MOST_COLUMNS);
        let mut text = format!("{margin} |\n{number} | {shown}");
        let before = self.column.map(|column| column.saturating_sub(1) as usize);
        if let Some(before) = before.filter(|before| *before < MOST_COLUMNS) {
            let before = " ".repeat(before);
            text.push_str(&format!("\n{margin} | {before}^"));
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(file: &str) -> FilePosition {
        FilePosition::parse(&format!("{file}:2:5")).unwrap()
    }

    #[test]
    fn paths_are_relative_to_the_guests_folder() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = workspace.path().join("game");
        let source = folder.join("src/lib.rs");
        std::fs::create_dir_all(source.parent().unwrap()).unwrap();
        std::fs::write(&source, "").unwrap();
        for path in ["src/lib.rs", "game/src/lib.rs", source.to_str().unwrap()] {
            let shown = spot(path).on_disk(Some(&folder)).show(Some(&folder));
            assert_eq!(shown, "src/lib.rs:2:5", "{path}");
        }
        let elsewhere = spot("/else/where.rs").on_disk(Some(&folder));
        assert_eq!(elsewhere.show(Some(&folder)), "/else/where.rs:2:5");
        assert_eq!(
            spot("src/lib.rs").on_disk(None).show(None),
            "src/lib.rs:2:5"
        );
    }

    /// Returns a folder with a file of three lines, the position of its second line, and its date.
    fn source() -> (tempfile::TempDir, FilePosition, SystemTime) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.rs");
        std::fs::write(&path, "one\n    two\nthree\n").unwrap();
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        let spot = spot(path.to_str().unwrap());
        (folder, spot, written)
    }

    #[test]
    fn an_excerpt_is_shown_only_of_the_built_source() {
        let (folder, spot, written) = source();
        let excerpt = spot.excerpt(folder.path(), written).unwrap();
        assert_eq!(excerpt, "  |\n2 |     two\n  |     ^");
        let before = written - std::time::Duration::from_secs(1);
        let excerpt = spot.excerpt(folder.path(), before);
        assert_eq!(excerpt, None, "it was written after the build");
    }

    #[test]
    fn an_excerpt_is_short() {
        let (folder, spot, _) = source();
        let long = "é".repeat(1 << 20);
        std::fs::write(&spot.file, format!("one\n{long}\n")).unwrap();
        let far = FilePosition {
            column: Some(1 << 30),
            ..spot.clone()
        };
        let now = SystemTime::now() + std::time::Duration::from_secs(60);
        let excerpt = far.excerpt(folder.path(), now).unwrap();
        assert_eq!(excerpt, format!("  |\n2 | {}", "é".repeat(200)));
        std::fs::write(&spot.file, "\n".repeat(5 << 20)).unwrap();
        assert_eq!(spot.excerpt(folder.path(), now), None, "5 MiB of source");
    }

    #[cfg(unix)]
    #[test]
    fn no_file_outside_the_guests_folder_is_read() {
        let (outside, secret, written) = source();
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path();
        assert_eq!(secret.excerpt(inside, written), None, "an absolute path");
        let link = inside.join("link.rs");
        std::os::unix::fs::symlink(&secret.file, &link).unwrap();
        let linked = spot(link.to_str().unwrap());
        assert_eq!(linked.excerpt(inside, written), None, "a link");
        let name = outside.path().file_name().unwrap().to_str().unwrap();
        let above = format!("../{name}/lib.rs");
        let above = spot(&above).on_disk(Some(inside));
        assert!(above.file.starts_with(".."), "it is not looked for");
        let fifo = inside.join("fifo.rs");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        let waits = spot(fifo.to_str().unwrap());
        assert_eq!(waits.excerpt(inside, later), None, "a fifo");
        let endless = FilePosition::parse("/dev/zero:1:1").unwrap();
        assert_eq!(endless.excerpt(Path::new("/"), later), None, "a device");
    }
}
