//! Text: fonts, lines and glyphs.
//!
//! This module knows neither GPU nor guests. Laid-out lines are cached, since most appear again in the next
//! picture.

mod fonts;
mod layout;
mod layout_cache;
mod typesetter;

pub(crate) use fonts::FontFile;
pub(crate) use layout::{Layout, Raster};
pub(crate) use typesetter::Typesetter;
