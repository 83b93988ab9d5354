//! Guests: engine, compiled components, and the store that one version lives in.
//!
//! The only room that names wasmtime. It knows what a draw command is and nothing of who replays it.

mod api;
mod bindings;
mod cache;
mod component;
mod convert;
mod engine;
mod handoff;
mod limits;
mod pages;
mod step;
mod store;
mod symbols;

pub use api::window::Wishes;
pub use cache::CacheOptions;
pub use component::{ABI, Code, CodeHash, Interfaces, Kind};
pub use engine::{Capability, Engine, EngineOptions, Program};
pub use limits::Limits;
pub use step::Step;
pub use store::Instance;
pub use symbols::{Frame, is_own_file, look_up};

/// The version of wasmtime.
pub const WASMTIME: &str = wasmtime_environ::VERSION;
