//! A guest crate, as cargo describes it: its name, its source folders, and how it is built. Knows no
//! watcher and no engine.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anstream::{AutoStream, ColorChoice};
use cargo_metadata::{CargoOpt, MetadataCommand, Package, PackageId, Target, TargetKind};

use super::cargo::{Build, BuildOutput, Maker, spawn};
use super::error::BuildError;
use super::options::CargoFlags;
use super::target::TARGET;
use super::toolchain::{cargo_for_target, clean};

/// A crate that builds to a guest.
#[derive(Clone, Debug)]
pub struct GuestCrate {
    folder: PathBuf,
    name: String,
    package: PackageId,
    /// The crate's folder and those of its path dependencies.
    pub(super) sources: Vec<PathBuf>,
    lib_name: String,
    /// Target folder: cargo's own, or another one if that cannot be written.
    built_in: PathBuf,
    is_redirected: bool,
    flags: CargoFlags,
    /// True if an optimised build keeps line tables.
    with_lines: bool,
    /// True if the build runs at lower priority.
    in_background: bool,
    /// Words of the command line before `build`.
    cargo: &'static [&'static str],
    /// Manifests that this description was read from, with their modification times.
    manifests: Vec<(PathBuf, Option<SystemTime>)>,
}

impl GuestCrate {
    /// Asks cargo about the crate in a folder. Takes about 50 to 200 ms.
    ///
    /// # Errors
    /// When there is no manifest, cargo does not understand it, or the crate builds no cdylib.
    pub fn open(folder: &Path, flags: &CargoFlags) -> Result<Self, BuildError> {
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(BuildError::NoManifest(folder.to_owned()));
        }
        // The path is resolved, since cargo does not recognise a member of a workspace through a link.
        let folder = &std::fs::canonicalize(folder).unwrap_or(folder.to_owned());
        let manifest = folder.join("Cargo.toml");
        let cargo = cargo_for_target(folder)?;
        let mut command = MetadataCommand::new();
        if !flags.features.is_empty() {
            command.features(CargoOpt::SomeFeatures(flags.features.clone()));
        }
        if flags.no_default_features {
            command.features(CargoOpt::NoDefaultFeatures);
        }
        let metadata = command
            .manifest_path(&manifest)
            .other_options(["--filter-platform".to_owned(), TARGET.to_owned()])
            .env_remove("RUSTUP_TOOLCHAIN")
            .exec()
            .map_err(|error| BuildError::Metadata(error.to_string()))?;
        let package = metadata
            .root_package()
            .ok_or_else(|| of_a_workspace(folder, &metadata))?;
        let library =
            cdylib(package).ok_or_else(|| BuildError::NoCdylib(package.name.to_string()))?;
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
            flags: flags.clone(),
            with_lines: false,
            in_background: false,
            cargo,
        })
    }

    /// Returns this crate with or without line tables in an optimised build. With them, its dependencies
    /// are built once more.
    pub(super) fn with_lines(self, with_lines: bool) -> Self {
        Self { with_lines, ..self }
    }

    /// Returns this crate built with optimisations and at lower priority.
    pub(super) fn optimised(&self) -> Self {
        Self {
            flags: CargoFlags {
                release: true,
                ..self.flags.clone()
            },
            with_lines: true,
            in_background: true,
            ..self.clone()
        }
    }

    /// True if no manifest has changed since. Asking cargo again would take longer than a small build.
    pub(super) fn is_current(&self) -> bool {
        let mut manifests = self.manifests.iter();
        manifests.all(|(manifest, date)| date.is_some() && written(manifest) == *date)
    }

    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of the wasm file that a build makes.
    #[must_use]
    pub fn artifact(&self) -> PathBuf {
        let profile = if self.flags.release {
            "release"
        } else {
            "debug"
        };
        self.built_in
            .join(TARGET)
            .join(profile)
            .join(format!("{}.wasm", self.lib_name))
    }

    /// Folder of the build, if the crate's own target folder cannot be written.
    #[must_use]
    pub fn redirected(&self) -> Option<&Path> {
        self.is_redirected.then_some(&*self.built_in)
    }

    /// Builds once, with cargo's messages on standard error. A message on `stop` ends cargo and its
    /// compilers.
    ///
    /// # Errors
    /// When cargo cannot be started, fails, or was stopped.
    pub fn build(&self, stop: &Receiver<()>) -> Result<BuildOutput, BuildError> {
        const GLANCE: Duration = Duration::from_millis(5);
        let mut build = self.start(true)?;
        loop {
            if let Some(done) = build.poll() {
                return done;
            }
            match stop.recv_timeout(GLANCE) {
                Ok(()) => return Err(BuildError::Stopped),
                Err(RecvTimeoutError::Timeout) => {}
                // The sender is gone, so nobody can stop the build any more.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(GLANCE),
            }
        }
    }

    /// Starts cargo. With `loud`, its output goes directly to the terminal, for the long first build.
    pub(super) fn start(&self, loud: bool) -> Result<Build, BuildError> {
        let polite: &[&str] = if self.in_background && cfg!(unix) {
            &["nice", "-n", "10"]
        } else {
            &[]
        };
        let mut words = polite.iter().chain(self.cargo);
        let mut command = clean(words.next().expect("cargo's name is one"));
        command
            .current_dir(&self.folder)
            .args(words)
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
        if self.flags.release {
            command.arg("--release");
        }
        if self.with_lines {
            command.args(["--config", "profile.release.debug=\"line-tables-only\""]);
            command.args(["--config", "profile.release.strip=\"none\""]);
        }
        if !self.flags.features.is_empty() {
            command.arg("--features").arg(self.flags.features.join(","));
        }
        if self.flags.no_default_features {
            command.arg("--no-default-features");
        }
        if let Some(folder) = self.redirected() {
            command.arg("--target-dir").arg(folder);
        }
        if AutoStream::choice(&std::io::stderr()) != ColorChoice::Never {
            command.arg("--color=always");
        }
        let child = spawn(&mut command).map_err(|error| BuildError::NoCargo(error.to_string()))?;
        Ok(Build::new(
            child,
            Maker::Cargo {
                package: self.package.clone(),
                name: self.name.clone(),
                folder: self.folder.clone(),
            },
        ))
    }
}

/// Finds the library that a package builds as a cdylib. cargo allows one at most.
fn cdylib(package: &Package) -> Option<&Target> {
    let mut targets = package.targets.iter();
    targets.find(|target| target.is_kind(TargetKind::CDyLib))
}

/// Makes the error for a workspace without a package of its own, with the members that the user could mean.
fn of_a_workspace(folder: &Path, metadata: &cargo_metadata::Metadata) -> BuildError {
    let members = metadata.workspace_packages();
    let guests = members.iter().filter(|package| cdylib(package).is_some());
    let folders = guests.filter_map(|package| package.manifest_path.parent());
    BuildError::Workspace {
        folder: folder.to_owned(),
        guests: folders
            .map(|folder| folder.as_std_path().to_owned())
            .collect(),
    }
}

/// Lists the folders of a package and of all its path dependencies.
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

/// Returns a target folder in the user's cache, for a guest whose own cannot be written.
fn elsewhere(folder: &Path) -> PathBuf {
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    directories::ProjectDirs::from("", "", "vblank")
        .map_or_else(std::env::temp_dir, |dirs| dirs.cache_dir().to_owned())
        .join("target")
        .join(&name[..16])
}
