//! A running build, by cargo, by the compiler alone, or by a command of the user. It can be stopped, and
//! returns the file that it made. Knows no watcher and no engine.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cargo_metadata::{BuildScript, Message, PackageId};

use super::dep_info;
use super::error::{BuildError, advice};
use super::failure::condition;
use super::locations::from_here;
use super::rustc::{RustcCommand, Verbose, as_shown};
use super::toolchain::{clean, spawn};
use crate::guest::wants_file;
use crate::thread;

/// Starts a build command of the user in the folder of `file`, which it is expected to make. With `loud`,
/// its output goes directly to the terminal.
pub(super) fn start_command(command: &str, file: &Path, loud: bool) -> Result<Build, BuildError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut shell = clean(shell);
    shell
        .args([flag, command])
        .current_dir(folder)
        .stdin(Stdio::null());
    let mut spawned = || {
        if loud {
            // Standard output is reserved for results.
            shell.stdout(std::io::stderr()).stderr(Stdio::inherit());
            return Ok((spawn(&mut shell)?, None));
        }
        // A file and not a pipe: a process that the command leaves running, such as a server, would hold a
        // pipe open.
        let output = tempfile::tempfile()?;
        shell
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?);
        Ok((spawn(&mut shell)?, Some(output)))
    };
    let (child, output) = spawned().map_err(|error: std::io::Error| BuildError::Command {
        command: command.to_owned(),
        folder: folder.to_owned(),
        cause: error.to_string(),
    })?;
    let maker = Maker::Command {
        command: command.to_owned(),
        file: file.to_owned(),
        output,
    };
    Build::new(child, false, maker).map_err(|error| BuildError::Command {
        command: command.to_owned(),
        folder: folder.to_owned(),
        cause: format!("no thread to read its output: {error}"),
    })
}

/// Returns the variables by which cargo shows its progress although its output goes through the host: as in a
/// terminal, if the host's own output is one.
pub(super) fn progress() -> Vec<(&'static str, String)> {
    const WHEN: &str = "CARGO_TERM_PROGRESS_WHEN";
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    // cargo shows none there either.
    if is_set(WHEN) || is_set("CI") || is_dumb {
        return Vec::new();
    }
    let Some(width) = terminal_width() else {
        return Vec::new();
    };
    vec![
        (WHEN, "always".to_owned()),
        ("CARGO_TERM_PROGRESS_WIDTH", width.to_string()),
    ]
}

/// Returns the width of the terminal that standard error goes to.
#[cfg(unix)]
fn terminal_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

/// Asks nothing: cargo shows no progress, only what it compiles.
#[cfg(not(unix))]
fn terminal_width() -> Option<u16> {
    None
}

/// A running build. Dropping it stops the build.
pub(super) struct Build {
    maker: Maker,
    /// True if the user sees all messages as they come.
    is_shown: bool,
    child: Child,
    messages: Option<JoinHandle<Vec<u8>>>,
    artifacts: Option<JoinHandle<Vec<u8>>>,
    /// All messages of cargo and the compiler that the host has got, as they are.
    messages_so_far: String,
    begun: Instant,
}

/// The tool that makes the file.
pub(super) enum Maker {
    /// cargo, which names the file in its messages.
    Cargo {
        package: PackageId,
        name: String,
        /// Folder of the crate.
        folder: PathBuf,
        /// Folder that the compiler's messages begin at.
        workspace: PathBuf,
        /// The name of the library.
        library: String,
        /// True if cargo was asked to show the commands that it runs.
        shows_commands: bool,
    },
    /// The compiler as cargo called it last.
    Rustc {
        command: RustcCommand,
        /// Folder of the crate.
        folder: PathBuf,
        /// cargo's lock of the target folder.
        _lock: File,
    },
    /// A command that is expected to make `file`.
    Command {
        command: String,
        file: PathBuf,
        /// Captured output. `None` if the output goes to the terminal.
        output: Option<File>,
    },
}

/// The result of a successful build.
#[derive(Debug)]
pub struct BuildOutput {
    /// The wasm file.
    pub wasm: PathBuf,
    /// Warnings as cargo prints them. Empty if cargo has printed them to the terminal.
    pub warnings: String,
    /// Duration of the build.
    pub took: Duration,
    /// Packages whose build scripts name no inputs, so that cargo takes every file of the package for one.
    pub(super) reads_whole_package: Vec<PackageId>,
    /// The command that compiled the guest, if cargo has shown it.
    pub(super) rustc: Option<RustcCommand>,
}

impl BuildOutput {
    /// Hashes what the build says that it has read. `None` for the build of a command, which says nothing.
    pub(super) fn dep_info(&self) -> Option<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&dep_info::bytes(&self.wasm.with_extension("d")).ok()?);
        // The compiler's own is newer if only that was started.
        if let (Some(folder), Some(name)) = (self.wasm.parent(), self.wasm.file_name()) {
            let own = folder.join("deps").join(name).with_extension("d");
            hasher.update(&dep_info::bytes(&own).unwrap_or_default());
        }
        for package in &self.reads_whole_package {
            hasher.update(package.repr.as_bytes());
        }
        Some(hasher.finalize())
    }
}

impl Build {
    /// With `shows_messages`, the messages of cargo and the compiler are shown to the user as they come.
    ///
    /// # Errors
    /// When the system starts no thread to read the output. The build is stopped then.
    pub(super) fn new(child: Child, shows_messages: bool, maker: Maker) -> io::Result<Self> {
        // Dropping it stops the child.
        let mut build = Self {
            is_shown: shows_messages,
            messages: None,
            artifacts: None,
            maker,
            messages_so_far: String::new(),
            child,
            begun: Instant::now(),
        };
        let messages = build.child.stderr.take();
        build.messages = match shows_messages {
            true => messages.map(|pipe| collect_beside(pipe, std::io::stderr())),
            false => messages.map(collect),
        }
        .transpose()?;
        let artifacts = build.child.stdout.take();
        build.artifacts = match (&build.maker, shows_messages) {
            (Maker::Cargo { workspace, .. }, true) => {
                let workspace = workspace.clone();
                artifacts.map(|pipe| collect_and_show(pipe, workspace))
            }
            _ => artifacts.map(collect),
        }
        .transpose()?;
        Ok(build)
    }

    /// Returns the result, or `None` while the build runs.
    pub(super) fn poll(&mut self) -> Option<Result<BuildOutput, BuildError>> {
        let status = match self.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => status,
            Err(error) => return Some(Err(BuildError::NoCargo(error.to_string()))),
        };
        let text = |thread: Option<JoinHandle<Vec<u8>>>| {
            let bytes = thread
                .and_then(|thread| thread.join().ok())
                .unwrap_or_default();
            String::from_utf8_lossy(&bytes).trim_end().to_owned()
        };
        let artifacts = text(self.artifacts.take());
        let output = text(self.messages.take());
        let (mut commands, mut linked) = (Vec::new(), None);
        let messages = match &self.maker {
            Maker::Cargo {
                workspace,
                shows_commands,
                ..
            } => {
                let messages = if *shows_commands {
                    let verbose = Verbose::parse(&output);
                    commands = verbose.commands;
                    as_shown(verbose.messages).trim_end().to_owned()
                } else {
                    output
                };
                let shown = compiler_messages(&artifacts);
                self.messages_so_far = messages.clone() + "\n" + &shown.collect::<String>();
                match self.is_shown {
                    true => String::new(),
                    false => from_here(&messages, workspace),
                }
            }
            Maker::Rustc { command, .. } => {
                let compiled = command.compiled(&output);
                linked = compiled.wasm;
                from_here(compiled.messages.trim_end(), command.workspace())
            }
            Maker::Command { output, .. } => output.as_ref().map_or(String::new(), read_output),
        };
        let made = if status.success() {
            self.maker.made(&artifacts, linked.as_deref())
        } else {
            let advice = advice(&self.messages_so_far);
            Err(self.maker.failed(&messages, advice, status))
        };
        Some(made.map(|wasm| BuildOutput {
            reads_whole_package: self.maker.scripts_without_inputs(&artifacts),
            rustc: self.maker.command(&commands, &wasm),
            wasm,
            warnings: messages,
            took: self.begun.elapsed(),
        }))
    }

    /// True if only the compiler was started. cargo may succeed where that fails, and explains a failure.
    pub(super) fn is_without_cargo(&self) -> bool {
        matches!(self.maker, Maker::Rustc { .. })
    }

    /// Returns the messages of cargo and the compiler, also those that the user has seen already. Empty while
    /// the build runs.
    pub(super) fn messages(&self) -> &str {
        &self.messages_so_far
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Calls `ended` on another thread when the process ends. [`Build::poll`] then returns the result.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub(super) fn when_ended(&self, ended: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let id = self.child.id();
        let wait = move || {
            wait_for_exit(id);
            ended();
        };
        thread::start("build", wait).map(drop)
    }
}

/// Waits until a child of this process ends, and leaves its status for the owner of the child.
#[cfg(unix)]
fn wait_for_exit(id: u32) {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = Pid::from_raw(id.cast_signed()) else {
        return;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    // An error other than an interruption means that the status was fetched already, so the process has
    // ended.
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
}

/// Waits for a moment. Without a way to wait beside the owner of the child, the owner polls.
#[cfg(not(unix))]
fn wait_for_exit(_: u32) {
    std::thread::sleep(Duration::from_millis(5));
}

impl Maker {
    /// Returns the file that was built. `artifacts` holds cargo's messages, and `linked` is the compiler's file
    /// if only that was started.
    fn made(&self, artifacts: &str, linked: Option<&Path>) -> Result<PathBuf, BuildError> {
        match self {
            Self::Rustc {
                command, folder, ..
            } => command
                .made(linked)
                .and_then(|wasm| put_wants_beside(wasm, folder)),
            Self::Cargo {
                package,
                name,
                folder,
                ..
            } => Message::parse_stream(artifacts.as_bytes())
                .flatten()
                .find_map(|message| match message {
                    Message::CompilerArtifact(artifact) if artifact.package_id == *package => {
                        let mut files = artifact.filenames.into_iter();
                        files.find(|file| file.extension() == Some("wasm"))
                    }
                    _ => None,
                })
                .map(cargo_metadata::camino::Utf8PathBuf::into_std_path_buf)
                .ok_or_else(|| BuildError::NoCdylib(name.clone()))
                .and_then(|wasm| put_wants_beside(wasm, folder)),
            Self::Command { file, .. } if file.is_file() => Ok(file.clone()),
            Self::Command { command, file, .. } => Err(BuildError::NotMade {
                command: command.clone(),
                file: file.clone(),
            }),
        }
    }

    /// Returns the command that made `wasm` from those that cargo has shown.
    fn command(&self, shown: &[String], wasm: &Path) -> Option<RustcCommand> {
        let Self::Cargo {
            name,
            library,
            workspace,
            ..
        } = self
        else {
            return None;
        };
        RustcCommand::find(shown, library, name, workspace, wasm)
    }

    /// Returns the packages whose build scripts have printed no `rerun-if`. cargo keeps what they print beside
    /// their output folder.
    fn scripts_without_inputs(&self, artifacts: &str) -> Vec<PackageId> {
        if !matches!(self, Self::Cargo { .. }) {
            return Vec::new();
        }
        let messages = Message::parse_stream(artifacts.as_bytes()).flatten();
        let scripts = messages.filter_map(|message| match message {
            Message::BuildScriptExecuted(script) => Some(script),
            _ => None,
        });
        let names_none = |script: &BuildScript| {
            let printed = script.out_dir.parent().map(|folder| folder.join("output"));
            let printed = printed.and_then(|file| std::fs::read(file).ok());
            // Without what it has printed, it may have named nothing.
            printed.is_none_or(|printed| {
                let printed = String::from_utf8_lossy(&printed);
                !printed.lines().any(|line| condition(line).is_some())
            })
        };
        scripts
            .filter(names_none)
            .map(|script| script.package_id)
            .collect()
    }

    /// Makes the error of a failed build. `messages` are those that the user has not seen yet.
    fn failed(&self, messages: &str, advice: Option<&str>, status: ExitStatus) -> BuildError {
        BuildError::Failed(match self {
            // The messages of cargo say that it failed.
            Self::Cargo { .. } | Self::Rustc { .. } => match advice {
                Some(advice) => format!("{messages}\n\n{advice}").trim_start().to_owned(),
                None => messages.to_owned(),
            },
            Self::Command { command, .. } => format!("{messages}\n`{command}` ended with {status}")
                .trim_start()
                .to_owned(),
        })
    }
}

/// Copies the crate's `wants.toml` beside the built file, or removes an old copy there.
fn put_wants_beside(wasm: PathBuf, folder: &Path) -> Result<PathBuf, BuildError> {
    let (wants, beside) = (folder.join("wants.toml"), wants_file(&wasm));
    let put = if wants.is_file() {
        std::fs::copy(&wants, &beside).map(drop)
    } else {
        std::fs::remove_file(&beside)
    };
    match put {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(BuildError::Wants {
            file: beside,
            cause: error.to_string(),
        }),
        _ => Ok(wasm),
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            #[cfg(unix)]
            if let Some(group) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> io::Result<JoinHandle<Vec<u8>>> {
    thread::start("output", move || {
        let mut bytes = Vec::new();
        // The output before a read error is still useful.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// Collects bytes, and copies them to `beside` as they come.
fn collect_beside(
    mut pipe: impl Read + Send + 'static,
    mut beside: impl Write + Send + 'static,
) -> io::Result<JoinHandle<Vec<u8>>> {
    thread::start("output", move || {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = pipe.read(&mut piece) {
            bytes.extend_from_slice(&piece[..count]);
            // Without a terminal there is nobody to tell.
            let _ = beside.write_all(&piece[..count]);
        }
        bytes
    })
}

/// Returns the compiler's messages in cargo's output, as cargo would show them.
fn compiler_messages(artifacts: &str) -> impl Iterator<Item = String> {
    let messages = Message::parse_stream(artifacts.as_bytes()).flatten();
    messages.filter_map(|message| match message {
        Message::CompilerMessage(message) => message.message.rendered,
        _ => None,
    })
}

/// Collects cargo's output, and shows the compiler's messages in it as they come.
fn collect_and_show(
    pipe: impl Read + Send + 'static,
    workspace: PathBuf,
) -> io::Result<JoinHandle<Vec<u8>>> {
    thread::start("output", move || {
        let mut bytes = Vec::new();
        let mut pipe = BufReader::new(pipe);
        loop {
            let begin = bytes.len();
            match pipe.read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => return bytes,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&bytes[begin..]);
            let mut stderr = std::io::stderr().lock();
            for message in compiler_messages(&line) {
                // cargo's progress may stand in the line.
                let clear = if stderr.is_terminal() { "\r\x1b[K" } else { "" };
                // Without a terminal there is nobody to tell.
                let message = from_here(&message, &workspace);
                let _ = write!(stderr, "{clear}{message}");
            }
        }
    })
}

/// Reads the captured output of a command. The output before a read error is still useful.
fn read_output(mut output: &File) -> String {
    let mut bytes = Vec::new();
    let _ = output.rewind();
    let _ = output.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}
