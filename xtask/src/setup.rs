//! Installs what a fresh machine lacks. Each step looks first, says what it does before it does it, and does
//! nothing where nothing is missing.

use std::process::Command;

use crate::compiler::{TARGET, has_target};
use crate::debian::{install, is_debian, missing};
use crate::fallback;
use crate::process::{Failure, announce, run, succeeds};

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

/// Packages that sound and gamepads are compiled with, and the program that looks for them.
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

/// Install the libraries that sound and gamepads are compiled with. Where they cannot be had, the host is
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
    &[
        "--no-default-features",
        "--features",
        "overlay,build,cranelift,http",
    ]
}
