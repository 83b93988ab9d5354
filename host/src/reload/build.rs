//! Building a guest crate with cargo: running it so that it can be stopped, and finding what it made.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use cargo_metadata::{Message, MetadataCommand, PackageId, TargetKind};
use thiserror::Error;

use super::toolchain::{TARGET, cargo_for_target, clean};

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
    /// The crate makes no wasm.
    #[error("{0} builds no cdylib; write crate-type = [\"cdylib\"] under [lib] in its Cargo.toml")]
    NoCdylib(String),
    /// The compiler lacks the target.
    #[error("the compiler has no {TARGET} target; type: rustup target add {TARGET}")]
    NoTarget,
    /// No cargo at all.
    #[error("cannot start cargo: {0}; install Rust from https://rustup.rs")]
    NoCargo(String),
    /// Somebody wanted it to end.
    #[error("the build was stopped")]
    Stopped,
    /// The compiler's own messages.
    #[error("{0}")]
    Failed(String),
}

/// A crate that builds to a guest.
#[derive(Clone, Debug)]
pub struct GuestCrate {
    folder: PathBuf,
    name: String,
    package: PackageId,
    /// The crate's folder and those of its path dependencies.
    pub(super) sources: Vec<PathBuf>,
    lib_name: String,
    /// cargo's target folder, or another one where that cannot be written.
    built_in: PathBuf,
    is_redirected: bool,
    release: bool,
    /// The words before `build`.
    cargo: &'static [&'static str],
    /// The manifests that all this was read from, and when they were written.
    manifests: Vec<(PathBuf, Option<SystemTime>)>,
}

impl GuestCrate {
    /// Ask cargo about the crate in a folder. Some 50 to 200 ms.
    ///
    /// # Errors
    /// When there is no manifest, cargo does not understand it, or it builds no cdylib.
    pub fn open(folder: &Path, release: bool) -> Result<Self, BuildError> {
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(BuildError::NoManifest(folder.to_owned()));
        }
        let cargo = cargo_for_target(folder)?;
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .other_options(["--filter-platform".to_owned(), TARGET.to_owned()])
            .env_remove("RUSTUP_TOOLCHAIN")
            .exec()
            .map_err(|error| BuildError::Metadata(error.to_string()))?;
        let package = metadata.root_package().ok_or_else(|| {
            BuildError::Metadata(
                "a workspace without a package of its own; give the folder of one of its members"
                    .to_owned(),
            )
        })?;
        let is_cdylib = |target: &cargo_metadata::Target| target.is_kind(TargetKind::CDyLib);
        let Some(library) = package.targets.iter().find(|target| is_cdylib(target)) else {
            return Err(BuildError::NoCdylib(package.name.to_string()));
        };
        let target_folder = metadata.target_directory.as_std_path();
        let is_redirected = !is_writable(target_folder);
        let sources = local_sources(&metadata, &package.id);
        let workspace = metadata.workspace_root.as_std_path().to_owned();
        let manifests = sources.iter().chain([&workspace]).map(|folder| {
            let manifest = folder.join("Cargo.toml");
            let written = written(&manifest);
            (manifest, written)
        });
        Ok(Self {
            folder: folder.to_owned(),
            name: package.name.to_string(),
            package: package.id.clone(),
            manifests: manifests.collect(),
            sources,
            lib_name: library.name.replace('-', "_"),
            built_in: if is_redirected {
                elsewhere(folder)
            } else {
                target_folder.to_owned()
            },
            is_redirected,
            release,
            cargo,
        })
    }

    /// Whether no manifest has changed since: asking cargo again takes longer than a small build.
    pub(super) fn is_current(&self) -> bool {
        let mut manifests = self.manifests.iter();
        manifests.all(|(manifest, then)| then.is_some() && written(manifest) == *then)
    }

    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its build leaves the wasm file.
    #[must_use]
    pub fn artifact(&self) -> PathBuf {
        let profile = if self.release { "release" } else { "debug" };
        self.built_in
            .join(TARGET)
            .join(profile)
            .join(format!("{}.wasm", self.lib_name))
    }

    /// Where it is built, if its own target folder cannot be written.
    #[must_use]
    pub fn redirected(&self) -> Option<&Path> {
        self.is_redirected.then_some(&*self.built_in)
    }

    /// Build once, with cargo's own words on standard error. Whatever comes through `stop` ends it, cargo
    /// and its compilers together.
    ///
    /// # Errors
    /// When it cannot be started, fails, or was stopped.
    pub fn build(&self, stop: &Receiver<()>) -> Result<Built, BuildError> {
        const GLANCE: Duration = Duration::from_millis(5);
        let mut build = self.start(true)?;
        loop {
            if let Some(done) = build.poll() {
                return done;
            }
            match stop.recv_timeout(GLANCE) {
                Ok(()) => return Err(BuildError::Stopped),
                Err(RecvTimeoutError::Timeout) => {}
                // Nobody can stop it any more.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(GLANCE),
            }
        }
    }

    /// Start cargo. `loud` lets it speak to the terminal itself, for the long first build.
    pub(super) fn start(&self, loud: bool) -> Result<Build, BuildError> {
        let mut command = clean(self.cargo[0]);
        command
            .current_dir(&self.folder)
            .args(&self.cargo[1..])
            .args(["build", "--lib", "--target", TARGET])
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(if loud {
                Stdio::inherit()
            } else {
                Stdio::piped()
            });
        if !loud {
            command.arg("--quiet");
        }
        if self.release {
            command.arg("--release");
        }
        if let Some(folder) = self.redirected() {
            command.arg("--target-dir").arg(folder);
        }
        if std::io::stderr().is_terminal() {
            command.arg("--color=always");
        }
        #[cfg(unix)]
        {
            // A group of its own, so that cargo and its compilers can be stopped together.
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        let begun = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| BuildError::NoCargo(error.to_string()))?;
        Ok(Build {
            package: self.package.clone(),
            name: self.name.clone(),
            messages: child.stderr.take().map(collect),
            artifacts: child.stdout.take().map(collect),
            child,
            begun,
        })
    }
}

/// A running build. Dropped, it is stopped.
pub(super) struct Build {
    package: PackageId,
    name: String,
    child: Child,
    messages: Option<JoinHandle<Vec<u8>>>,
    artifacts: Option<JoinHandle<Vec<u8>>>,
    begun: Instant,
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
        let messages = text(self.messages.take());
        let artifacts = text(self.artifacts.take());
        if !status.success() {
            return Some(Err(BuildError::Failed(messages)));
        }
        let wasm = Message::parse_stream(artifacts.as_bytes())
            .flatten()
            .find_map(|message| match message {
                Message::CompilerArtifact(artifact) if artifact.package_id == self.package => {
                    let mut files = artifact.filenames.into_iter();
                    files.find(|file| file.extension() == Some("wasm"))
                }
                _ => None,
            });
        Some(match wasm {
            Some(wasm) => Ok(Built {
                wasm: wasm.into_std_path_buf(),
                warnings: messages,
                took: self.begun.elapsed(),
            }),
            None => Err(BuildError::NoCdylib(self.name.clone())),
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
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

/// The folders of the package and of all that it depends on by path.
fn local_sources(metadata: &cargo_metadata::Metadata, root: &PackageId) -> Vec<PathBuf> {
    let mut reached = vec![root.clone()];
    let mut folders = Vec::new();
    let mut next = 0;
    while let Some(id) = reached.get(next).cloned() {
        next += 1;
        let package = &metadata[&id];
        let folder = package.manifest_path.parent();
        if let (None, Some(folder)) = (&package.source, folder) {
            let folder = folder.as_std_path().to_owned();
            folders.push(std::fs::canonicalize(&folder).unwrap_or(folder));
            let node = metadata.resolve.iter().flat_map(|graph| &graph.nodes);
            for dependency in node
                .filter(|node| node.id == id)
                .flat_map(|node| &node.deps)
            {
                if !reached.contains(&dependency.pkg) {
                    reached.push(dependency.pkg.clone());
                }
            }
        }
    }
    folders
}

fn written(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|meta| meta.modified())
        .ok()
}

fn is_writable(folder: &Path) -> bool {
    std::fs::create_dir_all(folder).is_ok() && tempfile::tempfile_in(folder).is_ok()
}

/// A target folder in the user's cache, for a guest whose own cannot be written.
fn elsewhere(folder: &Path) -> PathBuf {
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    directories::ProjectDirs::from("", "", "vblank")
        .map_or_else(std::env::temp_dir, |dirs| dirs.cache_dir().to_owned())
        .join("target")
        .join(&name[..16])
}
