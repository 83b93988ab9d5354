//! The driver: starts the real binary, edits a guest, and reads what happened.
//!
//! Nothing of the host is linked here: what a test knows of a run is what any script knows, the
//! command line, the report, standard error and the files that were asked for. Where a run does not
//! do what is waited for, the driver panics with all of these.

mod api;
mod demo;
mod display;
mod fixture;
mod held;
mod host;
mod skip;
mod typed;
mod wait;

pub use api::Source;
pub use demo::{Demo, cargo_for_guests, workspace};
pub use display::{Display, Picture};
pub use fixture::{Counter, Guest, Tally, component_of};
pub use held::Held;
pub use host::{Ended, Host, Run, host, host_binary, show_state};
pub use skip::skip;
pub use typed::Typed;
pub use wait::{DEADLINE, Reads, name_of, wait_until};
