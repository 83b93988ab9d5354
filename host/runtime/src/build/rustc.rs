//! The compiler, called as cargo called it last. For an edit of the guest's own sources, cargo has nothing to
//! find out: it takes longer to look at every dependency than to compile what has changed in a small guest.
//! Knows no watcher.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anstream::{AutoStream, ColorChoice};
use jobserver::Client;
use serde::Deserialize;

use super::dep_info;
use super::error::BuildError;
use super::toolchain::{clean, spawn};

/// The command that compiled a guest, with cargo's environment.
#[derive(Clone, Debug)]
pub(super) struct RustcCommand {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// The working folder.
    workspace: PathBuf,
    /// The package's name, for messages.
    package: String,
    /// The file that cargo makes of the compiler's.
    wasm: PathBuf,
    /// Sources of which only this command has read.
    sources: BTreeSet<PathBuf>,
}

/// What the compiler has said and made.
#[derive(Default)]
pub(super) struct Compiled {
    /// Messages as cargo shows them.
    pub(super) messages: String,
    /// The linked file.
    pub(super) wasm: Option<PathBuf>,
}

/// A line of the compiler's output.
/// See <https://doc.rust-lang.org/rustc/json.html>.
#[derive(Deserialize)]
#[serde(tag = "$message_type", rename_all = "snake_case")]
enum Line {
    Artifact {
        artifact: PathBuf,
    },
    Diagnostic {
        rendered: Option<String>,
        message: String,
        level: String,
    },
    #[serde(other)]
    Other,
}

impl RustcCommand {
    /// Finds the command that compiled `library` among those that cargo has shown. `None` if it cannot be
    /// called again: cargo chose the compiler by the folder, or the command is not understood.
    pub(super) fn find(
        shown: &[String],
        library: &str,
        package: &str,
        workspace: &Path,
        wasm: &Path,
    ) -> Option<Self> {
        let (words, at) = shown.iter().find_map(|shown| {
            let words = shlex::split(shown)?;
            let mut pairs = words.windows(2);
            let is_it = pairs.any(|pair| pair == ["--crate-name", library])
                && words
                    .windows(2)
                    .any(|pair| pair == ["--crate-type", "cdylib"]);
            let at = words.iter().position(|word| !is_variable(word))?;
            is_it.then_some((words, at))
        })?;
        let pairs = words[..at].iter().filter_map(|word| word.split_once('='));
        let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let program = PathBuf::from(&words[at]);
        program.is_absolute().then(|| Self {
            program,
            environment: environment.collect(),
            arguments: words[at + 1..].to_vec(),
            workspace: workspace.to_owned(),
            package: package.to_owned(),
            wasm: wasm.to_owned(),
            sources: BTreeSet::new(),
        })
    }

    /// Reads which sources the command has read, and no other command of the same build.
    ///
    /// # Errors
    /// When a dep-info cannot be read.
    pub(super) fn with_sources(mut self, library: &str) -> std::io::Result<Self> {
        let mut folders = BTreeSet::new();
        for pair in self.arguments.windows(2) {
            if let ["-L", path] = [&*pair[0], &*pair[1]]
                && let Some(folder) = path.strip_prefix("dependency=")
            {
                folders.insert(PathBuf::from(folder));
            }
        }
        let (own, prefix) = (format!("{library}.d"), format!("{library}-"));
        let (mut sources, mut others) = (BTreeSet::new(), BTreeSet::new());
        for folder in folders {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if !name.ends_with(".d") {
                    continue;
                }
                let read = dep_info::read(&entry.path(), &self.workspace)?;
                match name == own {
                    true => sources.extend(read),
                    // The same crate for tests, or as a language server checks it.
                    false if name.starts_with(&prefix) => {}
                    false => others.extend(read),
                }
            }
        }
        self.sources = &sources - &others;
        Ok(self)
    }

    /// True if this file concerns only what the command makes.
    pub(super) fn reads(&self, file: &Path) -> bool {
        self.sources.contains(file)
    }

    /// Starts the compiler. The file that is returned holds cargo's lock of the target folder.
    ///
    /// # Errors
    /// When cargo is at work there, or the compiler does not start.
    pub(super) fn start(&self) -> std::io::Result<(Child, File)> {
        let folder = self.wasm.parent().ok_or(ErrorKind::NotFound)?;
        let lock = File::options()
            .write(true)
            .open(folder.join(".cargo-lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        })?;
        let mut command = clean(&self.program);
        command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .args(&self.arguments)
            .current_dir(&self.workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Alone, the compiler starts up to 32 threads. One of them needs no token.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = Client::new(cores - 1)?;
        jobs.configure(&mut command);
        Ok((spawn(&mut command)?, lock))
    }

    /// Reads the compiler's output.
    pub(super) fn compiled(&self, output: &str) -> Compiled {
        let mut compiled = Compiled::default();
        let mut warnings = 0;
        for line in output.lines() {
            match serde_json::from_str(line) {
                Ok(Line::Artifact { artifact }) => {
                    if artifact.extension().is_some_and(|end| end == "wasm") {
                        compiled.wasm = Some(artifact);
                    }
                }
                // The compiler's own count, which cargo replaces.
                Ok(Line::Diagnostic { message, .. }) if message.ends_with(" emitted") => {}
                Ok(Line::Diagnostic {
                    rendered, level, ..
                }) => {
                    compiled.messages.push_str(&rendered.unwrap_or_default());
                    warnings += usize::from(level == "warning");
                }
                Ok(Line::Other) => {}
                Err(_) => {
                    compiled.messages.push_str(line);
                    compiled.messages.push('\n');
                }
            }
        }
        if warnings > 0 {
            let s = if warnings == 1 { "" } else { "s" };
            let package = &self.package;
            compiled.messages.push_str(&format!(
                "warning: `{package}` (lib) generated {warnings} warning{s}\n"
            ));
        }
        compiled.messages = as_shown(compiled.messages);
        compiled
    }

    /// Puts the compiler's file in the place of cargo's, as cargo does.
    pub(super) fn made(&self, linked: Option<&Path>) -> Result<PathBuf, BuildError> {
        let linked = linked.ok_or(Error::from(ErrorKind::NotFound));
        let put = linked.and_then(|linked| replace(linked, &self.wasm));
        put.map(|()| self.wasm.clone())
            .map_err(|cause| BuildError::Failed(cause.to_string()))
    }

    /// Folder that the compiler's messages begin at.
    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }
}

/// Removes the colours unless the terminal shows them.
pub(super) fn as_shown(messages: String) -> String {
    match AutoStream::choice(&std::io::stderr()) {
        ColorChoice::Never => anstream::adapter::strip_str(&messages).to_string(),
        _ => messages,
    }
}

/// Replaces a file by a link to another, or by a copy where there can be no link.
fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    let beside = to.with_extension("wasm.new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if std::fs::hard_link(from, &beside).is_err() {
        std::fs::copy(from, &beside)?;
    }
    std::fs::rename(beside, to)
}

/// True for a word `NAME=value` before a command.
fn is_variable(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    })
}

/// cargo's output with `-vv --color=always`, taken apart.
#[derive(Default)]
pub(super) struct Verbose {
    /// What cargo would have shown without it.
    pub(super) messages: String,
    /// The commands that it has run.
    pub(super) commands: Vec<String>,
}

impl Verbose {
    pub(super) fn parse(output: &str) -> Self {
        let mut parsed = Self::default();
        let mut lines = output.split_inclusive('\n');
        while let Some(line) = lines.next() {
            let plain = anstream::adapter::strip_str(line).to_string();
            if plain.starts_with("  process didn't exit successfully: `") {
                // The command once more, behind the message that says why. It ends the output.
                let why = parsed.messages.trim_end();
                let why = why.strip_suffix("Caused by:").unwrap_or(why).trim_end();
                parsed.messages.truncate(why.len());
                parsed.messages.push('\n');
                break;
            }
            if is_of_a_script(&plain) {
                continue;
            }
            let Some((status, rest)) = status(line, &plain) else {
                parsed.messages.push_str(line);
                continue;
            };
            if status != "Running" {
                continue;
            }
            let Some(command) = rest.strip_prefix('`') else {
                continue;
            };
            // A value may have several lines.
            let mut command = command.to_owned();
            while !command.trim_end().ends_with('`')
                && let Some(line) = lines.next()
            {
                command.push_str(line);
            }
            let command = command.trim_end();
            let command = command.strip_suffix('`').unwrap_or(command);
            parsed.commands.push(command.to_owned());
        }
        parsed
    }
}

/// Splits a line that begins with a status of cargo: a coloured word that ends at the twelfth column.
fn status<'a>(line: &str, plain: &'a str) -> Option<(&'a str, &'a str)> {
    const WIDTH: usize = 12;
    let (word, rest) = plain.split_at_checked(WIDTH)?;
    let rest = rest.strip_prefix(' ')?;
    let word = word.trim_start();
    let is_word = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphabetic());
    (line.starts_with('\x1b') && is_word).then_some((word, rest))
}

/// True for the output of a build script: `[NAME VERSION] …`.
fn is_of_a_script(plain: &str) -> bool {
    let named = plain
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "));
    let words = named.and_then(|(package, _)| package.split_once(' '));
    words.is_some_and(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEN: &str = "\x1b[1m\x1b[92m";

    fn output(lines: &[(&str, &str)]) -> String {
        let lines = lines.iter().map(|(status, rest)| match *status {
            "" => format!("{rest}\n"),
            status => format!("{GREEN}{status:>12}\x1b[0m {rest}\n"),
        });
        lines.collect()
    }

    #[test]
    fn what_cargo_says_of_itself_is_no_message() {
        let warning = "\x1b[1m\x1b[33mwarning\x1b[0m: unused\n     Running `x`";
        let shown = output(&[
            ("Fresh", "log v0.4.35"),
            ("Compiling", "game v0.1.0 (/game)"),
            ("", "[dep 0.1.0] cargo:rerun-if-changed=a"),
            (
                "Running",
                "`A=1 /bin/rustc --crate-name game --crate-type cdylib`",
            ),
            ("", warning),
            ("Finished", "`dev` profile"),
        ]);
        let parsed = Verbose::parse(&shown);
        assert_eq!(parsed.messages, format!("{warning}\n"));
        let command = "A=1 /bin/rustc --crate-name game --crate-type cdylib";
        assert_eq!(parsed.commands, [command]);
    }

    #[test]
    fn a_failure_does_not_show_the_command() {
        let shown = output(&[
            ("Running", "`/bin/rustc --crate-name game`"),
            ("", "error: could not compile `game` (lib)"),
            ("", ""),
            ("", "Caused by:"),
            (
                "",
                "  process didn't exit successfully: `/bin/rustc` (exit status: 1)",
            ),
        ]);
        let parsed = Verbose::parse(&shown);
        assert_eq!(parsed.messages, "error: could not compile `game` (lib)\n");
    }

    #[test]
    fn the_guests_command_is_found_among_others() {
        let shown = [
            "/bin/rustc --crate-name dep --crate-type lib".to_owned(),
            "CARGO_PKG_DESCRIPTION='two\nlines, it'\\''s' B= /bin/rustc --crate-name game --crate-type cdylib --check-cfg 'cfg(feature, values())'".to_owned(),
        ];
        let find = |name: &str| {
            RustcCommand::find(
                &shown,
                name,
                "game",
                Path::new("/w"),
                Path::new("/w/game.wasm"),
            )
        };
        assert!(find("dep").is_none(), "it is no guest");
        let found = find("game").expect("it is there");
        assert_eq!(found.program, Path::new("/bin/rustc"));
        let description = (
            "CARGO_PKG_DESCRIPTION".to_owned(),
            "two\nlines, it's".to_owned(),
        );
        assert_eq!(
            found.environment,
            [description, ("B".to_owned(), String::new())]
        );
        assert_eq!(
            found.arguments.last().map(String::as_str),
            Some("cfg(feature, values())")
        );
    }

    #[test]
    fn a_compiler_that_depends_on_the_folder_is_left_to_cargo() {
        let shown = ["rustc --crate-name game --crate-type cdylib".to_owned()];
        let (workspace, wasm) = (Path::new("/w"), Path::new("/w/game.wasm"));
        assert!(RustcCommand::find(&shown, "game", "game", workspace, wasm).is_none());
    }
}
