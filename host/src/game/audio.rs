//! The interface `audio`: sound commands, collected until the session fetches them. This module plays
//! nothing.

use vblank_render::sound::commands::{Command, Settings};
use vblank_runtime::guest::wasmtime;

use super::bindings::vblank::guest::audio as wit;
use super::context::GameContext;

/// Largest number of commands in one call of the guest: more than anybody can hear.
const MOST: usize = 1024;
/// Largest name of a voice in bytes.
const LONGEST_NAME: usize = 1024;

impl GameContext {
    fn say(&mut self, command: Command) {
        if self.requests.sounds.len() < MOST {
            self.requests.sounds.push(command);
        }
    }
}

impl wit::Host for GameContext {
    fn play(&mut self, sound: u32, settings: wit::Settings) -> wasmtime::Result<()> {
        let settings = convert(settings);
        self.say(Command::Play { sound, settings });
        Ok(())
    }

    fn voice(&mut self, name: String, sound: u32, settings: wit::Settings) -> wasmtime::Result<()> {
        check_name("voice", &name)?;
        let settings = convert(settings);
        self.say(Command::Voice {
            name,
            sound,
            settings,
        });
        Ok(())
    }

    fn stop(&mut self, name: String, fade: f32) -> wasmtime::Result<()> {
        check_name("stop", &name)?;
        self.say(Command::Stop { name, fade });
        Ok(())
    }
}

fn check_name(function: &str, name: &str) -> wasmtime::Result<()> {
    let bytes = name.len();
    if bytes > LONGEST_NAME {
        wasmtime::bail!(
            "audio.{function}: a name of {bytes} bytes, of which {LONGEST_NAME} are possible"
        );
    }
    Ok(())
}

fn convert(settings: wit::Settings) -> Settings {
    Settings {
        volume: settings.volume,
        pitch: settings.pitch,
        pan: settings.pan,
        looped: settings.looped,
        fade: settings.fade,
    }
    .bounded()
}
