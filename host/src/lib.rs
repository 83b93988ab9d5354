//! Vblank: run games and plugins as WebAssembly components, and replace their code between two
//! frames with the state intact.
//!
//! The modules in reading order; imports go down this list only. `ARCHITECTURE.md` has the map.
//!
//! ```no_run
//! use std::sync::Arc;
//! use vblank_host::guest::{Code, Engine, EngineOptions, Step};
//! use vblank_host::reload::{Running, Setup, prepare};
//! use vblank_host::input::Size;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::new(EngineOptions::default())?;
//! let setup = Setup { seed: 0, size: Size::new(640, 360), hz: 60.0 };
//!
//! let first = prepare(&engine, &Code::read("a.wasm".as_ref())?, 0)?;
//! let mut game = Running::fresh(first, setup)?;
//! for number in 0..60 {
//!     game.update(&Step { number, dt: 1.0 / 60.0, ..Step::default() })?;
//! }
//!
//! let second = prepare(&engine, &Code::read("b.wasm".as_ref())?, 0)?;
//! let swap = game.swap(&engine, second, false)?;
//! println!("{:?} in {:?}", swap.verdict, swap.pause);
//! # Ok(())
//! # }
//! ```

// Layer 5
#[cfg(feature = "games")]
mod app;
#[cfg(feature = "games")]
pub mod cli;
#[cfg(feature = "games")]
pub mod headless;
#[cfg(feature = "games")]
pub mod overlay;
#[cfg(feature = "games")]
mod terminal;
// Layer 4
#[cfg(feature = "games")]
pub mod control;
#[cfg(feature = "games")]
pub mod event;
#[cfg(feature = "games")]
pub mod frame;
pub mod plugin;
#[cfg(feature = "games")]
pub mod session;
// Layer 3
pub mod reload;
// Layer 2
pub mod guest;
// Layer 1
pub mod render;
pub mod sound;
// Layer 0
pub mod clock;
pub mod config;
pub mod error;
pub mod image;
/// What the player does, collected for an update.
#[doc(inline)]
pub use vblank_input as input;

/// The pages whose code is compiled.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/embedding.md")]
    mod embedding {}
}
