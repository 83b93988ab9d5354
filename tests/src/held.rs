//! Resources that a process holds, and waiting until it holds no more of them.

use std::path::Path;
use std::time::Duration;

use crate::wait::wait_until;

/// Time after which dropped resources are certainly freed.
const DEADLINE: Duration = Duration::from_secs(30);

/// Resources that a process holds.
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

/// Number of mappings by which one state of a process may differ from the next without a reason in the program.
/// Runs of the same swaps had 86 or 87.
const NEIGHBOURS: usize = 2;

impl Held {
    /// Measures a process by its folder in `/proc`.
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

    /// Measures a process once dropped resources are freed. The reaper frees them on a thread of its
    /// own.
    #[track_caller]
    #[must_use]
    pub fn settled(process: &Path) -> Self {
        let mut last = Self::by(process);
        let mut unchanged = 0;
        let what = format!("a steady number of mappings and descriptors, as of {last:?}");
        wait_until(&what, DEADLINE, || {
            // A thread needs some time to drop something large, so the measurements keep a distance.
            std::thread::sleep(Duration::from_millis(20));
            let now = Self::by(process);
            let is_same = now.mappings == last.mappings && now.descriptors == last.descriptors;
            unchanged = if is_same { unchanged + 1 } else { 0 };
            last = now;
            (unchanged == 10).then_some(now)
        })
    }

    /// Waits until a process holds no more than before. Fails at the deadline.
    /// Mappings may be a few more: the kernel merges neighbours of the same kind, or does not. What is leaked
    /// with each of many versions is many more.
    #[track_caller]
    pub fn wait_for_no_more(process: &Path, before: Self) -> Self {
        let what = format!("no more to be held than {before:?}");
        let mut last = None;
        wait_until(&what, DEADLINE, || {
            let now = Self::by(process);
            if last.replace(now) != Some(now) {
                eprintln!("held: {now:?}");
            }
            let is_back = now.mappings <= before.mappings + NEIGHBOURS
                && now.descriptors <= before.descriptors
                && now.threads <= before.threads
                && now.resident_kib <= before.resident_kib * 105 / 100;
            is_back.then_some(now)
        })
    }
}
