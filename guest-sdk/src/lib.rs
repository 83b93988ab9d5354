//! The guest SDK: everything that a game in Rust needs to run in the Vblank host.
//!
//! A game is one type and one macro:
//!
//! ```
//! use vblank_guest::prelude::*;
//!
//! #[derive(State, Default)]
//! struct Hello {
//!     x: f32,
//! }
//!
//! impl Game for Hello {
//!     fn new(_: &Setup) -> Self {
//!         Self::default()
//!     }
//!     fn update(&mut self, frame: &Frame) {
//!         self.x += 60.0 * frame.dt;
//!     }
//!     fn draw(&self, canvas: &mut Canvas) {
//!         canvas.circle((self.x, 100.0), 10.0, Color::RED);
//!     }
//! }
//! game!(Hello);
//! # fn main() {}
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown` and give its folder to `host run`. When the
//! source changes, the host builds it again and moves the state, field by field, into the new code;
//! see [`state`].
//!
//! A game is a function of state and frame: it has no clock, no files and no threads. All input is
//! in [`Frame`], and random numbers come from an [`Rng`] in the state.

// The guest, its state and its exports.
#[doc(hidden)]
pub mod bindings;
mod game;
mod logger;
#[cfg(feature = "plugin")]
mod plugin;
mod root;

// The arguments of an update.
mod input;
mod rng;

// Drawing.
mod canvas;
mod color;
mod mesh;
mod scene;
mod sprite;
mod text;
mod words;

// Assets, sound and the window, which the host keeps.
pub mod assets;
pub mod sound;
mod window;

// Tests of a guest.
pub mod test;

pub use bindings::vblank::guest::draw::Blend;
pub use canvas::{Camera, Canvas, Image};
pub use color::Color;
#[doc(hidden)]
pub use game::Exports;
pub use game::{Game, Setup, Swapped};
pub use glam;
pub use input::{Buttons, Frame, Gamepad, Key, PadButtons, Pointer, Size, Touch};
pub use log;
pub use mesh::{Instance, Mesh, Triangles, Vertex};
#[cfg(feature = "plugin")]
pub use plugin::Plugin;
pub use rng::Rng;
#[doc(hidden)]
pub use root::{Root, Runtime, migrate, prewarm, save};
pub use scene::{Corner, Material};
pub use sprite::{Scale, Sprite};
pub use text::Text;
pub use vblank_derive::{Flat, State};
/// Schema, encoding and migration of the state.
pub use vblank_state as state;
pub use vblank_state::{Old, PageVec, RestoreError};
pub use window::{Fit, set_picture, set_title};
#[cfg(feature = "plugin")]
#[doc(hidden)]
pub use wit_bindgen;

/// The version of the contract (`wit/`) that this SDK implements, as written to the section
/// `vblank:abi`.
pub const ABI: &str = "0.1.0";

/// The chapters of the documentation with code of guests. Their examples run as tests.
#[cfg(doctest)]
mod chapters {
    #[doc = include_str!("../../docs/state.md")]
    mod state {}
    #[doc = include_str!("../../docs/testing.md")]
    mod testing {}
}

/// The names that most games use: `use vblank_guest::prelude::*;`.
pub mod prelude {
    pub use crate::assets::{Filter, Texture};
    pub use crate::glam::{Affine3A, Mat4, Quat, Vec2, Vec3, vec2, vec3};
    pub use crate::{
        Blend, Buttons, Camera, Canvas, Color, Corner, Fit, Flat, Frame, Game, Gamepad, Key,
        Material, Mesh, Old, PadButtons, PageVec, Pointer, RestoreError, Rng, Setup, Size, State,
        Swapped, Touch, Triangles, Vertex, game, log, set_picture, set_title, sound,
    };
}
