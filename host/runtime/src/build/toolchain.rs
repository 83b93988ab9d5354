//! The compiler that guests are built with, and what it lacks.
//!
//! This module only asks: the user installs what is missing.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command};

use super::error::BuildError;
use super::target::TARGET;

/// Name of the toolchain that `cargo xtask setup` makes if rustup cannot download the target.
const FALLBACK_TOOLCHAIN: &str = "vblank-guest";

/// The tools to build guests with. Each is the tool's own version line, or the reason why it is missing.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: Result<String, String>,
    /// cargo.
    pub cargo: Result<String, String>,
    /// The guests' target, and the toolchain that has it.
    pub target: Result<String, BuildError>,
    /// The linker for programs that run during a build, such as macros.
    pub linker: Result<String, String>,
}

impl Toolchain {
    /// Asks the tools for their versions. They run in the folder of a guest, since a `rust-toolchain.toml`
    /// there may choose the toolchain. Takes about 100 ms.
    #[must_use]
    pub fn survey(folder: &Path) -> Self {
        let cargo = cargo_for_target(folder);
        let prefix: &[&str] = match &cargo {
            Ok([before @ .., _]) => before,
            _ => &[],
        };
        let tool = |name: &'static str| {
            let mut command = match prefix {
                [program, words @ ..] => {
                    let mut command = clean(program);
                    command.args(words).arg(name);
                    command
                }
                [] => clean(name),
            };
            version(command.current_dir(folder))
        };
        Self {
            rustc: tool("rustc"),
            cargo: tool("cargo"),
            target: cargo.as_ref().map_err(Clone::clone).map(|_| match prefix {
                [] => TARGET.to_owned(),
                _ => format!("{TARGET}, of the toolchain {FALLBACK_TOOLCHAIN}"),
            }),
            linker: linker(),
        }
    }
}

/// Returns the words before `build` that run a cargo with the guests' target. It is asked in the guest's
/// folder.
pub(super) fn cargo_for_target(folder: &Path) -> Result<&'static [&'static str], BuildError> {
    if has_target(clean("rustc").current_dir(folder), folder)? {
        return Ok(&["cargo"]);
    }
    let mut fallback = clean("rustup");
    fallback.args(["run", FALLBACK_TOOLCHAIN, "rustc"]);
    if has_target(fallback.current_dir(folder), folder).unwrap_or(false) {
        return Ok(&["rustup", "run", FALLBACK_TOOLCHAIN, "cargo"]);
    }
    let toolchain = named_toolchain(folder);
    Err(BuildError::NoTarget { toolchain })
}

/// Checks that a compiler has the standard library of the guests' target.
fn has_target(rustc: &mut Command, folder: &Path) -> Result<bool, BuildError> {
    let output = rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .env_remove("RUST_BACKTRACE")
        .output()
        .map_err(|error| BuildError::NoCargo(error.to_string()))?;
    if !output.status.success() {
        // rustup cannot choose a compiler, or the compiler does not run.
        let cause = String::from_utf8_lossy(&output.stderr);
        let cause = cause.trim().trim_start_matches("error: ");
        return Err(BuildError::Toolchain {
            folder: folder.to_owned(),
            cause: match cause {
                "" => format!("rustc ended with {}", output.status),
                cause => cause.to_owned(),
            },
        });
    }
    let library = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let standard_library = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("libstd-")
    };
    Ok(std::fs::read_dir(library).is_ok_and(|entries| entries.flatten().any(standard_library)))
}

/// Returns the toolchain that is used in a folder, unless it is the default one.
fn named_toolchain(folder: &Path) -> Option<String> {
    let mut rustup = clean("rustup");
    rustup.args(["show", "active-toolchain"]);
    let output = rustup.current_dir(folder).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // NAME (default), or NAME (overridden by …).
    let (name, reason) = text.lines().next()?.split_once(' ')?;
    (output.status.success() && !reason.contains("default")).then(|| name.to_owned())
}

/// Returns the version of `cc`, which rustc calls on Unix. Elsewhere rustc finds its linker or reports the
/// lack itself.
fn linker() -> Result<String, String> {
    if !cfg!(unix) {
        return Ok("as rustc finds it".to_owned());
    }
    version(&mut clean("cc"))
}

/// Returns the first line of the output of `--version`.
fn version(command: &mut Command) -> Result<String, String> {
    let output = command
        .arg("--version")
        .output()
        .map_err(|error| error.to_string())?;
    let first = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.lines().next().unwrap_or_default().trim().to_owned()
    };
    if output.status.success() {
        return Ok(first(&output.stdout));
    }
    Err(match first(&output.stderr) {
        nothing if nothing.is_empty() => output.status.to_string(),
        why => why,
    })
}

/// Creates a command without the environment variables that an outer cargo sets for its children.
pub(super) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(name);
    }
    command
}

/// Starts the command in a process group of its own, so that it and its compilers can be stopped together.
pub(super) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.spawn()
}
