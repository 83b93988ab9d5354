//! Sounds: one-shots, and voices that go on.
//!
//! A sound is named by its key: a file of the folder `assets/` (`hit` is `assets/hit.wav` or `hit.ogg`), or
//! samples that the game has made with [`samples`]. The host plays it; what plays goes on across a swap, and
//! a machine without a device is silent.
//!
//! ```
//! use vblank_guest::sound;
//!
//! sound::play("hit").volume(0.5).pan(-0.3);
//! // May be said in every update: music that plays goes on.
//! sound::voice("music", "theme").looped().fade(2.0);
//! sound::stop("engine", 0.5);
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::bindings::vblank::guest::{assets, audio};
use crate::logger;

thread_local! {
    /// The host's numbers of the sounds that were asked for.
    static HANDLES: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Play a sound once, beside all others. Costs one call into the host when the value is dropped; 256 sounds
/// are heard at one time, and more are left out.
pub fn play(key: &str) -> Sound<'_> {
    Sound::new(None, key)
}

/// Have the voice `name` sing this sound. If it does so already it goes on, with these settings from now on;
/// if it sings another, it goes over to this one within [`fade`](Sound::fade) seconds. A sound that is not
/// [`looped`](Sound::looped) is sung once.
pub fn voice<'a>(name: &'a str, key: &'a str) -> Sound<'a> {
    Sound::new(Some(name), key)
}

/// Have a voice fall silent within so many seconds.
pub fn stop(name: &str, fade: f32) {
    if cfg!(target_arch = "wasm32") {
        audio::stop(name, fade);
    }
}

/// Make a sound of samples from -1 to 1, `rate` of them a second (44,100, say), in one channel. The same
/// samples under the same key cost a look at them; others replace what was there, also while it is heard.
///
/// Where they make no sound, the reason is logged, and the key is silent.
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

/// Make a sound of an encoded file that the program carries with it: `include_bytes!("hit.ogg")`, Ogg Vorbis
/// or WAV.
///
/// Where it is damaged, the reason is logged, and the key is silent.
pub fn encoded(key: &str, file: &[u8]) {
    if cfg!(target_arch = "wasm32") {
        keep(key, assets::sound_file(key, file));
    }
}

fn keep(key: &str, given: Result<u32, String>) -> u32 {
    let handle = given.unwrap_or_else(|why| {
        logger::install();
        log::error!("no sound {key:?}: {why}");
        0
    });
    HANDLES.with_borrow_mut(|handles| handles.insert(key.to_owned(), handle));
    handle
}

/// Asked of the host once for each key and version of the code.
fn handle(key: &str) -> u32 {
    let known = HANDLES.with_borrow(|handles| handles.get(key).copied());
    known.unwrap_or_else(|| keep(key, assets::sound(key)))
}

/// A sound that begins when this value is dropped, so its settings can be said behind it.
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

    /// Of the amplitude: 1 as it was recorded, 0 silent.
    pub fn volume(mut self, volume: f32) -> Self {
        self.settings.volume = volume;
        self
    }

    /// Speed, and pitch with it: 2 is twice as quick and an octave higher.
    pub fn pitch(mut self, pitch: f32) -> Self {
        self.settings.pitch = pitch;
        self
    }

    /// From -1, left, to 1, right.
    pub fn pan(mut self, pan: f32) -> Self {
        self.settings.pan = pan;
        self
    }

    /// Begin again at the end.
    pub fn looped(mut self) -> Self {
        self.settings.looped = true;
        self
    }

    /// Come in within so many seconds; of a voice that sings, change within so many.
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
