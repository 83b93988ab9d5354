//! Text: fonts, lines and glyphs.
//!
//! It knows neither GPU nor guests. Laid-out lines are cached, since most come again with the next
//! picture.

mod fonts;
mod layout;
mod layout_cache;
mod typesetter;

pub(crate) use fonts::FontFile;
pub(crate) use layout::{Layout, Raster};
pub(crate) use typesetter::Typesetter;
