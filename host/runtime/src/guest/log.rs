//! The log lines of guests, sent to the host's own log or to the application. The number of lines a second
//! is limited. Knows no world and no instance.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::escape::{MOST_OF_NAME, escaped};

/// A line that a plugin has logged ([`SlotBuilder::log`](crate::plugin::SlotBuilder::log)).
#[derive(Clone, Copy, Debug)]
pub struct LogLine<'a> {
    /// Severity.
    pub level: tracing::Level,
    /// Part of the plugin that logged the line, usually a module path, unescaped. Empty for lines of the host.
    pub target: &'a str,
    /// Text of the line, as the plugin wrote it: it may contain anything. `to_string` of the line escapes it.
    pub message: &'a str,
}

type Sink = dyn Fn(LogLine<'_>) + Send + Sync;

/// The destination of the log lines of a world's guests.
#[derive(Clone, Default)]
pub(crate) enum Log {
    /// `tracing`, as lines of the only guest.
    #[default]
    Guest,
    /// `tracing`, as lines of the named plugin.
    Plugin(Arc<str>),
    /// A callback of the application.
    Sink(Arc<Sink>),
}

impl Log {
    pub(super) fn write(&self, level: tracing::Level, target: &str, message: &str) {
        let line = LogLine {
            level,
            target,
            message,
        };
        // The macros of tracing need a constant level.
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

/// Limit of the characters of a line.
const MOST_OF_LINE: usize = 10_000;
/// Limit of the lines of a message after the first.
const MOST_LINES: usize = 100;

/// Formats the message as a terminal may show it: escaped and cut, with further lines indented, so that none
/// can be taken for a line of the host.
impl fmt::Display for LogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.target.is_empty() {
            write!(f, "{}: ", escaped(self.target, MOST_OF_NAME))?;
        }
        let mut lines = self.message.lines();
        let line = |line| escaped(line, MOST_OF_LINE);
        write!(f, "{}", line(lines.next().unwrap_or_default()))?;
        let mut further = lines.by_ref().take(MOST_LINES);
        further.try_for_each(|text| write!(f, "\n    {}", line(text)))?;
        match lines.next() {
            Some(_) => f.write_str("\n    …"),
            None => Ok(()),
        }
    }
}

/// Limit of lines that an instance may log in a second.
const MOST: u32 = 10_000;
/// Limit of bytes that an instance may log in a second.
const MOST_BYTES: usize = 4 << 20;

/// Limiter that keeps a guest from flooding the log.
#[derive(Debug, Default)]
pub(super) struct Flood {
    since: Option<Instant>,
    shown: u32,
    bytes: usize,
    left_out: u64,
}

impl Flood {
    /// Returns the number of lines left out before this one. `None` if this line must be left out too.
    pub(super) fn admit(&mut self, now: Instant, bytes: usize) -> Option<u64> {
        let is_over = self
            .since
            .is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1));
        if is_over {
            (self.since, self.shown, self.bytes) = (Some(now), 0, 0);
        }
        if self.shown == MOST || self.bytes > MOST_BYTES {
            self.left_out += 1;
            return None;
        }
        self.shown += 1;
        self.bytes += bytes;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_guest_cannot_be_taken_for_one_of_the_host() {
        let line = |target, message| {
            let level = tracing::Level::INFO;
            LogLine {
                level,
                target,
                message,
            }
            .to_string()
        };
        let spoofed = line("a\u{1b}[2J", "b\nbreak  at frame 0\r\u{9b}8m");
        assert_eq!(spoofed, "a\\u{1b}[2J: b\n    break  at frame 0\\r\\u{9b}8m");
        let long = line("", &"x\n".repeat(1 << 20));
        assert_eq!(long.lines().count(), MOST_LINES + 2);
    }

    #[test]
    fn a_flood_is_limited_and_reported() {
        let (mut flood, now) = (Flood::default(), Instant::now());
        let admitted = (0..15_000)
            .filter(|_| flood.admit(now, 10).is_some())
            .count();
        assert_eq!(admitted, MOST as usize);
        let later = now + Duration::from_secs(1);
        assert_eq!(flood.admit(later, 10), Some(5000));
        assert_eq!(flood.admit(later, 10), Some(0));
        let last = later + Duration::from_secs(1);
        let long = 16 << 10;
        let admitted = (0..1000).filter(|_| flood.admit(last, long).is_some());
        assert_eq!(admitted.count(), MOST_BYTES / long + 1);
    }
}
