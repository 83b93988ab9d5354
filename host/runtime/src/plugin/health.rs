//! The treatment of a plugin that fails: it is called again at once, then after longer and longer rests,
//! and in the end no more. Knows no instance and no state.

use std::time::{Duration, Instant};

use crate::error::Trap;

/// The number of failures that a slot accepts, and the rests after them
/// ([`SlotBuilder::restart_policy`](super::SlotBuilder::restart_policy)).
///
/// ```
/// use std::time::Duration;
/// use vblank_runtime::plugin::RestartPolicy;
///
/// // Five seconds after the second failure, ten after the third, and never again after the fourth.
/// let restart_policy = RestartPolicy {
///     rest: Duration::from_secs(5),
///     failures: 4,
///     ..RestartPolicy::default()
/// };
/// # let _ = restart_policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Rest after the second failure in a row. It doubles with each further failure. Default 10 ms.
    pub rest: Duration,
    /// Failures in a row after which the plugin is taken out. Default 5.
    pub failures: u32,
    /// Calls without a failure that end the row. Default 100.
    pub calls: u32,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            rest: Duration::from_millis(10),
            failures: 5,
            calls: 100,
        }
    }
}

/// The recent failures of one plugin.
#[derive(Debug)]
pub(super) struct Health {
    restart_policy: RestartPolicy,
    /// Failures in a row, and good calls since the last failure.
    failures: u32,
    calls: u32,
    rests_until: Option<Instant>,
    last: Option<Trap>,
}

/// The reason why a plugin is not called.
pub(super) enum Unavailable {
    Resting(Duration),
    Out { failures: u32, trap: Trap },
}

impl Health {
    pub(super) fn new(restart_policy: RestartPolicy) -> Self {
        Self {
            restart_policy,
            failures: 0,
            calls: 0,
            rests_until: None,
            last: None,
        }
    }

    /// Returns the reason if the plugin must not be called. Costs one comparison if the plugin never
    /// failed.
    #[inline]
    pub(super) fn unavailable(&mut self) -> Option<Unavailable> {
        if self.failures == 0 {
            return None;
        }
        self.after_failure(Instant::now())
    }

    fn after_failure(&mut self, now: Instant) -> Option<Unavailable> {
        if let (true, Some(trap)) = (self.failures >= self.restart_policy.failures, &self.last) {
            return Some(Unavailable::Out {
                failures: self.failures,
                trap: trap.clone(),
            });
        }
        let until = self.rests_until?;
        let left = until.checked_duration_since(now)?;
        (left > Duration::ZERO).then_some(Unavailable::Resting(left))
    }

    #[inline]
    pub(super) fn did_well(&mut self) {
        if self.failures > 0 {
            self.calls += 1;
            if self.calls >= self.restart_policy.calls {
                self.forgive();
            }
        }
    }

    pub(super) fn failed(&mut self, trap: &Trap, now: Instant) {
        self.rests_until = match self.failures {
            0 => None,
            before => Some(now + self.restart_policy.rest * (1 << (before - 1).min(16))),
        };
        self.failures += 1;
        self.calls = 0;
        self.last = Some(trap.clone());
    }

    /// Ends the row of failures, after a change of code or because a person asked for it.
    pub(super) fn forgive(&mut self) {
        *self = Self::new(self.restart_policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trap() -> Trap {
        Trap::new("call", "trapped")
    }

    fn rest(health: &mut Health, now: Instant) -> Option<Duration> {
        match health.after_failure(now) {
            Some(Unavailable::Resting(left)) => Some(left),
            Some(Unavailable::Out { .. }) => Some(Duration::MAX),
            None => None,
        }
    }

    #[test]
    fn rests_double_until_the_plugin_is_taken_out() {
        let now = Instant::now();
        let mut health = Health::new(RestartPolicy::default());
        let mut rests = Vec::new();
        for _ in 0..5 {
            health.failed(&trap(), now);
            rests.push(rest(&mut health, now).map(|rest| rest.as_millis()));
        }
        let out = Duration::MAX.as_millis();
        assert_eq!(rests, [None, Some(10), Some(20), Some(40), Some(out)]);
        health.forgive();
        assert!(health.unavailable().is_none());
    }

    #[test]
    fn a_rest_ends_and_good_calls_end_the_row() {
        let now = Instant::now();
        let mut health = Health::new(RestartPolicy::default());
        health.failed(&trap(), now);
        health.failed(&trap(), now);
        assert!(rest(&mut health, now).is_some());
        assert_eq!(rest(&mut health, now + Duration::from_millis(11)), None);
        for _ in 0..100 {
            health.did_well();
        }
        health.failed(&trap(), now);
        assert_eq!(rest(&mut health, now), None, "the first of a new row");
    }
}
