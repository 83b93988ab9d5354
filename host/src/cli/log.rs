//! The log of a run: to the terminal, and to the overlay.

use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::overlay::LogRing;
use crate::terminal::{Terminal, has_colors};

/// Sends the log to the terminal: warnings and the lines of guests; everything with `-v`. Lines of guests go
/// to the ring as well, whatever their level.
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
    // It fails when a log was set up before, which is then the one to use.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(ring.map(|ring| ring.with_filter(guests)))
        .try_init();
}
