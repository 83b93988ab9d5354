//! Reasons why an asset cannot be made.

use vblank_input::Size;

use super::limits::{MAX_ENTRIES, MAX_SIDE};

/// The reason why an asset cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetError {
    /// The key is invalid.
    #[error("{key:?} is no key: {why}")]
    Key {
        /// Key, escaped and shortened.
        key: String,
        /// Description of the mistake.
        why: &'static str,
    },
    /// A texture has no pixels, or too many.
    #[error("a texture of {size}: a side has 1 to {MAX_SIDE} pixels")]
    Side {
        /// Requested size.
        size: Size,
    },
    /// The number of bytes does not match the size.
    #[error("a texture of {size} has {wanted} bytes, and {given} were given")]
    Bytes {
        /// Requested size.
        size: Size,
        /// Bytes for that size.
        wanted: u64,
        /// Bytes that were provided.
        given: usize,
    },
    /// The file does not exist.
    #[error("there is no file {0}")]
    Missing(String),
    /// The content is damaged or of another format.
    #[error("{0}")]
    Damaged(String),
    /// There are too many assets.
    #[error("there are {MAX_ENTRIES} assets already, which is as many as there can be")]
    TooMany,
    /// The assets are too large together.
    #[error(
        "{bytes} bytes more than the {held} of all assets now would be over the limit of 1 GiB"
    )]
    TooLarge {
        /// Bytes of the new asset.
        bytes: u64,
        /// Bytes of all other assets.
        held: u64,
    },
    /// The asset is too large for what is left to its guest.
    #[error(
        "it has {bytes} bytes, and {left} are left for the guest's assets within the memory limit"
    )]
    OverBudget {
        /// Bytes of the asset, decoded.
        bytes: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// Decoding takes too long.
    #[error(
        "it takes longer than {limit_ms} ms to decode; a file in the asset folder may take longer"
    )]
    TooSlow {
        /// The limit in milliseconds.
        limit_ms: u64,
    },
}
