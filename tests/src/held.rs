//! What a process holds of the machine, and whether that stays.

use std::path::Path;
use std::time::{Duration, Instant};

/// Nothing that is waited for takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a process holds of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Resident memory.
    pub resident_kib: u64,
    /// Pieces of its address space.
    pub mappings: usize,
    /// Files, pipes and the like.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

impl Held {
    /// Of a process, by its folder in `/proc`.
    #[must_use]
    pub fn by(process: &Path) -> Self {
        let read = |name: &str| {
            std::fs::read_to_string(process.join(name)).expect("Linux has /proc/PID/…")
        };
        let count = |name: &str| {
            let entries = std::fs::read_dir(process.join(name));
            entries.expect("a process can be looked into").count()
        };
        let status = read("status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|line| line.trim().strip_suffix(" kB"));
        Self {
            resident_kib: resident.expect("a size in kB").parse().expect("a number"),
            mappings: read("maps").lines().count(),
            descriptors: count("fd"),
            threads: count("task"),
        }
    }

    /// Once what was dropped is gone: the reaper has a thread of its own and takes its time.
    #[track_caller]
    #[must_use]
    pub fn settled(process: &Path) -> Self {
        let begun = Instant::now();
        let mut last = Self::by(process);
        let mut same = 0;
        while same < 10 {
            assert!(begun.elapsed() < PATIENCE, "it does not settle: {last:?}");
            std::thread::sleep(Duration::from_millis(20));
            let now = Self::by(process);
            let is_same = |held: fn(&Self) -> usize| held(&now) == held(&last);
            let is_settled = is_same(|held| held.mappings) && is_same(|held| held.descriptors);
            same = if is_settled { same + 1 } else { 0 };
            last = now;
        }
        last
    }

    /// Wait until no more is held than before, which must come to pass.
    #[track_caller]
    pub fn wait_for_no_more(process: &Path, before: Self) -> Self {
        let begun = Instant::now();
        loop {
            let now = Self::by(process);
            let is_back = now.mappings <= before.mappings
                && now.descriptors <= before.descriptors
                && now.threads <= before.threads
                && now.resident_kib <= before.resident_kib * 105 / 100;
            if is_back {
                return now;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "more is held than before: {before:?} and now {now:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
