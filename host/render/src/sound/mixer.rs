//! The mixer: one-shots, and named voices. It knows no thread, and of the device only its type.

use std::collections::BTreeMap;
use std::time::Duration;

use kira::backend::Backend;
use kira::sound::static_sound::{StaticSoundData, StaticSoundHandle};
use kira::sound::{PlaybackState, Region};
use kira::track::{TrackBuilder, TrackHandle};
use kira::{AudioManager, AudioManagerSettings, Decibels, Panning, PlaybackRate, Tween};

use super::commands::{Command, Settings, seconds};
use super::data::Sound;
use super::library::{Library, LookUp};

/// Largest number of sounds at one time. Further ones are left out.
const MOST: usize = 256;
/// Largest number of named voices.
const VOICES: usize = 128;
/// Number of checks for the sound of a one-shot that is still loading.
const TRIES: u32 = 10;
/// Shortest fade in seconds that causes no click.
const SHORT: f32 = 0.01;

/// The mixer of one device.
pub(super) struct Mixer<B: Backend> {
    /// Kept alive: dropping it stops all sounds.
    _manager: AudioManager<B>,
    track: TrackHandle,
    voices: BTreeMap<String, Voice>,
    /// One-shots whose sounds are still loading, each with its remaining checks.
    waiting: Vec<(u32, Settings, u32)>,
}

struct Voice {
    sound: u32,
    settings: Settings,
    /// Handle of the playing sound, and the sound's revision.
    singing: Option<(StaticSoundHandle, u64)>,
}

impl<B: Backend> Mixer<B> {
    pub fn new(settings: AudioManagerSettings<B>) -> Result<Self, B::Error> {
        let mut manager = AudioManager::new(settings)?;
        let track = manager.add_sub_track(TrackBuilder::new().sound_capacity(MOST));
        Ok(Self {
            // The limit is 128 tracks.
            track: track.expect("the first track fits"),
            _manager: manager,
            voices: BTreeMap::new(),
            waiting: Vec::new(),
        })
    }

    pub fn apply(&mut self, command: Command, library: &dyn Library) {
        match command {
            Command::Play { sound, settings } => {
                self.play(sound, settings.bounded(), TRIES, library)
            }
            Command::Voice {
                name,
                sound,
                settings,
            } => self.voice(name, sound, settings.bounded(), library),
            Command::Stop { name, fade } => {
                if let Some((mut handle, _)) = self.voices.remove(&name).and_then(|v| v.singing) {
                    handle.stop(over(seconds(fade)));
                }
            }
            Command::StopAll => {
                self.waiting.clear();
                for (mut handle, _) in std::mem::take(&mut self.voices)
                    .into_values()
                    .filter_map(|voice| voice.singing)
                {
                    handle.stop(over(SHORT));
                }
            }
            Command::Hold(true) => self.track.pause(over(SHORT)),
            Command::Hold(false) => self.track.resume(over(SHORT)),
        }
    }

    /// Checks again for sounds that were loading, and for replaced sounds of voices.
    pub fn look_again(&mut self, library: &dyn Library) {
        for (sound, settings, tries) in std::mem::take(&mut self.waiting) {
            self.play(sound, settings, tries - 1, library);
        }
        for voice in self.voices.values_mut() {
            match (library.sound(voice.sound), &voice.singing) {
                (LookUp::Ready(_, revision), Some((_, sung))) if revision == *sung => {}
                (LookUp::Ready(sound, revision), _) => {
                    let settings = Settings {
                        fade: voice.settings.fade.max(0.1),
                        ..voice.settings
                    };
                    voice.change(start(&mut self.track, &sound, settings), revision);
                }
                _ => {}
            }
        }
    }

    /// True if sounds have to be checked again.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty() || !self.voices.is_empty()
    }

    fn play(&mut self, sound: u32, settings: Settings, tries: u32, library: &dyn Library) {
        match library.sound(sound) {
            LookUp::Ready(sound, _) => {
                start(&mut self.track, &sound, settings);
            }
            LookUp::Loading if tries > 0 && self.waiting.len() < MOST => {
                self.waiting.push((sound, settings, tries));
            }
            LookUp::Loading | LookUp::Missing => {}
        }
    }

    fn voice(&mut self, name: String, sound: u32, settings: Settings, library: &dyn Library) {
        if !self.voices.contains_key(&name) && self.voices.len() == VOICES {
            return tracing::debug!("more than {VOICES} voices: {name} is not heard");
        }
        let voice = self.voices.entry(name).or_insert(Voice {
            sound,
            settings,
            singing: None,
        });
        let goes_on = voice.sound == sound && voice.settings.looped == settings.looped;
        voice.sound = sound;
        let before = std::mem::replace(&mut voice.settings, settings);
        match &mut voice.singing {
            Some((handle, _)) if goes_on && handle.state() != PlaybackState::Stopped => {
                if before != settings {
                    let tween = over(settings.fade.max(SHORT));
                    handle.set_volume(decibels(settings.volume), tween);
                    handle.set_playback_rate(PlaybackRate(f64::from(settings.pitch)), tween);
                    handle.set_panning(Panning(settings.pan), tween);
                }
            }
            // A voice that has reached its end does not start again, although the game asks for it in each
            // frame.
            Some(_) if goes_on => {}
            _ => {
                if let LookUp::Ready(sound, revision) = library.sound(sound) {
                    voice.change(start(&mut self.track, &sound, settings), revision);
                } else if let Some((mut handle, _)) = voice.singing.take() {
                    handle.stop(over(settings.fade));
                }
            }
        }
    }
}

impl Voice {
    /// Changes to another sound.
    fn change(&mut self, to: Option<StaticSoundHandle>, revision: u64) {
        let to = to.map(|handle| (handle, revision));
        if let Some((mut before, _)) = std::mem::replace(&mut self.singing, to) {
            before.stop(over(self.settings.fade.max(SHORT)));
        }
    }
}

fn start(track: &mut TrackHandle, sound: &Sound, settings: Settings) -> Option<StaticSoundHandle> {
    let data: StaticSoundData = sound
        .data
        .volume(decibels(settings.volume))
        .playback_rate(PlaybackRate(f64::from(settings.pitch)))
        .panning(Panning(settings.pan))
        .fade_in_tween((settings.fade > 0.0).then(|| over(settings.fade)))
        .loop_region(settings.looped.then(|| Region::from(0.0..)));
    track
        .play(data)
        .inspect_err(|error| tracing::debug!("a sound is not heard: {error}"))
        .ok()
}

fn over(seconds: f32) -> Tween {
    Tween {
        duration: Duration::from_secs_f32(seconds),
        ..Tween::default()
    }
}

fn decibels(amplitude: f32) -> Decibels {
    if amplitude <= 0.0 {
        Decibels::SILENCE
    } else {
        Decibels((20.0 * amplitude.log10()).max(Decibels::SILENCE.0))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicU64, Ordering};

    use kira::backend::Renderer;

    use super::*;

    /// Sample rate of the tests.
    const RATE: u32 = 8000;

    thread_local! {
        /// Renderer of this test's device.
        static TAPE: RefCell<Option<Renderer>> = const { RefCell::new(None) };
    }

    struct Tape;

    impl Backend for Tape {
        type Settings = ();
        type Error = ();

        fn setup((): (), _: usize) -> Result<(Self, u32), ()> {
            Ok((Self, RATE))
        }

        fn start(&mut self, renderer: Renderer) -> Result<(), ()> {
            TAPE.set(Some(renderer));
            Ok(())
        }
    }

    /// Returns the loudest samples of the next tenth of a second, left and right.
    fn listen() -> [f32; 2] {
        TAPE.with_borrow_mut(|tape| {
            let renderer = tape.as_mut().expect("the mixer has started it");
            let mut samples = vec![0.0; RATE as usize / 10 * 2];
            renderer.on_start_processing();
            renderer.process(&mut samples, 2);
            let loudest = |side: usize| {
                let samples = samples.iter().skip(side).step_by(2);
                samples.fold(0.0_f32, |most, sample| most.max(sample.abs()))
            };
            [loudest(0), loudest(1)]
        })
    }

    /// A library with a second of a steady signal: a tenth of full amplitude under 1, and two tenths under
    /// 2. The sound under 3 is loaded once the number is not 0, and replaced when the number changes.
    #[derive(Default)]
    struct Shelf(AtomicU64);

    impl Library for Shelf {
        fn sound(&self, handle: u32) -> LookUp {
            let sound = |amplitude: f32, revision| {
                let samples = vec![amplitude; RATE as usize];
                LookUp::Ready(Sound::of_samples(RATE, 1, &samples).unwrap(), revision)
            };
            match (handle, self.0.load(Ordering::Relaxed)) {
                (1, _) => sound(0.1, 0),
                (2, _) => sound(0.2, 0),
                (3, 0) => LookUp::Loading,
                (3, revision) => sound(0.1 * revision as f32, revision),
                _ => LookUp::Missing,
            }
        }
    }

    const PLAIN: Settings = Settings {
        volume: 1.0,
        pitch: 1.0,
        pan: 0.0,
        looped: false,
        fade: 0.0,
    };

    fn play(sound: u32, settings: Settings) -> Command {
        Command::Play { sound, settings }
    }

    fn voice(sound: u32, settings: Settings) -> Command {
        let name = "music".to_owned();
        Command::Voice {
            name,
            sound,
            settings,
        }
    }

    fn mixer() -> Mixer<Tape> {
        Mixer::new(AudioManagerSettings {
            capacities: Default::default(),
            main_track_builder: Default::default(),
            internal_buffer_size: 128,
            backend_settings: (),
        })
        .expect("it needs no device")
    }

    /// True if the loudness is as expected, within rounding.
    fn near(heard: [f32; 2], expected: [f32; 2]) -> bool {
        heard
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 0.01)
    }

    #[test]
    fn one_shots_are_mixed_and_panned() {
        let (mut mixer, shelf) = (mixer(), Shelf::default());
        mixer.apply(play(1, PLAIN), &shelf);
        mixer.apply(play(2, PLAIN), &shelf);
        mixer.apply(play(99, PLAIN), &shelf);
        assert!(near(listen(), [0.3, 0.3]));
        for _ in 0..12 {
            listen();
        }
        assert!(near(listen(), [0.0, 0.0]), "after a second it is over");
        let left = Settings {
            pan: -1.0,
            volume: 0.5,
            ..PLAIN
        };
        mixer.apply(play(1, left), &shelf);
        let [on_left, on_right] = listen();
        assert!(on_left > 0.05 && on_right < 0.001, "{on_left} {on_right}");
    }

    #[test]
    fn a_thousand_sounds_at_once_do_no_harm() {
        let (mut mixer, shelf) = (mixer(), Shelf::default());
        for _ in 0..1000 {
            mixer.apply(
                play(
                    1,
                    Settings {
                        volume: 0.01,
                        ..PLAIN
                    },
                ),
                &shelf,
            );
        }
        let [heard, _] = listen();
        assert!(heard > 0.1 && heard < 0.3, "256 of them: {heard}");
    }

    #[test]
    fn a_voice_continues_until_it_is_stopped() {
        let (mut mixer, shelf) = (mixer(), Shelf::default());
        let looped = Settings {
            looped: true,
            ..PLAIN
        };
        for _ in 0..30 {
            mixer.apply(voice(1, looped), &shelf);
            mixer.look_again(&shelf);
            assert!(near(listen(), [0.1, 0.1]), "beyond its end, and not twice");
        }
        mixer.apply(
            voice(
                1,
                Settings {
                    volume: 0.5,
                    ..looped
                },
            ),
            &shelf,
        );
        listen();
        assert!(near(listen(), [0.05, 0.05]));
        mixer.apply(voice(2, looped), &shelf);
        listen();
        assert!(near(listen(), [0.2, 0.2]), "it went over");
        let name = "music".to_owned();
        mixer.apply(Command::Stop { name, fade: 0.0 }, &shelf);
        listen();
        assert!(near(listen(), [0.0, 0.0]));
    }

    #[test]
    fn a_voice_that_is_not_looped_plays_once() {
        let (mut mixer, shelf) = (mixer(), Shelf::default());
        for turn in 0..20 {
            mixer.apply(voice(1, PLAIN), &shelf);
            let [heard, _] = listen();
            assert_eq!(heard > 0.05, turn < 10, "{turn}: {heard}");
        }
    }

    #[test]
    fn loaded_and_replaced_sounds_are_played() {
        let (mut mixer, shelf) = (mixer(), Shelf::default());
        let looped = Settings {
            looped: true,
            ..PLAIN
        };
        mixer.apply(voice(3, looped), &shelf);
        mixer.apply(play(3, PLAIN), &shelf);
        assert!(near(listen(), [0.0, 0.0]));
        assert!(mixer.is_waiting());
        shelf.0.store(1, Ordering::Relaxed);
        mixer.look_again(&shelf);
        listen();
        assert!(near(listen(), [0.2, 0.2]), "the voice and the one-shot");
        shelf.0.store(3, Ordering::Relaxed);
        mixer.look_again(&shelf);
        for _ in 0..12 {
            listen();
        }
        assert!(near(listen(), [0.3, 0.3]));
    }

    #[test]
    fn all_sounds_pause_and_stop_with_the_game() {
        let (mut mixer, shelf) = (mixer(), Shelf::default());
        mixer.apply(
            voice(
                1,
                Settings {
                    looped: true,
                    ..PLAIN
                },
            ),
            &shelf,
        );
        listen();
        mixer.apply(Command::Hold(true), &shelf);
        listen();
        assert!(near(listen(), [0.0, 0.0]));
        mixer.apply(Command::Hold(false), &shelf);
        listen();
        assert!(near(listen(), [0.1, 0.1]));
        mixer.apply(Command::StopAll, &shelf);
        listen();
        assert!(near(listen(), [0.0, 0.0]));
        assert!(!mixer.is_waiting());
    }
}
