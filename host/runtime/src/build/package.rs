//! A guest crate, as cargo describes it: its name, its source folders, and how it is built. Knows no
//! watcher and no engine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use anstream::{AutoStream, ColorChoice};
use cargo_metadata::{CargoOpt, MetadataCommand, Package, PackageId, Target, TargetKind};

use super::cargo::{Build, BuildOutput, Maker, progress};
use super::dep_info;
use super::description::{Description, written};
use super::error::BuildError;
use super::failure::{failed_scripts, named_in};
use super::inputs::{Inputs, NewFiles};
use super::options::CargoFlags;
use super::rustc::RustcCommand;
use super::target::TARGET;
use super::toolchain::{cargo_for_target, clean, spawn};

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
    /// Files that this description depends on.
    description: Description,
    /// Folder of the crate as the user named it, which may lead through links.
    named: PathBuf,
}

/// The part of cargo's output that is shown, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The terminal gets all of it as it comes, for the long first build.
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
        let named = folder.to_owned();
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
        // Read before cargo reads them, so that a later change is one.
        let asked = SystemTime::now();
        let before = Description::of(folder, std::iter::empty());
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
        let local = packages.iter().map(|package| &metadata[&package.id]);
        let sources =
            local.flat_map(|package| package.targets.iter().map(|target| &target.src_path));
        let sources: Vec<_> = sources.map(|path| path.as_std_path().to_owned()).collect();
        let outputs = outputs.flat_map(|folder| written_by_cargo(folder.as_std_path(), &sources));
        let outputs = outputs.collect();
        let folders = packages.iter().map(|package| &*package.folder);
        let described = Description::of(folder, folders.chain([&*workspace]));
        Ok(Self {
            folder: folder.to_owned(),
            name: package.name.to_string(),
            package: package.id.clone(),
            description: described.read_as(&before, asked),
            named,
            root: library.src_path.as_std_path().to_owned(),
            outputs,
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

    /// True if no manifest and no configuration has changed since, and the folder is the same. Asking cargo
    /// again would take longer than a small build.
    pub(super) fn is_current(&self) -> bool {
        let now = std::fs::canonicalize(&self.named);
        now.is_ok_and(|folder| folder == self.folder) && self.description.is_current()
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
                add_whole_package(&mut inputs, &package.folder);
            }
        }
        Ok((inputs, broken_name))
    }

    /// Returns the inputs that a failed build adds: the files that its messages name, those that the compiler
    /// had read before it failed, and those of build scripts that have failed.
    pub(super) fn inputs_of_failure(&self, messages: &str) -> Inputs {
        let mut inputs = Inputs::default();
        let folders = [&*self.workspace, &*self.folder];
        self.add_read(&mut inputs, named_in(messages, &folders));
        self.add_compiled(&mut inputs);
        for script in failed_scripts(messages) {
            let package = &script.package;
            let named = script.named.iter().map(|file| package.join(file));
            self.add_read(&mut inputs, named.collect());
            if !script.has_conditions {
                add_whole_package(&mut inputs, package);
            }
        }
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
        for file in self.description.files() {
            inputs.add_file(file);
        }
        // Leads through the links to the folder.
        inputs.add_file(&self.named.join("Cargo.toml"));
        inputs.add_file(&self.workspace.join("Cargo.lock"));
        inputs.add_file(&self.folder.join("wants.toml"));
        for package in &self.packages {
            // cargo finds a build script by its name.
            inputs.add_file(&package.folder.join("build.rs"));
        }
        for output in &self.outputs {
            inputs.exclude(output);
        }
        if self.is_redirected {
            inputs.exclude(&self.built_in);
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
            // A build script may name a whole folder, of which cargo counts every file.
            match file.is_dir() {
                true => inputs.add_folder(&file, NewFiles::AsCargo { hidden: true }),
                false => inputs.add_file(&file),
            }
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
            // With another base, paths in the dep-info would be relative to a folder that it does not name.
            .env("CARGO_BUILD_DEP_INFO_BASEDIR", self.built_in.join("none"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let shows_commands = shown == Shown::WithCommands && cfg!(unix) && !self.flags.release;
        match shown {
            Shown::Directly => drop(command.envs(progress())),
            _ if shows_commands => drop(command.arg("-vv")),
            _ => drop(command.arg("--quiet")),
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

/// Adds every file of a package, as cargo counts them for a build script that names none: hidden files only in a
/// repository, where version control names those that do not count.
fn add_whole_package(inputs: &mut Inputs, folder: &Path) {
    let mut above = folder.ancestors();
    let hidden = above.any(|folder| folder.join(".git").exists());
    inputs.add_folder(folder, NewFiles::AsCargo { hidden });
}

/// Returns what cargo writes into a target folder: everything in it, unless one of these sources lies in it too.
fn written_by_cargo(target: &Path, sources: &[PathBuf]) -> Vec<PathBuf> {
    const WRITTEN: [&str; 8] = [
        TARGET,
        "debug",
        "release",
        "build",
        "doc",
        "package",
        "tmp",
        ".rustc_info.json",
    ];
    let resolved = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = resolved(target);
    match sources
        .iter()
        .any(|source| resolved(source).starts_with(&folder))
    {
        true => WRITTEN.map(|name| target.join(name)).to_vec(),
        false => vec![target.to_owned()],
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

/// Returns what may make a crate readable that cargo cannot describe: its manifest and configuration, and the
/// files that the message names.
pub(super) fn inputs_of_unreadable(folder: &Path, message: &str) -> Inputs {
    let mut inputs = Inputs::default();
    // Leads through the links to the folder.
    inputs.add_file(&folder.join("Cargo.toml"));
    let folder = &std::fs::canonicalize(folder).unwrap_or(folder.to_owned());
    for file in Description::of(folder, std::iter::empty()).files() {
        inputs.add_file(file);
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
