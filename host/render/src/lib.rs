//! Vblank's pictures and sounds: command lists, assets, text, the renderer, and the mixer.
//!
//! It knows no WebAssembly, no guest and no window, just what a surface can be made of, so a player
//! without wasmtime can be made of it.
//!
//! The modules in reading order. Only `gpu` names wgpu, and only [`sound`] names kira.

pub mod assets;
pub mod commands;
mod extent;
mod gpu;
mod null;
mod picture;
mod placement;
mod renderer;
pub mod sound;
mod text;

use serde::{Deserialize, Serialize};

pub use self::gpu::{Prefer, WgpuRenderer};
pub use self::null::NullRenderer;
pub use self::picture::{Picture, SaveError};
pub use self::placement::{Fit, Placement, UnknownFit};
pub use self::renderer::*;

pub use vblank_input::Size;

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
