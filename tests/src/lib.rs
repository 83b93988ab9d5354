//! The driver of the tests: starts the real binary, edits a guest, and reads what happened.
//!
//! The driver links nothing of the host. A test knows a run as any script does: by the command line,
//! the report, standard error and the output files. If a run does not do what a test waits for, the
//! driver panics with all of these.

mod bounded;
mod busy;
mod demo;
mod display;
mod fixture;
mod held;
mod host;
mod ogg;
mod png;
mod skip;
mod typed;
mod wait;

pub use bounded::{Bounded, Bounds};
pub use busy::Busy;
pub use demo::{Demo, cargo_for_guests, workspace};
pub use display::{Display, Picture};
pub use fixture::{Counter, Guest, Tally, component_of};
pub use held::Held;
pub use host::{Ended, Host, Run, host, host_binary, show_state};
pub use ogg::{ogg_headers, ogg_of, ogg_of_long_words, silent_ogg};
pub use png::{blank_png, png_chunk};
pub use skip::skip;
pub use typed::Typed;
pub use wait::{DEADLINE, Reads, name_of, wait_until};
