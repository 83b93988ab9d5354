//! Vblank runs games as WebAssembly components, and replaces their code between two frames with the
//! state intact.
//!
//! Two crates below it stand alone: [`vblank_runtime`] runs, watches and replaces guests, and
//! [`vblank_render`] draws and plays. This crate adds the games' world, the session that walks the
//! frames, and everything that a person sees: window, overlay, terminal and command line.
//!
//! The modules follow in reading order, and imports go down this list only. `ARCHITECTURE.md` has the
//! map.
//!
//! ```no_run
//! use vblank_host::game::{self, Game, GameCalls, Setup, Step};
//! use vblank_host::input::Size;
//! use vblank_host::render::assets::Assets;
//! use vblank_host::guest::{Code, EngineOptions};
//! use vblank_host::supervisor::{ExpectedState, prepare};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = game::engine(&Assets::default(), EngineOptions::default())?;
//! let setup = Setup { seed: 0, size: Size::new(640, 360), hz: 60.0 };
//!
//! let expected = ExpectedState::default();
//! let first = prepare(&engine, &Code::read("a.wasm".as_ref())?, &expected)?;
//! let mut game = Game::fresh(first, game::supervisor_options()?, |guest| guest.init(setup))?;
//! for number in 0..60 {
//!     game.update(&Step { number, dt: 1.0 / 60.0, ..Step::default() })?;
//! }
//!
//! let second = prepare(&engine, &Code::read("b.wasm".as_ref())?, &game.expected_state())?;
//! let swap = game.swap(&engine, second, false)?;
//! println!("{:?} in {:?}", swap.verdict, swap.pause);
//! # Ok(())
//! # }
//! ```

// Layer 4
pub mod app;
#[cfg(all(feature = "overlay", feature = "build"))]
pub mod cli;
pub mod headless;
#[cfg(feature = "overlay")]
pub mod overlay;
#[cfg(all(feature = "overlay", feature = "build"))]
mod terminal;
// Layer 3
pub mod control;
pub mod event;
pub mod frame;
#[cfg(feature = "overlay")]
mod present;
pub mod report;
pub mod session;
// Layer 2
pub mod game;
// Layer 0
pub mod clock;
pub mod config;

#[doc(inline)]
pub use vblank_input as input;
#[doc(inline)]
pub use vblank_render as render;
#[doc(inline)]
pub use vblank_runtime::{build, error, files, guest, history, image, plugin, supervisor};
