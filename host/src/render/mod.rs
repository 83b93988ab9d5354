//! Pictures from command lists: one trait, a renderer on wgpu, and one that draws nothing.
//!
//! Layer 1. Only this room names wgpu; it knows neither guests nor windows, just what a surface can be
//! made of. Without the feature `games` there are the commands and the assets, and nobody draws.

pub mod assets;
pub mod commands;
#[cfg(feature = "games")]
mod extent;
#[cfg(feature = "games")]
mod null;
#[cfg(feature = "games")]
mod picture;
mod placement;
#[cfg(feature = "games")]
mod renderer;
#[cfg_attr(
    not(feature = "games"),
    expect(dead_code, reason = "texts are measured, and nobody draws them")
)]
mod text;
#[cfg(feature = "games")]
mod wgpu;

use serde::{Deserialize, Serialize};

#[cfg(feature = "games")]
pub use self::null::NullRenderer;
#[cfg(feature = "games")]
pub use self::picture::{Picture, SaveError};
pub use self::placement::{Fit, Placement, UnknownFit};
#[cfg(feature = "games")]
pub use self::renderer::*;
#[cfg(feature = "games")]
pub use self::wgpu::{Prefer, WgpuRenderer};
pub use crate::input::Size;

/// What makes the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A graphics card.
    Gpu,
    /// A driver that draws on the CPU.
    Software,
    /// Nothing: there are no pictures.
    Null,
}
