//! What a guest wants to hear, as in `wit/audio.wit`.

/// One thing to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Play a sound once, beside all others.
    Play {
        /// Its handle.
        sound: u32,
        /// How.
        settings: Settings,
    },
    /// Have a voice sing this sound: it goes on if it does so already.
    Voice {
        /// The voice.
        name: String,
        /// The sound's handle.
        sound: u32,
        /// How, from now on.
        settings: Settings,
    },
    /// Have a voice fall silent.
    Stop {
        /// The voice.
        name: String,
        /// In so many seconds.
        fade: f32,
    },
    /// Everything falls silent: the game begins anew.
    StopAll,
    /// The game stands still, or goes on: sounds do too.
    Hold(bool),
}

/// How a sound is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Of the amplitude: 1 as it was recorded, 0 silent.
    pub volume: f32,
    /// Speed, and pitch with it: 1 as it was recorded.
    pub pitch: f32,
    /// -1 is left, 1 is right.
    pub pan: f32,
    /// Whether it begins again at its end.
    pub looped: bool,
    /// Seconds in which it comes in, and in which settings of a voice change.
    pub fade: f32,
}

impl Settings {
    /// The same within what can be played; what is no number is as it was recorded.
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

/// Seconds within reason; what is no number is none.
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
    fn settings_are_brought_back_into_their_range() {
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
