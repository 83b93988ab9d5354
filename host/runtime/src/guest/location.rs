//! The place in a guest's source where it failed, for people: the line itself, and its callers. It reads
//! files, so it runs on a thread of its own. Knows no engine and no instance.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::symbols::{Frame, is_own_file, look_up};
use crate::error::Trap;

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
                .zip(read)
                .and_then(|(spot, read)| spot.excerpt(read)),
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
        format!("{}{position}", frame.function)
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
    /// folder or one above it.
    fn on_disk(self, folder: Option<&Path>) -> Self {
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

    /// Returns `file:line:column`, relative to a folder if the file lies there.
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
        format!("{file}:{}{column}", self.line)
    }

    /// Returns the line as it was when the guest was built. `None` if the file is missing or newer.
    fn excerpt(&self, built: SystemTime) -> Option<String> {
        let written = std::fs::metadata(&self.file).and_then(|about| about.modified());
        if written.ok()? > built {
            return None;
        }
        let source = std::fs::read_to_string(&self.file).ok()?;
        let line = source.lines().nth(self.line.checked_sub(1)? as usize)?;
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut text = format!("{margin} |\n{number} | {}", line.replace('\t', " "));
        if let Some(column) = self.column {
            let before = " ".repeat(column.saturating_sub(1) as usize);
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

    #[test]
    fn an_excerpt_is_shown_only_of_the_built_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.rs");
        std::fs::write(&path, "one\n    two\nthree\n").unwrap();
        let spot = spot(path.to_str().unwrap());
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        let excerpt = spot.excerpt(written).unwrap();
        assert_eq!(excerpt, "  |\n2 |     two\n  |     ^");
        let before = written - std::time::Duration::from_secs(1);
        assert_eq!(spot.excerpt(before), None, "it was written after the build");
    }
}
