//! A build that runs, by cargo or by a command of the user's own: it can be stopped, and says what it
//! has made.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cargo_metadata::{Message, PackageId};

use super::error::BuildError;
use super::toolchain::clean;
use crate::guest::wants_file;

/// Start a build command of the user's own, which is to make this file, in the file's folder. `loud` lets
/// it speak to the terminal itself.
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
            // Standard output is for results.
            shell.stdout(std::io::stderr()).stderr(Stdio::inherit());
            return Ok((spawn(&mut shell)?, None));
        }
        // Not a pipe: what the command leaves running, such as a server of its own, would hold it open.
        let said = tempfile::tempfile()?;
        shell.stdout(said.try_clone()?).stderr(said.try_clone()?);
        Ok((spawn(&mut shell)?, Some(said)))
    };
    let (child, said) = spawned().map_err(|error: std::io::Error| BuildError::Command {
        command: command.to_owned(),
        folder: folder.to_owned(),
        cause: error.to_string(),
    })?;
    let (command, file) = (command.to_owned(), file.to_owned());
    let maker = Maker::Command {
        command,
        file,
        said,
    };
    Ok(Build::new(child, maker))
}

/// In a group of its own, so that it and its compilers can be stopped together.
pub(super) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.spawn()
}

/// A running build. Dropped, it is stopped.
pub(super) struct Build {
    maker: Maker,
    child: Child,
    messages: Option<JoinHandle<Vec<u8>>>,
    artifacts: Option<JoinHandle<Vec<u8>>>,
    begun: Instant,
}

/// Who makes the file.
pub(super) enum Maker {
    /// cargo, which says where it is.
    Cargo {
        package: PackageId,
        name: String,
        /// The crate's.
        folder: PathBuf,
    },
    /// A command, which was to make this one.
    Command {
        command: String,
        file: PathBuf,
        /// What it says, unless it says it to the terminal itself.
        said: Option<File>,
    },
}

/// What a build came to.
#[derive(Debug)]
pub struct BuildOutput {
    /// The wasm file.
    pub wasm: PathBuf,
    /// Warnings, as cargo shows them, unless it has shown them itself.
    pub warnings: String,
    /// How long it took.
    pub took: Duration,
}

impl Build {
    pub(super) fn new(mut child: Child, maker: Maker) -> Self {
        Self {
            maker,
            messages: child.stderr.take().map(collect),
            artifacts: child.stdout.take().map(collect),
            child,
            begun: Instant::now(),
        }
    }

    /// `None` while it runs.
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
        let messages = match &self.maker {
            Maker::Cargo { .. } => text(self.messages.take()),
            Maker::Command { said, .. } => said.as_ref().map_or(String::new(), all_of),
        };
        let artifacts = text(self.artifacts.take());
        let made = if status.success() {
            self.maker.made(&artifacts)
        } else {
            Err(self.maker.failed(&messages, status))
        };
        Some(made.map(|wasm| BuildOutput {
            wasm,
            warnings: messages,
            took: self.begun.elapsed(),
        }))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Calls `ended` on another thread when the process ends. [`Build::poll`] then has its result.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn when_ended(&self, ended: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let id = self.child.id();
        let wait = move || {
            wait_for_exit(id);
            ended();
        };
        let thread = std::thread::Builder::new().name("build".to_owned());
        thread.spawn(wait).map(drop)
    }
}

/// Waits until a child of this process ends, and leaves its status for whoever holds the child.
#[cfg(unix)]
fn wait_for_exit(id: u32) {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = Pid::from_raw(id.cast_signed()) else {
        return;
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    // An error other than an interruption means that the status was fetched already: it has ended.
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
}

/// Without a way to wait beside the holder of the child, the holder looks at intervals.
#[cfg(not(unix))]
fn wait_for_exit(_: u32) {
    std::thread::sleep(Duration::from_millis(5));
}

impl Maker {
    /// Where the file is. `artifacts` is what cargo says of it.
    fn made(&self, artifacts: &str) -> Result<PathBuf, BuildError> {
        match self {
            Self::Cargo {
                package,
                name,
                folder,
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

    fn failed(&self, messages: &str, status: ExitStatus) -> BuildError {
        BuildError::Failed(match self {
            // It says so itself.
            Self::Cargo { .. } => messages.to_owned(),
            Self::Command { command, .. } => format!("{messages}\n`{command}` ended with {status}")
                .trim_start()
                .to_owned(),
        })
    }
}

/// What the crate says that it wants, in its `wants.toml`, lies beside the file that it is built to.
fn put_wants_beside(wasm: PathBuf, folder: &Path) -> Result<PathBuf, BuildError> {
    let (said, beside) = (folder.join("wants.toml"), wants_file(&wasm));
    let put = if said.is_file() {
        std::fs::copy(&said, &beside).map(drop)
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

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still the compiler's word.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// What was read before an error is still the command's word.
fn all_of(mut said: &File) -> String {
    let mut bytes = Vec::new();
    let _ = said.rewind();
    let _ = said.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}
