//! Installation of everything that a fresh machine lacks. Each step prints its intention first, and
//! does nothing if nothing is missing.

use std::process::Command;

use crate::compiler::{TARGET, has_target};
use crate::debian::{install, is_debian, missing};
use crate::fallback;
use crate::process::{Failure, announce, run, succeeds};

/// Packages of the window test, which opens a window on an invisible X11 display.
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

/// Packages for compiling sound and gamepads, and the program that finds them.
const SOUND_AND_GAMEPADS: [&str; 3] = ["pkg-config", "libasound2-dev", "libudev-dev"];

/// Runs all steps.
pub fn all() -> Result<(), Failure> {
    wasm_target()?;
    vulkan()?;
    sound_and_gamepads();
    install("window tests", &missing(&WINDOW_TEST))
}

/// Installs the guests' target from rustup. On Debian, if rustup cannot download it, from the
/// distribution's compiler.
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
            // Without these limits, rustup would wait three minutes on a silent server behind a closed
            // network.
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

/// Installs a Vulkan driver that draws on the CPU, if there is no driver.
pub fn vulkan() -> Result<(), Failure> {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let has_driver = folders
        .iter()
        .any(|folder| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()));
    if has_driver || !is_debian() {
        // On other systems, the host tells what to install, and runs without pictures.
        return Ok(());
    }
    install("pictures without a graphics card", &["mesa-vulkan-drivers"])
}

/// Installs the libraries for sound and gamepads. Returns cargo's flags for the host, which leave both
/// out if the libraries cannot be installed.
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
