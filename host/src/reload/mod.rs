//! From a changed file to a candidate, off the frame; and from a candidate to the running version,
//! between two frames.
//!
//! The only room that names notify or starts a process. It knows no window, no renderer, no clock of
//! the game.

mod assets;
mod back;
mod build;
mod candidate;
pub mod history;
mod journal;
mod optimise;
mod package;
mod pipeline;
mod place;
mod reaper;
mod recovery;
#[cfg_attr(
    not(feature = "games"),
    expect(dead_code, reason = "for whoever shows a game")
)]
pub mod report;
mod running;
mod swap;
mod toolchain;
mod watch;
mod worker;

pub use back::{Back, BackError, GoBack, StateOf, Then};
pub use build::{BuildError, Built};
pub use candidate::{Candidate, Stages, Version, prepare, prepare_file};
pub use journal::Again;
pub use package::{CargoFlags, GuestCrate};
pub use pipeline::{Granted, News, Pipeline, PipelineOptions, Source};
pub use place::{Call, Place};
pub use reaper::{Past, Reaper};
pub use recovery::{COST_SHARE, PROBATION};
pub use running::{Aftermath, Carried, Kept, Running, Setup};
pub use swap::{Origin, PAGES_MIN, Path, Swap, carry, carry_but_pages};
pub use toolchain::{TARGET, Toolchain};
pub use watch::is_told_of_changes;
