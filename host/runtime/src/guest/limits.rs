//! Limits of time and memory, so that no guest can hang or starve the host. Knows no world and no engine.

use std::time::Duration;

use wasmtime::ResourceLimiter;

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
    /// Linear memory in bytes. Default 1 GiB.
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

/// Counts the linear memory of an instance and refuses growth beyond the limit.
pub(crate) struct Memory {
    pub(super) most: usize,
    /// Bytes of all memories of the instance.
    pub(super) used: usize,
    /// True if growth was refused. The trap that follows most likely comes from the guest's allocator.
    pub(super) refused: bool,
}

impl Memory {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.memory,
            used: 0,
            refused: false,
        }
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired - current);
        if used > self.most {
            self.refused = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        const MOST_ELEMENTS: usize = 1 << 20;
        Ok(desired <= MOST_ELEMENTS)
    }
}
