//! Limits of time and memory, so that no guest can hang or starve the host. Knows no world and no engine.

use std::time::Duration;

/// Interval at which the epoch advances, unless a profiler sets its own.
pub const TICK: Duration = Duration::from_millis(10);

/// Limits of one guest instance. The defaults are far above the needs of a game, and low enough to stop an
/// endless loop before a person kills the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for each call while the guest runs: `init`, `update`, `draw`, `shutdown`. Default 1 s.
    pub call: Duration,
    /// Time for each call of a swap: `schema`, `save`, `prewarm`, `migrate`, `resume`. Default 500 ms.
    pub swap: Duration,
    /// Bytes that the host holds for the instance: linear memories, tables, draw commands and assets
    /// together. Default 1 GiB.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(1),
            swap: Duration::from_millis(500),
            memory: 1 << 30,
        }
    }
}

/// Returns a time limit in ticks, rounded up, plus one because the current tick is not complete.
pub(super) fn ticks(limit: Duration, tick: Duration) -> u64 {
    u64::try_from(limit.as_nanos().div_ceil(tick.as_nanos()))
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
