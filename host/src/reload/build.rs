//! A build that runs, by cargo or by a command of the user's own: it can be stopped, and says what it
//! has made.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cargo_metadata::{Message, PackageId};
use thiserror::Error;

use super::toolchain::{TARGET, clean};
use crate::guest::wants_file;

/// Why a guest was not built.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No such folder, or nothing of cargo's in it.
    #[error("{0} has no Cargo.toml; give the folder of a guest crate, or a .wasm file")]
    NoManifest(PathBuf),
    /// cargo does not understand the crate.
    #[error("cargo cannot read the guest crate: {0}")]
    Metadata(String),
    /// Several crates, and none of them is the folder's own.
    #[error("{} is a workspace without a package of its own; {}", folder.display(), choice(guests))]
    Workspace {
        /// The folder.
        folder: PathBuf,
        /// Those of its members that build a cdylib.
        guests: Vec<PathBuf>,
    },
    /// The crate makes no wasm.
    #[error("{0} builds no cdylib; write crate-type = [\"cdylib\"] under [lib] in its Cargo.toml")]
    NoCdylib(String),
    /// The compiler lacks the target.
    #[error("the compiler has no {TARGET} target; type: rustup target add {TARGET}")]
    NoTarget,
    /// No cargo at all.
    #[error("cannot start cargo: {0}; install Rust from https://rustup.rs")]
    NoCargo(String),
    /// A build command of the user's own does not start.
    #[error("cannot run `{command}` in {}: {cause}", folder.display())]
    Command {
        /// The command.
        command: String,
        /// Where.
        folder: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// It ran, and there is no file.
    #[error("`{command}` has not made {}", file.display())]
    NotMade {
        /// The command.
        command: String,
        /// What it was to make.
        file: PathBuf,
    },
    /// What it says that it wants cannot be put beside it.
    #[error("cannot write {file}, what the guest says that it wants: {cause}")]
    Wants {
        /// The file.
        file: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// Somebody wanted it to end.
    #[error("the build was stopped")]
    Stopped,
    /// The compiler's own messages.
    #[error("{0}")]
    Failed(String),
}

/// What to do where there are several crates.
fn choice(guests: &[PathBuf]) -> String {
    if guests.is_empty() {
        return "none of its crates builds a cdylib, as a guest does".to_owned();
    }
    let folders: Vec<_> = guests
        .iter()
        .map(|guest| guest.display().to_string())
        .collect();
    format!("give the folder of the guest: {}", folders.join(" or "))
}

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
pub struct Built {
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
    pub(super) fn poll(&mut self) -> Option<Result<Built, BuildError>> {
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
        Some(made.map(|wasm| Built {
            wasm,
            warnings: messages,
            took: self.begun.elapsed(),
        }))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
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
