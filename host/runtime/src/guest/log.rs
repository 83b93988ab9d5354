//! `log`: a guest's lines, beside the host's own or where the application wants them. One that writes more than
//! anybody could read is cut short.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A line that a plugin has logged ([`SlotBuilder::log`](crate::plugin::SlotBuilder::log)).
#[derive(Clone, Copy, Debug)]
pub struct LogLine<'a> {
    /// How much it matters.
    pub level: tracing::Level,
    /// Where in the plugin it comes from, by custom a module path; empty where it is the host's own.
    pub target: &'a str,
    /// What it says.
    pub message: &'a str,
}

type Sink = dyn Fn(LogLine<'_>) + Send + Sync;

/// Where the lines of a world's guests go.
#[derive(Clone, Default)]
pub(crate) enum Log {
    /// To `tracing`, as those of the one guest that there is.
    #[default]
    Guest,
    /// To `tracing`, as those of a plugin.
    Plugin(Arc<str>),
    /// To the application.
    Sink(Arc<Sink>),
}

impl Log {
    pub(super) fn write(&self, level: tracing::Level, target: &str, message: &str) {
        let line = LogLine {
            level,
            target,
            message,
        };
        // The level of tracing's macros is a constant.
        macro_rules! event {
            ($($level:ident)*) => {
                match (self, level) {
                    (Self::Sink(sink), _) => sink(line),
                    $(
                        (Self::Guest, tracing::Level::$level) => {
                            tracing::event!(target: "guest", tracing::Level::$level, "{line}");
                        }
                        (Self::Plugin(plugin), tracing::Level::$level) => {
                            let plugin = &**plugin;
                            tracing::event!(target: "guest", tracing::Level::$level, plugin, "{line}");
                        }
                    )*
                }
            };
        }
        event!(ERROR WARN INFO DEBUG TRACE);
    }
}

impl fmt::Display for LogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.target.is_empty() {
            write!(f, "{}: ", self.target)?;
        }
        f.write_str(self.message)
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
    pub(super) fn admit(&mut self, now: Instant) -> Option<u64> {
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
