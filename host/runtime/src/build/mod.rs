//! From a changed file to a candidate, off the frame: watching, building, and the thread that does both.
//!
//! Only this module names notify or starts a process. It knows no window, no renderer and no clock of a
//! game.

mod cargo;
mod error;
mod message;
mod news;
mod package;
mod pipeline;
mod target;
mod toolchain;
mod watch;
mod worker;

pub use cargo::BuildOutput;
pub use error::BuildError;
pub use message::GrantCallback;
pub use news::{News, PipelineOptions, Source};
pub use package::{CargoFlags, GuestCrate};
pub use pipeline::Pipeline;
pub use target::TARGET;
pub use toolchain::Toolchain;
pub use watch::{WatchTarget, Watcher, is_told_of_changes};
