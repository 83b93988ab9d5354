//! What a fresh machine lacks. Each step looks first, says what it does before it does it, and does
//! nothing where nothing is missing.

use std::path::Path;
use std::process::Command;

use crate::fallback;
use crate::process::{Failure, announce, output, run, succeeds};

/// What guests are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// For a window on X11 that nobody sees: what the window test needs.
const WINDOW_TEST: [&str; 8] = [
    "xvfb",
    "xauth",
    "xdotool",
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxkbcommon-x11-0",
];

/// What sound and gamepads are compiled with, and what looks for it.
const SOUND_AND_GAMEPADS: [&str; 3] = ["pkg-config", "libasound2-dev", "libudev-dev"];

/// Everything.
pub fn all() -> Result<(), Failure> {
    wasm_target()?;
    vulkan()?;
    sound_and_gamepads();
    install("window tests", &missing(&WINDOW_TEST))
}

/// The guests' target, from rustup; where rustup cannot download it and the machine is Debian, from
/// the distribution's compiler.
pub fn wasm_target() -> Result<(), Failure> {
    let is_forced = std::env::var_os("VBLANK_FORCE_FALLBACK").is_some();
    if !is_forced && has_target(&mut Command::new("rustc")) {
        return Ok(());
    }
    if fallback::is_linked() {
        return Ok(());
    }
    if !is_forced {
        announce(&format!("rustup target add {TARGET}"));
        let mut add = Command::new("rustup");
        add.args(["target", "add", TARGET])
            // Behind a closed network rustup would wait three minutes on a silent server.
            .env("RUSTUP_MAX_RETRIES", "1")
            .env("RUSTUP_DOWNLOAD_TIMEOUT", "8");
        if run(&mut add).is_ok() && has_target(&mut Command::new("rustc")) {
            return Ok(());
        }
        announce("rustup cannot download it; trying the distribution's compiler");
    }
    if !is_debian() {
        return Err(
            format!("no {TARGET} target; go online and type: rustup target add {TARGET}").into(),
        );
    }
    fallback::install()
}

/// A Vulkan driver: where there is none, the one that draws on the CPU.
pub fn vulkan() -> Result<(), Failure> {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let has_driver = folders
        .iter()
        .any(|folder| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()));
    if has_driver || !is_debian() {
        // Elsewhere the host says what to install, and runs without pictures.
        return Ok(());
    }
    install("pictures without a graphics card", &["mesa-vulkan-drivers"])
}

/// What sound and gamepads are compiled with. Where it is not there and cannot be installed, the host is
/// built without them: these are cargo's flags for the host.
pub fn sound_and_gamepads() -> &'static [&'static str] {
    let has_libraries = || {
        let mut query = Command::new("pkg-config");
        succeeds(query.args(["--exists", "alsa", "libudev"]))
    };
    if !cfg!(target_os = "linux") || has_libraries() {
        return &[];
    }
    if is_debian()
        && install("sound and gamepads", &missing(&SOUND_AND_GAMEPADS)).is_ok()
        && has_libraries()
    {
        return &[];
    }
    announce(
        "building without sound and gamepads: there is no libasound or no libudev to build with",
    );
    &["--no-default-features", "--features", "games,http"]
}

/// Whether this compiler has the target's standard library.
pub fn has_target(rustc: &mut Command) -> bool {
    let folder = output(rustc.args(["--print", "target-libdir", "--target", TARGET]));
    folder.is_some_and(|folder| has_standard_library(Path::new(&folder)))
}

/// Whether a folder holds a standard library.
pub fn has_standard_library(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// Install Debian packages, if there are any to install.
pub fn install(purpose: &str, packages: &[&str]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !is_debian() {
        return Err(format!("for {purpose}, install what Debian calls: {names}").into());
    }
    announce(&format!("apt-get install {names} (for {purpose})"));
    // An old list is better than none; installing tells whether it was too old.
    let _ = run(apt().args(["-qq", "update"]));
    run(apt()
        .args(["-qq", "--yes", "--no-install-recommends", "install"])
        .args(packages))
}

fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let is_installed = |package: &&&str| {
        let mut query = Command::new("dpkg-query");
        query.args(["--show", "--showformat=${Status}", package]);
        output(&mut query).is_some_and(|status| status == "install ok installed")
    };
    packages
        .iter()
        .filter(|package| !is_installed(package))
        .copied()
        .collect()
}

fn apt() -> Command {
    let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let mut command = Command::new(if is_root { "env" } else { "sudo" });
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}

fn is_debian() -> bool {
    succeeds(Command::new("apt-get").arg("--version"))
}
