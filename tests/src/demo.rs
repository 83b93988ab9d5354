//! A copy of a demo to work on, so that no test touches tracked files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Returns the root of this workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
}

/// A demo in a temporary folder, with the SDK of this workspace.
pub struct Demo {
    root: TempDir,
    name: String,
}

impl Demo {
    /// Copies `demos/NAME` with its built dependencies, so that only the guest's own crate is compiled.
    #[track_caller]
    #[must_use]
    pub fn copy(name: &str) -> Self {
        let demo = Self::copy_cold(name);
        Self::seed(&demo.target());
        // The guest itself may have been built as well, and has the other folder in its line tables.
        let source = std::fs::File::options().append(true).open(demo.source());
        source
            .and_then(|source| source.set_modified(std::time::SystemTime::now()))
            .unwrap_or_else(|error| panic!("cannot date {name}: {error}"));
        demo
    }

    /// Copies the demos' built dependencies, if there are any, into a target folder: those for wasm, and
    /// those for the guests' own tests.
    #[track_caller]
    pub fn seed(target: &Path) {
        let built = workspace().join("demos/target");
        for profile in ["debug", "wasm32-unknown-unknown/debug"] {
            let (from, to) = (built.join(profile), target.join(profile));
            std::fs::create_dir_all(&to)
                .unwrap_or_else(|error| panic!("cannot make {}: {error}", to.display()));
            // Not the caches of incremental builds: half of the bytes, and of no use at another path.
            for part in [".fingerprint", "build"] {
                let part = from.join(part);
                if part.is_dir() {
                    // The files keep their times, by which cargo decides what to rebuild.
                    copy(&part, &to);
                }
            }
            link_libraries(&from.join("deps"), &to.join("deps"));
        }
    }

    /// Copies `demos/NAME` without build output.
    #[track_caller]
    #[must_use]
    pub fn copy_cold(name: &str) -> Self {
        let root = TempDir::new().expect("a temporary folder can be made");
        let demos = workspace().join("demos");
        for part in [".cargo", "Cargo.lock"] {
            copy(&demos.join(part), &root.path().join(part));
        }
        // A plugin's folder lies deeper, and its crate refers to its application's WIT and to the
        // contract.
        let folder = root.path().join(name);
        if let (Some(parent), Some(above)) = (folder.parent(), Path::new(name).parent())
            && !above.as_os_str().is_empty()
        {
            std::fs::create_dir_all(parent).expect("a temporary folder can be made");
            copy(&demos.join(above).join("wit"), &parent.join("wit"));
        }
        copy(&demos.join(name), &folder);
        let demo = Self {
            root,
            name: name.to_owned(),
        };
        let sdk = workspace().join("guest-sdk");
        let manifest = read(&demos.join("Cargo.toml"));
        let members = manifest
            .lines()
            .find(|line| line.starts_with("members = "))
            .expect("demos/Cargo.toml names its members");
        let manifest = manifest
            .replace(members, &format!("members = [{name:?}]"))
            .replace("../guest-sdk", &sdk.display().to_string());
        write(&demo.root.path().join("Cargo.toml"), &manifest);
        if name.contains('/') {
            let wit = format!("\"{}\"", workspace().join("wit").display());
            demo.replace("\"../../../wit\"", &wit);
        }
        demo
    }

    /// Returns the folder of the guest crate.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.root.path().join(&self.name)
    }

    /// Returns the guest's source file.
    #[must_use]
    pub fn source(&self) -> PathBuf {
        self.folder().join("src/lib.rs")
    }

    /// Returns cargo's target folder.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.root.path().join("target")
    }

    /// Returns the file of the last build.
    #[must_use]
    pub fn wasm(&self) -> PathBuf {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        let file = format!("wasm32-unknown-unknown/debug/{name}.wasm");
        self.target().join(file)
    }

    /// Copies the file of the last build to another name.
    #[track_caller]
    #[must_use]
    pub fn keep_wasm(&self, name: &str) -> PathBuf {
        let kept = self.root.path().join(name);
        let wasm = self.wasm();
        std::fs::copy(&wasm, &kept)
            .unwrap_or_else(|error| panic!("cannot keep {}: {error}", wasm.display()));
        kept
    }

    /// Returns a path beside the guest's folder, for a run's files.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Applies one of the demo's `edits/`, as a person would.
    #[track_caller]
    pub fn apply(&self, edit: &str) {
        let patch = self.folder().join("edits").join(edit);
        let output = Command::new("git")
            .args(["apply", "--verbose"])
            .arg(&patch)
            .current_dir(self.folder())
            // If the temporary folder lay in a repository, git would ignore files outside of it.
            .env("GIT_CEILING_DIRECTORIES", self.root.path())
            .stdin(Stdio::null())
            .output()
            .expect("git starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{edit} does not apply: {said}");
        assert!(said.contains("cleanly"), "{edit} changes nothing: {said}");
    }

    /// Replaces a piece of the source, which must occur once.
    #[track_caller]
    pub fn replace(&self, old: &str, new: &str) {
        let source = read(&self.source());
        assert_eq!(
            source.matches(old).count(),
            1,
            "{old:?} in {}",
            self.source().display()
        );
        write(&self.source(), &source.replace(old, new));
    }

    /// Builds the guest without the host.
    #[track_caller]
    pub fn build(&self) {
        let output = cargo_for_guests()
            .args(["build", "--lib", "--target", "wasm32-unknown-unknown"])
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .output()
            .expect("cargo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the guest does not build: {said}");
    }
}

/// Returns the cargo that can build guests, without the environment of an outer cargo.
#[must_use]
pub fn cargo_for_guests() -> Command {
    let mut cargo = if has_target() {
        Command::new("cargo")
    } else {
        let mut rustup = Command::new("rustup");
        rustup.args(["run", "vblank-guest", "cargo"]);
        rustup
    };
    for name in ["CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN", "CARGO", "RUSTC"] {
        cargo.env_remove(name);
    }
    cargo
}

/// Returns true if rustup's own compiler can build guests. Otherwise the one of `cargo xtask setup` is
/// needed.
fn has_target() -> bool {
    let output = Command::new("rustc")
        .args([
            "--print",
            "target-libdir",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .env_remove("RUSTUP_TOOLCHAIN")
        .output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Copies files and folders with their times and modes.
#[track_caller]
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .expect("cp starts");
    assert!(
        status.success(),
        "cannot copy {} to {}",
        from.display(),
        to.display()
    );
}

/// Copies a folder of compiled crates. Libraries are linked, since they are most of the bytes and the compiler
/// replaces them instead of writing into them. Does nothing if there is no such folder.
#[track_caller]
fn link_libraries(from: &Path, to: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else {
        return;
    };
    std::fs::create_dir_all(to)
        .unwrap_or_else(|error| panic!("cannot make {}: {error}", to.display()));
    let mut copied = Command::new("cp");
    copied.args(["-a", "-t"]).arg(to);
    for entry in entries.flatten() {
        let path = entry.path();
        let end = path.extension().and_then(|end| end.to_str());
        let is_library = matches!(end, Some("rlib" | "rmeta" | "so"));
        // Another file system takes no links.
        if !is_library || std::fs::hard_link(&path, to.join(entry.file_name())).is_err() {
            copied.arg(path);
        }
    }
    // A folder of libraries alone is complete.
    if copied.get_args().len() > 3 {
        let status = copied.status().expect("cp starts");
        assert!(status.success(), "cannot copy {}", from.display());
    }
}

#[track_caller]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Writes a file in place, as most editors do.
#[track_caller]
fn write(path: &Path, text: &str) {
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}
