//! The thread that owns the mixer, and the device behind the mixer. Knows no guest.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use kira::{AudioManagerSettings, DefaultBackend};

use super::Library;
use super::commands::Command;
use super::mixer::Mixer;

/// Interval of the checks for sounds that were loading or have been replaced.
const AGAIN: Duration = Duration::from_millis(50);

/// Plays commands until their sender is gone.
pub(super) fn play(library: &dyn Library, heard: &Receiver<Vec<Command>>) {
    let mut mixer: Option<Mixer<DefaultBackend>> = None;
    let mut is_open = false;
    loop {
        let waits = mixer.as_ref().is_some_and(Mixer::is_waiting);
        let commands = if waits {
            match heard.recv_timeout(AGAIN) {
                Ok(commands) => commands,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match heard.recv() {
                Ok(commands) => commands,
                Err(_) => return,
            }
        };
        let makes_sound =
            |command: &Command| matches!(command, Command::Play { .. } | Command::Voice { .. });
        if !is_open && commands.iter().any(makes_sound) {
            is_open = true;
            mixer = open();
        }
        if let Some(mixer) = &mut mixer {
            mixer.look_again(library);
            for command in commands {
                mixer.apply(command, library);
            }
        }
    }
}

fn open() -> Option<Mixer<DefaultBackend>> {
    if !may_have_device() {
        tracing::info!("no sound: this machine has no device for it");
        return None;
    }
    Mixer::new(AudioManagerSettings::default())
        .inspect_err(|error| tracing::info!("no sound: {error}"))
        .ok()
}

/// True if there seems to be a device. ALSA prints errors when it finds none, so it is opened only after
/// this check.
pub(super) fn may_have_device() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
    let has_server = runtime.is_some_and(|folder| {
        ["pulse", "pipewire-0"]
            .iter()
            .any(|name| folder.join(name).exists())
    });
    let has_card = std::fs::read_dir("/dev/snd").is_ok_and(|mut devices| {
        devices.any(|device| {
            device.is_ok_and(|device| device.file_name().to_string_lossy().starts_with("pcm"))
        })
    });
    let is_configured = std::env::var_os("ALSA_CONFIG_PATH").is_some()
        || std::env::var_os("PULSE_SERVER").is_some()
        || Path::new("/etc/asound.conf").exists();
    has_server || has_card || is_configured
}
