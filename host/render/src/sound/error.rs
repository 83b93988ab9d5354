//! The error of a sound. Knows no device.

/// The error of a sound that cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSound {
    /// The file is neither WAV nor Ogg Vorbis, or it is damaged.
    #[error("no sound that can be read (WAV and Ogg Vorbis can): {0}")]
    Encoding(String),
    /// The samples make no sound.
    #[error("{0}")]
    Samples(String),
}
