//! `log`: a guest's lines, beside the host's own. One that writes more than anybody could read is cut short.

use std::time::{Duration, Instant};

use super::Context;
use crate::guest::bindings::vblank::guest::log::{Host, Level};

impl Host for Context {
    fn log(&mut self, level: Level, target: String, message: String) -> wasmtime::Result<()> {
        if target == "panic" {
            // Told with the trap that comes next.
            self.panic = Some(message);
            return Ok(());
        }
        let Some(left_out) = self.flood.admit(Instant::now()) else {
            return Ok(());
        };
        if left_out > 0 {
            tracing::warn!(target: "guest", "{left_out} lines of the guest's were left out");
        }
        match level {
            Level::Error => tracing::error!(target: "guest", "{target}: {message}"),
            Level::Warn => tracing::warn!(target: "guest", "{target}: {message}"),
            Level::Info => tracing::info!(target: "guest", "{target}: {message}"),
            Level::Debug => tracing::debug!(target: "guest", "{target}: {message}"),
            Level::Trace => tracing::trace!(target: "guest", "{target}: {message}"),
        }
        Ok(())
    }
}

/// So many lines of an instance are shown in a second.
const MOST: u32 = 10_000;

/// What keeps a guest from flooding the log.
#[derive(Debug, Default)]
pub(super) struct Flood {
    since: Option<Instant>,
    shown: u32,
    left_out: u64,
}

impl Flood {
    /// Whether a line may be shown, and if so, how many have been left out before it.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        let is_over = self
            .since
            .is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1));
        if is_over {
            (self.since, self.shown) = (Some(now), 0);
        }
        if self.shown == MOST {
            self.left_out += 1;
            return None;
        }
        self.shown += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_short_and_told_of() {
        let (mut flood, now) = (Flood::default(), Instant::now());
        let admitted = (0..15_000).filter(|_| flood.admit(now).is_some()).count();
        assert_eq!(admitted, MOST as usize);
        let later = now + Duration::from_secs(1);
        assert_eq!(flood.admit(later), Some(5000));
        assert_eq!(flood.admit(later), Some(0));
    }
}
