//! `Size`: a size in pixels.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The size of a picture or a window, in pixels. Its text form is `1280x720`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "width and height")]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    /// Makes a size in pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Returns true when there is no pixel, as in a minimised window.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// The error for a text that is not a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a size: {0:?}; write width and height in pixels, such as 1280x720")]
pub struct BadSize(String);

impl FromStr for Size {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let read = || {
            let (width, height) = text.split_once(['x', 'X'])?;
            Some(Self::new(width.parse().ok()?, height.parse().ok()?))
        };
        read()
            .filter(|size| !size.is_empty())
            .ok_or_else(|| BadSize(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_parsed_and_printed() {
        assert_eq!("1280x720".parse(), Ok(Size::new(1280, 720)));
        assert_eq!(Size::new(3, 4).to_string(), "3x4");
        for bad in ["", "1280", "1280x", "0x9", "-1x2", "1x2x3"] {
            assert!(
                bad.parse::<Size>()
                    .unwrap_err()
                    .to_string()
                    .contains("1280x720")
            );
        }
    }
}
