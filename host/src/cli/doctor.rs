//! `host doctor`: examines which requirements of guests this machine meets, and how to get the rest. It
//! installs nothing.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use vblank_input::Size;
use vblank_render::assets::Assets;
use vblank_render::sound;
use vblank_render::{DRIVERS, Kind, Prefer, RenderError, Renderer, WgpuRenderer};
use vblank_runtime::build::{
    BuildError, CargoFlags, GuestCrate, TARGET, Toolchain, is_told_of_changes,
};
use vblank_runtime::guest::{ABI, EngineOptions, WASMTIME};

use super::folders;
use super::output::fail;
use crate::{app, game};

/// Print what is missing on this machine, and how to install it
///
/// Exit code: 0 when a guest can be built and run without a window, 1 otherwise
#[derive(Args)]
pub(super) struct Doctor {
    /// The folder of a guest crate: asks the tools there, and lists the build inputs that a run watches
    guest: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Findings of all checks. Names are a contract.
#[derive(Serialize)]
struct Findings {
    /// True if nothing is missing.
    ok: bool,
    checks: Vec<Check>,
    /// Inputs of the guest that are known without a build. Absent if no guest was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<InputList>,
}

#[derive(Serialize)]
struct InputList {
    files: Vec<PathBuf>,
    /// Folders in which a new file would be an input as well.
    folders: Vec<PathBuf>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    /// The finding, or the problem.
    text: String,
    /// Advice on how to solve the problem.
    advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Guests run, and some feature is missing or slower.
    Warning,
    /// No guest can be built or run.
    Missing,
}

impl Doctor {
    pub(super) fn execute(self) -> u8 {
        let guest = self.guest.as_deref().unwrap_or(Path::new("."));
        // What is missing may be the reason why the crate cannot be read, so it is shown in any case.
        let (inputs, unreadable) = match self.guest.as_deref().map(inputs_of) {
            Some(Ok(inputs)) => (Some(inputs), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        let checks = examine(guest);
        let ok = checks.iter().all(|check| check.status != Status::Missing);
        let findings = Findings { ok, checks, inputs };
        if self.json {
            match serde_json::to_string_pretty(&findings) {
                Ok(json) => outln!("{json}"),
                Err(error) => return fail(&error.into(), 1),
            }
        } else {
            print(&findings);
        }
        if let Some(error) = unreadable {
            return fail(&error.into(), 1);
        }
        u8::from(!ok)
    }
}

/// Lists the existing inputs of a guest crate.
fn inputs_of(guest: &Path) -> Result<InputList, BuildError> {
    let inputs = GuestCrate::open(guest, &CargoFlags::default())?.inputs();
    let files = inputs.files().filter(|file| file.exists());
    Ok(InputList {
        files: files.map(Path::to_owned).collect(),
        folders: inputs
            .folders()
            .map(|(folder, _)| folder.to_owned())
            .collect(),
    })
}

fn examine(guest: &Path) -> Vec<Check> {
    let mut checks = vec![
        Check::ok("host", env!("CARGO_PKG_VERSION")),
        Check::ok("contract", format!("vblank:guest@{ABI}")),
        engine(),
    ];
    checks.extend(toolchain(&Toolchain::survey(guest)));
    checks.push(graphics());
    checks.push(display());
    checks.push(sound(sound::has_device()));
    let told = is_told_of_changes(&std::env::temp_dir());
    checks.push(watching(told, limit("watches"), limit("instances")));
    checks.extend([cache(), folder("data", folders::data())]);
    checks.push(folder("sockets", folders::sockets()));
    checks
}

fn engine() -> Check {
    match game::engine(&Assets::default(), EngineOptions::default()) {
        Ok(_) => Check::ok("wasmtime", WASMTIME),
        Err(error) => Check::missing(
            "wasmtime",
            format!("{WASMTIME} does not start: {error}"),
            "it needs a 64-bit x86 or ARM processor, and leave to make memory executable",
        ),
    }
}

fn toolchain(found: &Toolchain) -> [Check; 4] {
    const INSTALL: &str = "install Rust from https://rustup.rs";
    let tool = |name, asked: &Result<String, String>, advice: &str| match asked {
        Ok(version) => Check::ok(name, version),
        Err(why) => Check::missing(name, format!("cannot be started: {why}"), advice),
    };
    let target = match &found.target {
        Ok(of) => Check::ok("target", of),
        Err(BuildError::NoTarget { toolchain }) => {
            let add = format!("type: rustup target add {TARGET}");
            Check::missing(
                "target",
                format!("the compiler has no {TARGET} target"),
                match toolchain {
                    Some(name) => format!("{add} --toolchain {name}"),
                    None => add,
                },
            )
        }
        Err(error @ BuildError::Toolchain { .. }) => Check::missing(
            "target",
            error.to_string(),
            "correct or remove rust-toolchain.toml, or install the toolchain that it names",
        ),
        Err(_) => Check::missing("target", "there is no compiler to ask for it", INSTALL),
    };
    [
        tool("rustc", &found.rustc, INSTALL),
        tool("cargo", &found.cargo, INSTALL),
        target,
        tool(
            "linker",
            &found.linker,
            "install a C compiler, with which rustc links the macros of guests (on Debian: apt install gcc)",
        ),
    ]
}

/// Checks the graphics by opening them as a game does, because an installed driver may not work.
fn graphics() -> Check {
    const NAME: &str = "graphics";
    match WgpuRenderer::headless(Size::new(16, 16), Prefer::Auto) {
        Ok(renderer) if renderer.kind() == Kind::Software => {
            Check::ok(NAME, format!("{}, drawn by the processor", renderer.name()))
        }
        Ok(renderer) => Check::ok(NAME, renderer.name()),
        Err(RenderError::NoAdapter(what)) => {
            Check::warning(NAME, format!("no {what}: nothing will be drawn"), DRIVERS)
        }
        Err(error) => {
            let advice = "update its driver, or run with --renderer software";
            Check::warning(NAME, format!("nothing will be drawn: {error}"), advice)
        }
    }
}

fn display() -> Check {
    match app::Display::open() {
        Ok(_) => Check::ok("display", "a window can be opened"),
        Err(why) => Check::warning(
            "display",
            why.to_string(),
            "games run without a window until then, as with --headless",
        ),
    }
}

/// Checks the sound. `has_device` is `None` in a build without sound.
fn sound(has_device: Option<bool>) -> Check {
    const NAME: &str = "sound";
    match has_device {
        Some(true) => Check::ok(NAME, "there is something to play on"),
        Some(false) => Check::warning(
            NAME,
            "no device to play on",
            "games are silent, and otherwise the same",
        ),
        None => Check::warning(
            NAME,
            "this host was built without it",
            "build it with the default features; on Debian that needs: apt install libasound2-dev libudev-dev",
        ),
    }
}

/// Checks the watching of files. `told` is the result of trying the system's notifications. The limits
/// are Linux's, and all programs of a user share them.
fn watching(told: Result<(), String>, watches: Option<u64>, instances: Option<u64>) -> Check {
    const NAME: &str = "watching";
    /// A folder takes one watch, and an editor some thousands.
    const WATCHES: u64 = 8192;
    /// A host takes one instance.
    const INSTANCES: u64 = 32;
    let mut text = match &told {
        Ok(()) => "the system reports changes".to_owned(),
        Err(why) => format!("changes are looked for twice a second, since {why}"),
    };
    let mut advice = Vec::new();
    for (name, limit, enough) in [
        ("max_user_watches", watches, WATCHES),
        ("max_user_instances", instances, INSTANCES),
    ] {
        let Some(limit) = limit else { continue };
        text += &format!(", {name} {limit}");
        if limit < enough || told.is_err() {
            advice.push(format!("fs.inotify.{name}={}", enough.max(limit * 2)));
        }
    }
    match (told, &advice[..]) {
        (Ok(()), []) => Check::ok(NAME, text),
        (_, []) => Check::warning(NAME, text, "set how often with --poll MS"),
        _ => {
            let advice = format!("raise the limits: sudo sysctl -w {}", advice.join(" "));
            Check::warning(NAME, text, advice)
        }
    }
}

/// Returns one of inotify's limits, on a system with inotify.
fn limit(name: &str) -> Option<u64> {
    let file = format!("/proc/sys/fs/inotify/max_user_{name}");
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn cache() -> Check {
    match folders::compiled() {
        Some(cache) => folder("cache", Some(cache.folder)),
        None if std::env::var_os("VBLANK_CACHE").is_some() => {
            Check::ok("cache", "off, as VBLANK_CACHE says")
        }
        None => folder("cache", None),
    }
}

fn folder(name: &'static str, folder: Option<PathBuf>) -> Check {
    let Some(folder) = folder else {
        let text = "the system names no home folder";
        return Check::warning(name, text, "set HOME");
    };
    let written =
        std::fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder).map(drop));
    let path = folder.display();
    match written {
        Ok(()) => Check::ok(name, path.to_string()),
        Err(error) => {
            let advice = match name {
                "cache" => {
                    "code is compiled anew at every start; VBLANK_CACHE names another folder"
                }
                "data" => "there is no --resume and no `host history` until it can be written",
                _ => "`host rollback` and `host allow` find no host until it can be written",
            };
            Check::warning(name, format!("cannot write to {path}: {error}"), advice)
        }
    }
}

fn print(findings: &Findings) {
    for check in &findings.checks {
        let status = match check.status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Missing => "missing",
        };
        outln!("{status:<7}  {:<8}  {}", check.name, check.text);
        if let Some(advice) = &check.advice {
            outln!("{:<7}  {:<8}  {advice}", "", "");
        }
    }
    if let Some(inputs) = &findings.inputs {
        outln!("\ninputs of the last build, and folders in which a new file would be one:");
        for file in &inputs.files {
            outln!("  {}", file.display());
        }
        for folder in &inputs.folders {
            outln!("  {}{}", folder.display(), std::path::MAIN_SEPARATOR);
        }
    }
    outln!(
        "\n{}",
        if findings.ok {
            "guests can be built and run here"
        } else {
            "no guest can be built and run here until what is missing is there"
        }
    );
}

impl Check {
    fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            text: text.into(),
            advice: None,
        }
    }

    fn warning(name: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            status: Status::Warning,
            advice: Some(advice.into()),
            ..Self::ok(name, text)
        }
    }

    fn missing(name: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            status: Status::Missing,
            ..Self::warning(name, text, advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_limits_are_a_warning_with_the_line_that_raises_them() {
        assert_eq!(
            watching(Ok(()), Some(100_000), Some(128)).status,
            Status::Ok
        );
        let low = watching(Ok(()), Some(100), Some(128));
        assert_eq!(low.status, Status::Warning);
        let advice = low.advice.unwrap();
        assert!(
            advice.ends_with("sysctl -w fs.inotify.max_user_watches=8192"),
            "{advice}"
        );
    }

    #[test]
    fn limits_that_are_used_up_are_doubled() {
        let used = watching(Err("no space".to_owned()), Some(100_000), Some(128));
        let advice = used.advice.unwrap();
        assert!(
            advice.ends_with("max_user_watches=200000 fs.inotify.max_user_instances=256"),
            "{advice}"
        );
    }

    #[test]
    fn where_there_is_no_inotify_nothing_is_said_of_it() {
        assert_eq!(
            watching(Ok(()), None, None),
            Check::ok("watching", "the system reports changes")
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_warning_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let inside = file.path().join("cache");
        let check = folder("cache", Some(inside.clone()));
        assert_eq!(check.status, Status::Warning);
        assert!(
            check.text.contains(&*inside.to_string_lossy()),
            "{}",
            check.text
        );
    }
}
