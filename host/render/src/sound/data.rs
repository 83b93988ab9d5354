//! A sound in memory, from an encoded file or from samples. Knows no device.

#[cfg(feature = "sound")]
use std::sync::Arc;

#[cfg(feature = "sound")]
use kira::Frame;
#[cfg(feature = "sound")]
use kira::sound::static_sound::{StaticSoundData, StaticSoundSettings};

use super::error::BadSound;

/// A decoded sound. Cheap to clone.
#[derive(Clone)]
pub struct Sound {
    #[cfg(feature = "sound")]
    pub(super) data: Arc<StaticSoundData>,
    bytes: usize,
}

/// Sample rates that can be played.
const RATES: std::ops::RangeInclusive<u32> = 100..=384_000;

impl Sound {
    /// Decodes a WAV or Ogg Vorbis file. `may_grow` is called before each part with the memory
    /// that decoding needs, and ends it with `false`. A build without sound does not check the file and
    /// plays nothing.
    ///
    /// # Errors
    /// When the file has another format or is damaged, or decoding was ended.
    pub fn decode(encoded: &[u8], mut may_grow: impl FnMut(u64) -> bool) -> Result<Self, BadSound> {
        #[cfg(feature = "sound")]
        {
            let data = super::decoder::decode(encoded, &mut may_grow)?;
            let bytes = data.frames.len() * size_of::<Frame>();
            let data = Arc::new(data);
            Ok(Self { data, bytes })
        }
        #[cfg(not(feature = "sound"))]
        match may_grow(encoded.len() as u64) {
            true => Ok(Self {
                bytes: encoded.len(),
            }),
            false => Err(BadSound::Encoding("it is too large".to_owned())),
        }
    }

    /// Makes a sound of samples from -1 to 1. With two channels, samples of left and right alternate.
    ///
    /// # Errors
    /// When the rate or the number of channels is out of range, or there are no samples.
    pub fn of_samples(rate: u32, channels: u32, samples: &[f32]) -> Result<Self, BadSound> {
        let wrong = |message: String| Err(BadSound::Samples(message));
        if !RATES.contains(&rate) {
            return wrong(format!(
                "{rate} samples a second: from {} to {} can be played",
                RATES.start(),
                RATES.end()
            ));
        }
        if !(1..=2).contains(&channels) {
            return wrong(format!("{channels} channels: one or two can be played"));
        }
        if samples.is_empty() || !samples.len().is_multiple_of(channels as usize) {
            let count = samples.len();
            return wrong(format!("{count} samples for {channels} channels"));
        }
        #[cfg(feature = "sound")]
        {
            // A sample that is NaN would silence everything mixed with it.
            let sample = |value: f32| if value.is_finite() { value } else { 0.0 };
            let frames = samples.chunks_exact(channels as usize).map(|frame| Frame {
                left: sample(frame[0]),
                right: sample(frame[frame.len() - 1]),
            });
            let data = StaticSoundData {
                sample_rate: rate,
                frames: frames.collect(),
                settings: StaticSoundSettings::default(),
                slice: None,
            };
            let bytes = data.frames.len() * size_of::<Frame>();
            let data = Arc::new(data);
            Ok(Self { data, bytes })
        }
        #[cfg(not(feature = "sound"))]
        Ok(Self {
            bytes: size_of_val(samples),
        })
    }

    /// Size in memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Sounds are equal if they share their data.
impl PartialEq for Sound {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(feature = "sound")]
        let is_same = Arc::ptr_eq(&self.data, &other.data);
        #[cfg(not(feature = "sound"))]
        let is_same = self.bytes == other.bytes;
        is_same
    }
}

impl Eq for Sound {}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sound({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_make_no_sound_are_an_error() {
        let message = |rate, channels, samples: &[f32]| {
            let error = Sound::of_samples(rate, channels, samples);
            error.map(|_| ()).unwrap_err().to_string()
        };
        assert!(message(0, 1, &[0.0]).starts_with("0 samples a second"));
        assert!(message(44_100, 7, &[0.0]).starts_with("7 channels"));
        assert!(message(44_100, 2, &[0.0]).starts_with("1 samples for 2"));
        assert!(message(44_100, 1, &[]).starts_with("0 samples for 1"));
        assert!(Sound::of_samples(44_100, 2, &[0.5, f32::NAN]).is_ok());
    }

    #[cfg(feature = "sound")]
    #[test]
    fn an_unreadable_sound_is_an_error_that_names_the_formats() {
        for bytes in [&b""[..], b"RIFF", b"OggS and nothing", &[0; 4096]] {
            let error = Sound::decode(bytes, |_| true).unwrap_err().to_string();
            assert!(error.contains("WAV and Ogg Vorbis"), "{error}");
        }
    }
}
