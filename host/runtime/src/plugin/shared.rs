//! The parts that all slots of a host share, and the settings of each slot.

use std::time::Duration;

use super::health::RestartPolicy;
use super::intake::Preparer;
use crate::guest::Engine;
use crate::supervisor::Reaper;

/// The parts that all slots of a host share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) preparer: Preparer,
    pub(super) reaper: Reaper,
}

/// The application's settings for one slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) restart_policy: RestartPolicy,
    pub(super) is_strict: bool,
    pub(super) waits_for_commit: bool,
    pub(super) keep_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            restart_policy: RestartPolicy::default(),
            is_strict: false,
            waits_for_commit: false,
            keep_every: Duration::from_millis(10),
        }
    }
}
