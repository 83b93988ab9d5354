//! Colours: sRGB with straight alpha, eight bits a channel.

use vblank_derive::{Flat, State};

/// A colour, packed as `0xAABBGGRR`, the format of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
pub struct Color {
    packed: u32,
}

impl Color {
    /// Fully transparent.
    pub const TRANSPARENT: Self = Self::rgba(0, 0, 0, 0);
    /// `#000000`
    pub const BLACK: Self = Self::hex(0x00_00_00);
    /// `#ffffff`
    pub const WHITE: Self = Self::hex(0xff_ff_ff);
    /// `#808080`
    pub const GRAY: Self = Self::hex(0x80_80_80);
    /// `#e6482e`
    pub const RED: Self = Self::hex(0xe6_48_2e);
    /// `#f47e1b`
    pub const ORANGE: Self = Self::hex(0xf4_7e_1b);
    /// `#f4b41b`
    pub const YELLOW: Self = Self::hex(0xf4_b4_1b);
    /// `#38d973`
    pub const GREEN: Self = Self::hex(0x38_d9_73);
    /// `#28ccdf`
    pub const CYAN: Self = Self::hex(0x28_cc_df);
    /// `#3978a8`
    pub const BLUE: Self = Self::hex(0x39_78_a8);
    /// `#8e478c`
    pub const PURPLE: Self = Self::hex(0x8e_47_8c);

    /// Makes a colour from eight-bit channels.
    #[must_use]
    #[inline]
    pub const fn rgba(red: u8, green: u8, blue: u8, alpha: u8) -> Self {
        Self {
            packed: u32::from_le_bytes([red, green, blue, alpha]),
        }
    }

    /// Makes an opaque colour from `0xRRGGBB`.
    ///
    /// ```
    /// # use vblank_guest::Color;
    /// assert_eq!(Color::hex(0xff8000), Color::rgba(255, 128, 0, 255));
    /// ```
    #[must_use]
    #[inline]
    pub const fn hex(rgb: u32) -> Self {
        let [blue, green, red, _] = rgb.to_le_bytes();
        Self::rgba(red, green, blue, 255)
    }

    /// Returns the colour with another alpha: 0 is transparent, 1 is opaque.
    #[must_use]
    pub fn with_alpha(self, alpha: f32) -> Self {
        let [red, green, blue, _] = self.channels();
        Self::rgba(
            red,
            green,
            blue,
            (alpha.clamp(0.0, 1.0) * 255.0 + 0.5) as u8,
        )
    }

    /// Returns a mix of two colours: `part` 0 is this one, 1 is the other.
    #[must_use]
    pub fn mix(self, other: Self, part: f32) -> Self {
        let part = part.clamp(0.0, 1.0);
        let (a, b) = (self.channels(), other.channels());
        let channel = |i: usize| {
            let (from, to) = (f32::from(a[i]), f32::from(b[i]));
            (from + (to - from) * part + 0.5) as u8
        };
        Self::rgba(channel(0), channel(1), channel(2), channel(3))
    }

    /// Returns red, green, blue and alpha.
    #[must_use]
    pub const fn channels(self) -> [u8; 4] {
        self.packed.to_le_bytes()
    }

    /// Returns the word of the draw interface.
    #[inline]
    pub(crate) const fn packed(self) -> u32 {
        self.packed
    }
}

impl Default for Color {
    /// Returns white.
    fn default() -> Self {
        Self::WHITE
    }
}
