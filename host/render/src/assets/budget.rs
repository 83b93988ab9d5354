//! The budget within which a guest's assets are made. Knows no registry and no formats.

use std::time::{Duration, Instant};

use super::error::AssetError;

/// The limits within which a guest's assets are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetLimits {
    /// Bytes of all its assets together, decoded.
    pub bytes: u64,
    /// Time for decoding one of them during a call of the guest.
    pub time: Duration,
}

/// Time for decoding a file of the asset folder, on the loader's thread.
pub const MAX_DECODE_TIME: Duration = Duration::from_secs(30);

/// The bytes and the time that are left for decoding one asset.
#[derive(Clone, Copy, Debug)]
pub struct DecodeBudget {
    bytes: u64,
    until: Instant,
    limit: Duration,
}

impl DecodeBudget {
    /// Starts decoding, which may take so long and make so many bytes.
    #[must_use]
    pub fn new(bytes: u64, limit: Duration) -> Self {
        Self {
            bytes,
            until: Instant::now() + limit,
            limit,
        }
    }

    /// Checks that so many bytes may be made.
    ///
    /// # Errors
    /// When they are more than are left.
    pub fn check_bytes(&self, bytes: u64) -> Result<(), AssetError> {
        match bytes <= self.bytes {
            true => Ok(()),
            false => Err(AssetError::OverBudget {
                bytes,
                left: self.bytes,
            }),
        }
    }

    /// Checks that there is time left. To be called often.
    ///
    /// # Errors
    /// When there is none.
    pub fn check_time(&self) -> Result<(), AssetError> {
        match Instant::now() < self.until {
            true => Ok(()),
            false => Err(AssetError::TooSlow {
                limit_ms: self.limit.as_millis() as u64,
            }),
        }
    }
}
