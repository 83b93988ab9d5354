//! The log of a run, on the terminal and in the overlay.

use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::overlay::LogRing;
use crate::terminal::{Terminal, has_colors};

/// Starts the log on the terminal: errors, and the lines of guests from level `info`. `-v` shows more, and
/// the variable `VBLANK_LOG` sets the levels. The ring receives the lines of guests at every level.
pub(super) fn start_log(terminal: &Terminal, is_verbose: bool, ring: Option<LogRing>) {
    let default = if is_verbose {
        "warn,vblank_host=debug,vblank_runtime=debug,vblank_render=debug,guest=trace"
    } else {
        "error,guest=info"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VBLANK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(terminal.clone())
        .with_ansi(has_colors())
        .without_time()
        .with_filter(filter);
    let guests = tracing_subscriber::filter::filter_fn(|about| about.target() == "guest");
    // An error means that a log was set up before, which stays in use.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(ring.map(|ring| ring.with_filter(guests)))
        .try_init();
}
