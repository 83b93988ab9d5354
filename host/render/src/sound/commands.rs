//! The sound commands of a guest, as in `wit/audio.wit`. Knows no device.

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Plays a sound once, in addition to all others.
    Play {
        /// Handle of the sound.
        sound: u32,
        /// Settings.
        settings: Settings,
    },
    /// Makes a voice play a sound. A voice that plays it already continues.
    Voice {
        /// Name of the voice.
        name: String,
        /// Handle of the sound.
        sound: u32,
        /// Settings from now on.
        settings: Settings,
    },
    /// Stops a voice.
    Stop {
        /// Name of the voice.
        name: String,
        /// Duration of the fade-out in seconds.
        fade: f32,
    },
    /// Stops everything, since the game starts again.
    StopAll,
    /// Pauses all sounds with `true` and resumes them with `false`, as the game stands still or goes on.
    Hold(bool),
}

/// The settings of a playing sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Factor of the amplitude: 1 as recorded, 0 silent.
    pub volume: f32,
    /// Factor of speed and pitch: 1 as recorded.
    pub pitch: f32,
    /// Position: -1 is left, 1 is right.
    pub pan: f32,
    /// True if the sound starts again at its end.
    pub looped: bool,
    /// Duration of the fade-in, and of later changes to a voice, in seconds.
    pub fade: f32,
}

impl Settings {
    /// Returns the settings clamped to their ranges. A value that is NaN becomes the default.
    #[must_use]
    pub fn bounded(self) -> Self {
        let within = |value: f32, least: f32, most: f32, usual: f32| {
            if value.is_nan() {
                usual
            } else {
                value.clamp(least, most)
            }
        };
        Self {
            volume: within(self.volume, 0.0, 16.0, 1.0),
            pitch: within(self.pitch, 0.01, 100.0, 1.0),
            pan: within(self.pan, -1.0, 1.0, 0.0),
            looped: self.looped,
            fade: seconds(self.fade),
        }
    }
}

/// Clamps a duration in seconds to at most an hour. NaN becomes 0.
#[must_use]
pub fn seconds(fade: f32) -> f32 {
    const HOUR: f32 = 3600.0;
    if fade.is_nan() {
        0.0
    } else {
        fade.clamp(0.0, HOUR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_clamped_to_their_ranges() {
        let wild = Settings {
            volume: f32::INFINITY,
            pitch: -3.0,
            pan: f32::NAN,
            looped: true,
            fade: -1.0,
        };
        let tame = Settings {
            volume: 16.0,
            pitch: 0.01,
            pan: 0.0,
            looped: true,
            fade: 0.0,
        };
        assert_eq!(wild.bounded(), tame);
        assert_eq!(tame.bounded(), tame);
    }
}
