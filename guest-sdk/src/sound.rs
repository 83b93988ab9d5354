//! Sounds: one-shots, and voices that keep playing.
//!
//! The key of a sound names a file in `assets/` (`hit` is `assets/hit.wav` or `hit.ogg`), or
//! samples that the game made with [`samples`]. The host plays it. Sound continues across a swap,
//! and a machine without a device is silent.
//!
//! ```
//! use vblank_guest::sound;
//!
//! sound::play("hit").volume(0.5).pan(-0.3);
//! // Every update may call this: music that already plays continues.
//! sound::voice("music", "theme").looped().fade(2.0);
//! sound::stop("engine", 0.5);
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::bindings::vblank::guest::{assets, audio};
use crate::logger;

thread_local! {
    /// Handles of all sounds that were used, by key.
    static HANDLES: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Plays a sound once, beside all others.
///
/// Costs one call into the host when the value is dropped. At most 256 sounds play at one time, and
/// further ones are left out.
pub fn play(key: &str) -> Sound<'_> {
    Sound::new(None, key)
}

/// Plays a sound on the voice `name`.
///
/// If the voice already plays it, it continues with these settings. If the voice plays another
/// sound, it fades to this one within [`fade`](Sound::fade) seconds. A sound that is not
/// [`looped`](Sound::looped) ends by itself.
pub fn voice<'a>(name: &'a str, key: &'a str) -> Sound<'a> {
    Sound::new(Some(name), key)
}

/// Silences a voice within `fade` seconds.
pub fn stop(name: &str, fade: f32) {
    if cfg!(target_arch = "wasm32") {
        audio::stop(name, fade);
    }
}

/// Makes a sound of samples from -1 to 1 in one channel, with `rate` of them a second, such as
/// 44,100.
///
/// Equal samples under a known key cost a comparison. Others replace the sound, also while it
/// plays. If they are not a valid sound, the reason is logged and the key is silent.
///
/// ```
/// use vblank_guest::sound;
///
/// let beep: Vec<f32> = (0..4410)
///     .map(|i| (i as f32 * 440.0 * std::f32::consts::TAU / 44_100.0).sin() * 0.2)
///     .collect();
/// sound::samples("beep", 44_100, &beep);
/// sound::play("beep");
/// ```
pub fn samples(key: &str, rate: u32, samples: &[f32]) {
    if cfg!(target_arch = "wasm32") {
        let words: Vec<u32> = samples.iter().map(|sample| sample.to_bits()).collect();
        keep(key, assets::samples(key, rate, 1, &words));
    }
}

/// Makes a sound from an Ogg Vorbis or WAV file in the program: `include_bytes!("hit.ogg")`.
///
/// If the file is damaged, the reason is logged and the key is silent.
pub fn encoded(key: &str, file: &[u8]) {
    if cfg!(target_arch = "wasm32") {
        keep(key, assets::sound_file(key, file));
    }
}

fn keep(key: &str, result: Result<u32, String>) -> u32 {
    let handle = result.unwrap_or_else(|why| {
        logger::install();
        log::error!("no sound {key:?}: {why}");
        0
    });
    HANDLES.with_borrow_mut(|handles| handles.insert(key.to_owned(), handle));
    handle
}

/// Returns the handle of a key. The first use in each version of the code calls the host.
fn handle(key: &str) -> u32 {
    let known = HANDLES.with_borrow(|handles| handles.get(key).copied());
    known.unwrap_or_else(|| keep(key, assets::sound(key)))
}

/// A sound that starts when this value is dropped. Its methods change the settings until then.
pub struct Sound<'a> {
    voice: Option<&'a str>,
    key: &'a str,
    settings: audio::Settings,
}

impl<'a> Sound<'a> {
    fn new(voice: Option<&'a str>, key: &'a str) -> Self {
        let settings = audio::Settings {
            volume: 1.0,
            pitch: 1.0,
            pan: 0.0,
            looped: false,
            fade: 0.0,
        };
        Self {
            voice,
            key,
            settings,
        }
    }

    /// Sets the amplitude: 1 as recorded, 0 silent.
    pub fn volume(mut self, volume: f32) -> Self {
        self.settings.volume = volume;
        self
    }

    /// Sets the speed, and the pitch with it: 2 is twice as fast and an octave higher.
    pub fn pitch(mut self, pitch: f32) -> Self {
        self.settings.pitch = pitch;
        self
    }

    /// Sets the position from -1 (left) to 1 (right).
    pub fn pan(mut self, pan: f32) -> Self {
        self.settings.pan = pan;
        self
    }

    /// Repeats the sound.
    pub fn looped(mut self) -> Self {
        self.settings.looped = true;
        self
    }

    /// Sets the seconds in which the sound fades in, or in which a playing voice changes over.
    pub fn fade(mut self, seconds: f32) -> Self {
        self.settings.fade = seconds;
        self
    }
}

impl Drop for Sound<'_> {
    fn drop(&mut self) {
        if !cfg!(target_arch = "wasm32") {
            return;
        }
        let sound = handle(self.key);
        match self.voice {
            None => audio::play(sound, self.settings),
            Some(name) => audio::voice(name, sound, self.settings),
        }
    }
}
