//! Vblank's pictures and sounds: command lists, assets, text, the renderer, and the mixer.
//!
//! This crate knows no WebAssembly, no guest and no window system. A surface can be made of any window, so
//! a player without wasmtime can use this crate too.
//!
//! The modules are listed in reading order. Only `gpu` and `choice` name wgpu, and only [`sound`] names
//! kira.

pub mod assets;
mod choice;
pub mod commands;
mod extent;
mod gpu;
mod kind;
mod null;
mod picture;
mod placement;
mod renderer;
pub mod sound;
mod text;
mod text_work;

pub use self::choice::{RendererAndNotice, RendererChoice, UnknownRenderer, headless, windowed};
pub use self::gpu::{Prefer, WgpuRenderer};
pub use self::kind::Kind;
pub use self::null::NullRenderer;
pub use self::picture::{Picture, SaveError};
pub use self::placement::{Fit, Placement, UnknownFit};
#[cfg(feature = "overlay")]
pub use self::renderer::Layer;
pub use self::renderer::{DRIVERS, RenderError, Renderer, Stats};

pub use vblank_input::Size;
