//! A guest crate, as cargo describes it: its name, its source folders, and how it is built. Knows no
//! watcher and no engine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anstream::{AutoStream, ColorChoice};
use cargo_metadata::{CargoOpt, MetadataCommand, Package, PackageId, Target, TargetKind};

use super::cargo::{Build, BuildOutput, Maker, spawn};
use super::dep_info;
use super::error::BuildError;
use super::inputs::{Inputs, NewFiles};
use super::options::CargoFlags;
use super::rustc::RustcCommand;
use super::target::TARGET;
use super::toolchain::{cargo_for_target, clean};

/// A crate that builds to a guest.
#[derive(Clone, Debug)]
pub struct GuestCrate {
    folder: PathBuf,
    name: String,
    package: PackageId,
    /// This package and its path dependencies.
    packages: Vec<LocalPackage>,
    workspace: PathBuf,
    /// The library's first source file.
    pub(super) root: PathBuf,
    /// Folders that cargo writes.
    outputs: Vec<PathBuf>,
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
    /// True if the package has a build script, which cargo has to ask.
    has_script: bool,
    /// The command that compiled the guest last.
    rustc: Option<RustcCommand>,
    /// Files that this description depends on, with their modification times. A missing file has none.
    description: Vec<(PathBuf, Option<SystemTime>)>,
}

/// The part of cargo's output that is shown, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The terminal gets all of it, for the long first build.
    Directly,
    /// The host gets the messages.
    Messages,
    /// The host gets the messages and the commands, for [`GuestCrate::start_rustc`]. Dependencies that are
    /// compiled show their warnings then.
    WithCommands,
}

/// A package whose sources lie on this machine and may be edited.
#[derive(Clone, Debug)]
struct LocalPackage {
    id: PackageId,
    folder: PathBuf,
}

impl GuestCrate {
    /// Asks cargo about the crate in a folder. Takes about 50 to 200 ms.
    ///
    /// # Errors
    /// When there is no manifest, cargo does not understand it, or the crate builds no cdylib.
    pub fn open(folder: &Path, flags: &CargoFlags) -> Result<Self, BuildError> {
        if !folder.join("Cargo.toml").is_file() {
            return Err(BuildError::NoManifest(folder.to_owned()));
        }
        // The path is resolved, since cargo does not recognise a member of a workspace through a link.
        let folder = &std::fs::canonicalize(folder).unwrap_or(folder.to_owned());
        let cargo = cargo_for_target(folder)?;
        let mut command = MetadataCommand::new();
        if !flags.features.is_empty() {
            command.features(CargoOpt::SomeFeatures(flags.features.clone()));
        }
        if flags.no_default_features {
            command.features(CargoOpt::NoDefaultFeatures);
        }
        // cargo and rustup look for their configuration from the working folder upwards.
        command.current_dir(folder).cargo_path("cargo");
        match cargo {
            ["rustup", "run", toolchain, _] => command.env("RUSTUP_TOOLCHAIN", toolchain),
            _ => command.env_remove("RUSTUP_TOOLCHAIN"),
        };
        // Dated before cargo reads them, so that a later change is one.
        let (dated, asked) = (description(folder, folder, &[]), SystemTime::now());
        let metadata = command
            .other_options(["--filter-platform".to_owned(), TARGET.to_owned()])
            .exec()
            .map_err(|error| BuildError::Metadata(error.to_string()))?;
        let package = metadata
            .root_package()
            .ok_or_else(|| of_a_workspace(folder, &metadata))?;
        let library =
            cdylib(package).ok_or_else(|| BuildError::NoCdylib(package.name.to_string()))?;
        let target_folder = metadata.target_directory.as_std_path();
        let is_redirected = !is_writable(target_folder);
        let packages = local_packages(&metadata, &package.id);
        let workspace = metadata.workspace_root.as_std_path().to_owned();
        let build_folder = metadata.build_directory.as_deref();
        let outputs = [Some(&*metadata.target_directory), build_folder];
        let outputs = outputs.into_iter().flatten();
        Ok(Self {
            folder: folder.to_owned(),
            name: package.name.to_string(),
            package: package.id.clone(),
            description: as_dated(description(folder, &workspace, &packages), &dated, asked),
            root: library.src_path.as_std_path().to_owned(),
            outputs: outputs.map(|path| path.as_std_path().to_owned()).collect(),
            packages,
            workspace,
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
            has_script: package
                .targets
                .iter()
                .any(|target| target.is_kind(TargetKind::CustomBuild)),
            rustc: None,
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
            rustc: None,
            ..self.clone()
        }
    }

    /// True if no manifest and no configuration has changed since. Asking cargo again would take longer than
    /// a small build.
    pub(super) fn is_current(&self) -> bool {
        let mut files = self.description.iter();
        files.all(|(file, date)| written(file) == *date)
    }

    /// Returns the inputs that are known before a build: those of the build before, if there was one in this
    /// target folder, and all modules of the local packages.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        let mut inputs = self.described();
        for package in &self.packages {
            inputs.add_folder(&package.folder, NewFiles::AllModules);
        }
        // Without a build before there is no such file.
        let read = dep_info::read(&self.artifact().with_extension("d"), &self.workspace);
        self.add_read(&mut inputs, read.unwrap_or_default());
        self.add_compiled(&mut inputs);
        inputs
    }

    /// Returns the inputs of a build that succeeded, from its dep-info; and the beginning of a name that the
    /// dep-info cannot hold. cargo's reference has them: a package whose build script names no file is built
    /// anew when any of its files changes.
    ///
    /// # Errors
    /// When the dep-info cannot be read.
    pub(super) fn inputs_of(
        &self,
        built: &BuildOutput,
    ) -> std::io::Result<(Inputs, Option<PathBuf>)> {
        let mut inputs = self.described();
        let read = dep_info::read(&built.wasm.with_extension("d"), &self.workspace)?;
        let broken_name = dep_info::broken_name(&read).map(Path::to_owned);
        self.add_read(&mut inputs, read);
        self.add_compiled(&mut inputs);
        for package in &self.packages {
            if built.reads_whole_package.contains(&package.id) {
                inputs.add_folder(&package.folder, NewFiles::Everything);
            }
        }
        Ok((inputs, broken_name))
    }

    /// Returns the inputs that a failed build adds: the files that its messages name, and those that the
    /// compiler had read before it failed.
    pub(super) fn inputs_of_failure(&self, messages: &str) -> Inputs {
        let mut inputs = Inputs::default();
        let folders = [&*self.workspace, &*self.folder];
        self.add_read(&mut inputs, named_in(messages, &folders));
        self.add_compiled(&mut inputs);
        inputs
    }

    /// Adds what the compiler has read of the guest's own crate. Unlike cargo, it names a file as the source
    /// does, so a symbolic link is named and not its target.
    fn add_compiled(&self, inputs: &mut Inputs) {
        let artifact = self.artifact();
        let deps = artifact.parent().map(|folder| folder.join("deps"));
        let newest = deps.and_then(|deps| newest_dep_info(&deps, &self.lib_name));
        let read = newest.and_then(|file| dep_info::read(&file, &self.workspace).ok());
        self.add_read(inputs, read.unwrap_or_default());
    }

    /// Inputs that are no sources: manifests, configuration, and the list of wanted capabilities.
    fn described(&self) -> Inputs {
        let mut inputs = Inputs::default();
        for (file, _) in &self.description {
            inputs.add_file(file);
        }
        inputs.add_file(&self.workspace.join("Cargo.lock"));
        inputs.add_file(&self.folder.join("wants.toml"));
        for package in &self.packages {
            // cargo finds a build script by its name.
            inputs.add_file(&package.folder.join("build.rs"));
        }
        for output in self.outputs.iter().chain([&self.built_in]) {
            inputs.exclude(output);
        }
        inputs
    }

    /// Adds files that a build has read, and the folders of its modules. Files that build scripts have made
    /// in the target folder are no inputs.
    fn add_read(&self, inputs: &mut Inputs, read: Vec<PathBuf>) {
        for file in read {
            if self.outputs.iter().any(|output| file.starts_with(output)) {
                continue;
            }
            if let (Some("rs"), Some(folder)) =
                (file.extension().and_then(|end| end.to_str()), file.parent())
            {
                inputs.add_folder(folder, NewFiles::Modules);
            }
            // A build script may name a whole folder.
            inputs.add(&file);
        }
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
        let mut build = self.start(Shown::Directly)?;
        loop {
            if let Some(done) = build.poll() {
                if let Err(BuildError::Failed(advice)) = &done
                    && !advice.is_empty()
                {
                    // Without a terminal there is nobody to tell.
                    let _ = writeln!(std::io::stderr(), "\n{advice}");
                }
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

    /// Keeps the command of a build, to be called again by [`GuestCrate::start_rustc`]. Must follow a build that
    /// shows it or has read other files than the one before.
    pub(super) fn learn_rustc(&mut self, built: &BuildOutput) {
        // cargo shows no command if it has nothing to compile; then the last one still holds.
        let newest = built.rustc.clone().or_else(|| self.rustc.take());
        let newest = newest.filter(|_| !self.has_script);
        self.rustc = newest.and_then(|command| command.with_sources(&self.lib_name).ok());
    }

    /// Starts the compiler as cargo called it last. `None` if anything has changed that only cargo understands,
    /// or if cargo is at work.
    pub(super) fn start_rustc<'a>(
        &self,
        mut changed: impl Iterator<Item = &'a Path>,
    ) -> Option<Build> {
        let command = self.rustc.as_ref()?;
        let started = changed
            .all(|file| command.reads(file))
            .then(|| command.start());
        let (child, lock) = started?.ok()?;
        let maker = Maker::Rustc {
            command: command.clone(),
            folder: self.folder.clone(),
            _lock: lock,
        };
        Build::new(child, false, maker).ok()
    }

    /// Starts cargo.
    pub(super) fn start(&self, shown: Shown) -> Result<Build, BuildError> {
        let loud = shown == Shown::Directly;
        let polite: &[&str] = if self.in_background && cfg!(unix) {
            &["nice", "-n", "10"]
        } else {
            &[]
        };
        let has_colors = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        let mut words = polite.iter().chain(self.cargo);
        let mut command = clean(words.next().expect("cargo's name is one"));
        command
            .current_dir(&self.folder)
            .args(words)
            .args(["build", "--lib", "--target", TARGET])
            .arg(match (loud, has_colors) {
                (false, _) => "--message-format=json-render-diagnostics",
                // The host shows the compiler's messages itself, to know which files they name.
                (true, true) => "--message-format=json-diagnostic-rendered-ansi",
                (true, false) => "--message-format=json",
            })
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(if loud {
                Stdio::inherit()
            } else {
                Stdio::piped()
            });
        let shows_commands = shown == Shown::WithCommands && cfg!(unix) && !self.flags.release;
        if shows_commands {
            command.arg("-vv");
        } else if !loud {
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
        if has_colors || shows_commands {
            command.arg("--color=always");
        }
        let child = spawn(&mut command).map_err(|error| BuildError::NoCargo(error.to_string()))?;
let maker = Maker::Cargo {
            package: self.package.clone(),
            name: self.name.clone(),
            folder: self.folder.clone(),
            workspace: self.workspace.clone(),
            library: self.lib_name.clone(),
            shows_commands,
        };
        Build::new(child, loud, maker).map_err(|error| {
            BuildError::Failed(format!("no thread to read the output of cargo: {error}"))
        })
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

/// Lists a package and all its path dependencies.
fn local_packages(metadata: &cargo_metadata::Metadata, root: &PackageId) -> Vec<LocalPackage> {
    let mut reached = vec![root.clone()];
    let mut packages = Vec::new();
    let mut next = 0;
    while let Some(id) = reached.get(next).cloned() {
        next += 1;
        let package = &metadata[&id];
        let folder = package.manifest_path.parent();
        if let (None, Some(folder)) = (&package.source, folder) {
            let node = metadata.resolve.iter().flat_map(|graph| &graph.nodes);
            for dependency in node
                .filter(|node| node.id == id)
                .flat_map(|node| &node.deps)
            {
                if !reached.contains(&dependency.pkg) {
                    reached.push(dependency.pkg.clone());
                }
            }
            let folder = folder.as_std_path().to_owned();
            packages.push(LocalPackage { id, folder });
        }
    }
    packages
}

/// Lists the files by which cargo and rustup decide how a crate is built, with their dates. cargo reads its
/// configuration in every folder from the working folder upwards and in its home; rustup looks for
/// `rust-toolchain.toml` the same way. See <https://doc.rust-lang.org/cargo/reference/config.html> and
/// <https://rust-lang.github.io/rustup/overrides.html>.
fn description(
    folder: &Path,
    workspace: &Path,
    packages: &[LocalPackage],
) -> Vec<(PathBuf, Option<SystemTime>)> {
    const CONFIGURATION: [&str; 5] = [
        ".cargo/config.toml",
        ".cargo/config",
        "rust-toolchain.toml",
        "rust-toolchain",
        "Cargo.toml",
    ];
    let manifests = packages.iter().map(|package| &*package.folder);
    let manifests = manifests.chain([workspace]);
    let mut files: Vec<PathBuf> = manifests.map(|folder| folder.join("Cargo.toml")).collect();
    for folder in folder.ancestors() {
        files.extend(CONFIGURATION.map(|name| folder.join(name)));
    }
    if let Some(home) = cargo_home() {
        files.extend(["config.toml", "config"].map(|name| home.join(name)));
    }
    files.sort();
    files.dedup();
    let dated = files.into_iter().map(|file| {
        let written = written(&file);
        (file, written)
    });
    dated.collect()
}

/// Takes the dates of before cargo was asked. A file that is new here and was written since has none, so the
/// description is not current.
fn as_dated(
    description: Vec<(PathBuf, Option<SystemTime>)>,
    before: &[(PathBuf, Option<SystemTime>)],
    asked: SystemTime,
) -> Vec<(PathBuf, Option<SystemTime>)> {
    let dated = description.into_iter().map(|(file, now)| {
        let date = match before.binary_search_by(|(known, _)| known.cmp(&file)) {
            Ok(at) => before[at].1,
            Err(_) => now.filter(|now| *now < asked),
        };
        (file, date)
    });
    dated.collect()
}

fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// Finds the paths in a compiler's messages, which are relative to one of these folders. Only paths that are
/// there, or whose folder is there, are returned.
fn named_in(messages: &str, folders: &[&Path]) -> Vec<PathBuf> {
    /// Enough for any message that a person reads.
    const MOST: usize = 200;
    let messages = anstream::adapter::strip_str(messages).to_string();
    let quoted = messages.split(['`', '"', '\n']);
    let words = messages.split([' ', '`', '"', '\n', '(', ')', ',', ';']);
    let mut found = Vec::new();
    for word in quoted.chain(words) {
        // A place ends with line and column.
        let word = word.trim_start_matches([' ', '-', '>', ':']).trim_end();
        let end = |c: char| c == ':' || c.is_ascii_digit();
        let word = match word.find(':') {
            Some(colon) if word[colon..].chars().all(end) => &word[..colon],
            _ => word,
        };
        let is_path = word.contains('.') || word.contains(['/', std::path::MAIN_SEPARATOR]);
        if !is_path || word.len() > 4096 {
            continue;
        }
        for folder in folders {
            let path = folder.join(word);
            let is_near = path.is_file() || path.parent().is_some_and(Path::is_dir);
            if is_near && !path.is_dir() && !found.contains(&path) {
                found.push(path);
            }
        }
        if found.len() >= MOST {
            break;
        }
    }
    found
}

/// Returns what may make a crate readable that cargo cannot describe: its manifest and configuration, and the
/// files that the message names.
pub(super) fn inputs_of_unreadable(folder: &Path, message: &str) -> Inputs {
    let folder = &std::fs::canonicalize(folder).unwrap_or(folder.to_owned());
    let mut inputs = Inputs::default();
    for (file, _) in description(folder, folder, &[]) {
        inputs.add_file(&file);
    }
    for file in named_in(message, &[folder]) {
        inputs.add_file(&file);
    }
    inputs.add_file(&folder.join("Cargo.lock"));
    inputs.add_file(&folder.join("src/lib.rs"));
    inputs
}

/// Returns the dep-info that the compiler wrote last for a library.
fn newest_dep_info(deps: &Path, library: &str) -> Option<PathBuf> {
    let (exact, prefix) = (format!("{library}.d"), format!("{library}-"));
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A library for other crates has a hash in its name, and a cdylib has none.
        name == exact || name.starts_with(&prefix) && name.ends_with(".d")
    };
    let files = std::fs::read_dir(deps).ok()?.flatten();
    let files = files.map(|entry| entry.path()).filter(is_it);
    files.max_by_key(|path| written(path))
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
