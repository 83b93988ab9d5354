//! Guests: engine, compiled components, and the store that one version lives in.
//!
//! The only room that names wasmtime. It knows what a draw command is and nothing of who replays it.

mod api;
mod bindings;
mod cache;
mod capability;
mod component;
mod convert;
mod engine;
mod exchanges;
mod game;
mod handoff;
#[cfg(feature = "http")]
mod http;
mod limits;
mod pages;
mod profiler;
mod provide;
mod signature;
mod step;
mod store;
mod symbols;
mod wants;
mod world;

pub use api::Context;
pub(crate) use api::log::Log;
pub use api::log::LogLine;
pub use api::window::Wishes;
pub use cache::CacheOptions;
pub use capability::Capability;
pub use component::{ABI, Code, CodeHash, Interfaces, Kind};
pub(crate) use engine::lower_priority;
pub use engine::{Engine, EngineOptions, Program};
pub(crate) use exchanges::Exchanges;
pub use limits::Limits;
pub use profiler::{Profiler, Sample};
pub(crate) use provide::{Foreign, Gives, Need, OfAnother, Provide};
pub use step::Step;
pub use store::Instance;
pub use symbols::{Frame, is_own_file, look_up};
pub use wants::{Want, wants_file};
/// For bindings: [`plugin!`](crate::plugin!) names it.
#[doc(hidden)]
pub use wasmtime;
pub use world::World;

/// The version of wasmtime.
pub const WASMTIME: &str = wasmtime_environ::VERSION;

/// Where an instance and all that belongs to it live; what generated bindings call through.
pub type Store = wasmtime::Store<Context>;
/// What an application offers is added to this.
pub type Linker = wasmtime::component::Linker<Context>;
/// What bindings find their exports in.
pub type Exports = wasmtime::component::Instance;
/// A value that goes from one plugin to another.
pub(crate) type Value = wasmtime::component::Val;
/// What generated bindings give.
pub type CallResult<T> = wasmtime::Result<T>;
