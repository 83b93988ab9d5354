//! From a changed file to a candidate, off the frame: watching, building, and the thread that does both.
//!
//! Only this module names notify or starts a process. It knows no window, no renderer and no clock of a
//! game. Without the feature `build` there are only the types of its seam.

mod coverage;
mod error;
mod news;
mod options;
mod source;
mod target;

#[cfg(feature = "build")]
mod backlog;
#[cfg(feature = "build")]
mod cargo;
#[cfg(feature = "build")]
mod changes;
#[cfg(feature = "build")]
mod contents;
#[cfg(feature = "build")]
mod dep_info;
#[cfg(feature = "build")]
mod description;
#[cfg(feature = "build")]
mod failure;
#[cfg(feature = "build")]
mod filter;
#[cfg(feature = "build")]
mod inputs;
#[cfg(feature = "build")]
mod locations;
#[cfg(feature = "build")]
mod message;
#[cfg(feature = "build")]
mod mounts;
#[cfg(feature = "build")]
mod package;
#[cfg(feature = "build")]
mod pipeline;
#[cfg(feature = "build")]
mod poll;
#[cfg(feature = "build")]
mod rustc;
#[cfg(feature = "build")]
mod toolchain;
#[cfg(feature = "build")]
mod watch;
#[cfg(feature = "build")]
mod worker;

pub use coverage::Coverage;
pub use error::BuildError;
pub use news::News;
pub use options::{CargoFlags, PipelineOptions, Source};
pub use source::{CandidateSource, GrantCallback};
pub use target::TARGET;

#[cfg(feature = "build")]
pub use cargo::BuildOutput;
#[cfg(feature = "build")]
pub use filter::Touched;
#[cfg(feature = "build")]
pub use inputs::{Inputs, NewFiles};
#[cfg(feature = "build")]
pub use package::GuestCrate;
#[cfg(feature = "build")]
pub use pipeline::Pipeline;
#[cfg(feature = "build")]
pub use toolchain::Toolchain;
#[cfg(feature = "build")]
pub use watch::{Watcher, is_told_of_changes};
