//! Guests: the engine, compiled components, and the instance that one version runs in.
//!
//! Only this module names wasmtime. It knows no drawing, no sound and no clock of a game. All imports
//! except `log` and `lend` come from the [`World`] that the application makes.

mod account;
mod backtrace;
mod bindings;
mod blocking;
mod cache;
mod capability;
#[cfg(feature = "cranelift")]
mod compile_pool;
mod compiler;
mod complexity;
mod component;
mod context;
mod engine;
mod frame_gate;
#[cfg(feature = "cranelift")]
mod function_cache;
mod grants;
mod handoff;
mod hash;
#[cfg(feature = "http")]
mod http;
mod instance;
mod lent;
mod limits;
mod location;
mod log;
mod pages;
mod profiler;
mod program;
mod provide;
mod recorded_replies;
mod signature;
mod store;
mod symbols;
mod types;
mod wants;
mod world;

pub use account::{Account, OverLimit};
pub use cache::CacheOptions;
pub use capability::Capability;
#[cfg(feature = "build")]
pub(crate) use complexity::MAX_FILE;
pub use component::{ABI, Code, Interfaces, Kind};
pub use context::Context;
pub use engine::{Engine, EngineOptions};
pub use frame_gate::{FrameGate, FrameGuard};
pub use hash::CodeHash;
pub use instance::Instance;
pub use limits::Limits;
pub use location::{Call, SourceLocation};
pub(crate) use log::Log;
pub use log::LogLine;
pub use profiler::{Profiler, Sample};
pub use program::Program;
pub(crate) use provide::{ExportTypes, ImportedFn, ImportedInterface, Provide, ProviderError};
pub(crate) use recorded_replies::RecordedReplies;
pub use store::{Linker, Store};
pub use symbols::{Frame, is_own_file, look_up};
pub(crate) use types::Value;
pub use types::{CallResult, Exports};
pub use wants::{Want, wants_file};
/// The engine's own crate. Generated bindings name it, and so does a host that links imports by hand.
pub use wasmtime;
pub use world::{Hooks, World};

/// The version of wasmtime.
pub const WASMTIME: &str = wasmtime_environ::VERSION;
