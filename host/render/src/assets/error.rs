//! Reasons why there is no such asset.

use vblank_input::Size;

use super::limits::{MAX_ENTRIES, MAX_SIDE};

/// Why there is no such asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetError {
    /// The key is none.
    #[error("{key:?} is no key: {why}")]
    Key {
        /// As far as it can be shown.
        key: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A texture without pixels, or with too many.
    #[error("a texture of {size}: a side has 1 to {MAX_SIDE} pixels")]
    Side {
        /// What was asked for.
        size: Size,
    },
    /// Pixels and size do not fit.
    #[error("a texture of {size} has {wanted} bytes, and {given} were given")]
    Bytes {
        /// What was asked for.
        size: Size,
        /// So many bytes are that.
        wanted: u64,
        /// So many came.
        given: usize,
    },
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(String),
    /// It cannot be read as what it should be.
    #[error("{0}")]
    Damaged(String),
    /// There are too many.
    #[error("there are {MAX_ENTRIES} assets already, which is as many as there can be")]
    TooMany,
    /// They are too large.
    #[error(
        "{bytes} bytes more than the {held} of all assets now would be over the limit of 1 GiB"
    )]
    TooLarge {
        /// Of this one.
        bytes: u64,
        /// Of the others.
        held: u64,
    },
}
