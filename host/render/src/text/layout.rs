//! A text that was laid out: its glyphs in their places, and their pixels.

use cosmic_text::{CacheKey, CacheKeyFlags, fontdb};

/// A text, laid out from the point 0, 0: its top left corner, or the middle or the right end of its top.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Those that can be seen, and white space.
    pub glyphs: Vec<Glyph>,
    /// Width and height of the whole, in units.
    pub size: [f32; 2],
}

/// A glyph in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    /// On the base line.
    pub x: f32,
    /// Of the base line.
    pub y: f32,
    pub(super) font: fontdb::ID,
    pub(super) weight: fontdb::Weight,
    pub(super) number: u16,
    pub(super) flags: CacheKeyFlags,
}

impl Glyph {
    /// What its pixels are known by, with this font size in pixels and its left end at a fraction of a
    /// pixel; and the whole pixel.
    pub fn key(&self, pixels: f32, x: f32) -> (CacheKey, i32) {
        let at = (x, 0.0);
        let (key, x, _) =
            CacheKey::new(self.font, self.number, pixels, at, self.weight, self.flags);
        (key, x)
    }
}

/// A glyph's pixels.
pub(crate) struct Raster {
    /// Width and height.
    pub size: [u32; 2],
    /// From the glyph's place to its left edge, and up to its top.
    pub corner: [i32; 2],
    /// White with its coverage as alpha, or its own colours.
    pub rgba: Vec<u8>,
}
