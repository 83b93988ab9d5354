//! A laid-out text: its glyphs with their positions, and their pixels. Knows no GPU.

use cosmic_text::{CacheKey, CacheKeyFlags, fontdb};

/// A text, laid out from the point 0, 0, which is its top left corner, or the middle or right end of its
/// top.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Visible glyphs and white space.
    pub glyphs: Vec<Glyph>,
    /// Width and height of the text, in units.
    pub size: [f32; 2],
}

/// A glyph and its position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    /// Position on the base line.
    pub x: f32,
    /// Height of the base line.
    pub y: f32,
    pub(super) font: fontdb::ID,
    pub(super) weight: fontdb::Weight,
    pub(super) number: u16,
    pub(super) flags: CacheKeyFlags,
}

impl Glyph {
    /// Returns the key of the glyph's pixels for a font size in pixels and a left end at `x`, and the whole
    /// pixel of `x`.
    pub fn key(&self, pixels: f32, x: f32) -> (CacheKey, i32) {
        let at = (x, 0.0);
        let (key, x, _) =
            CacheKey::new(self.font, self.number, pixels, at, self.weight, self.flags);
        (key, x)
    }
}

/// The pixels of a glyph.
pub(crate) struct Raster {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Distances from the glyph's position to its left edge, and up to its top.
    pub corner: [i32; 2],
    /// White with the coverage as alpha, or the glyph's own colours.
    pub rgba: Vec<u8>,
}
