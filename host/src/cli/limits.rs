//! Flags that limit a guest's time and memory. This module knows no command.

use std::time::Duration;

use clap::{Args, value_parser};
use vblank_runtime::guest::Limits;

/// Flags for the limits, shared by all commands that run guests.
#[derive(Args)]
pub(super) struct LimitArgs {
    /// Stop a guest whose init, update, draw or shutdown takes longer
    #[arg(long, default_value_t = 1000, value_name = "MS", value_parser = value_parser!(u64).range(1..=3_600_000))]
    call_limit: u64,
    /// Refuse a version if one of its steps in a swap takes longer
    #[arg(long, default_value_t = 500, value_name = "MS", value_parser = value_parser!(u64).range(1..=3_600_000))]
    swap_limit: u64,
    /// Largest memory that a version may have
    #[arg(long, default_value_t = 1024, value_name = "MIB", value_parser = value_parser!(u64).range(1..=4096))]
    memory_limit: u64,
}

impl LimitArgs {
    /// Returns the limits for the engine.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            call: Duration::from_millis(self.call_limit),
            swap: Duration::from_millis(self.swap_limit),
            memory: usize::try_from(self.memory_limit << 20).unwrap_or(usize::MAX),
        }
    }
}
