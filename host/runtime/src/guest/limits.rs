//! What a guest may use of time and memory, so that none can hang or starve the host.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// How often the epoch advances where nobody takes samples.
pub const TICK: Duration = Duration::from_millis(10);

/// Limits of one guest instance. The defaults are far above what a game needs, and low enough that
/// a person who wrote an endless loop is told before they look for the kill button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For each call while the guest runs: `init`, `update`, `draw`, `shutdown`. Default 1 s.
    pub call: Duration,
    /// For each call of a swap: `schema`, `save`, `prewarm`, `migrate`, `resume`. Default 500 ms.
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

/// A time limit in ticks, rounded up, and one more because the running tick is not whole.
pub(super) fn ticks(limit: Duration, tick: Duration) -> u64 {
    u64::try_from(limit.as_nanos().div_ceil(tick.as_nanos()))
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

/// Counts an instance's linear memory and refuses what is over the limit.
pub(crate) struct Memory {
    pub(super) most: usize,
    /// Bytes over all memories of the instance.
    pub(super) used: usize,
    /// Whether the guest was refused some; what follows is most likely its allocator's trap.
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
