//! The versions that ran: their code, their times and their outcomes, so that the game can go back to one.
//! It knows nothing of who asks, and leaves the disk to `keeper`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::entry::{ENTRIES, Entry, VersionOutcome};
use super::keeper::{Job, Keeper, read};
use crate::error::Binary;
use crate::guest::CodeHash;
use crate::supervisor::{SwapVerdict, TransferMode};

/// How a version came in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The hash of its state's type.
    pub schema: String,
    /// The number of its first update.
    pub frame: u64,
    /// Verdict, transfer mode and pause of its swap.
    pub swap: Option<(SwapVerdict, TransferMode, Duration)>,
    /// Its code.
    pub hash: CodeHash,
    /// The file, which is kept.
    pub binary: Arc<Binary>,
}

/// Why there is no version to go back to.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HistoryError {
    /// Nothing begins so.
    #[error("no version {prefix} has run here; there {}", list(.known))]
    Unknown {
        /// What was asked for.
        prefix: String,
        /// What there is, newest first.
        known: Vec<String>,
    },
    /// Several begin so.
    #[error("{prefix} could be {}; give more digits", .matches.join(" or "))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// What begins so.
        matches: Vec<String>,
    },
    /// There is only one.
    #[error("no other version has run here before this one")]
    NoneBefore,
}

fn list(known: &[String]) -> String {
    match known {
        [] => "is none".to_owned(),
        [one] => format!("is {one}"),
        many => format!("are {}", many.join(", ")),
    }
}

/// A guest's versions, those of earlier runs first, and this run's.
#[derive(Debug)]
pub struct History {
    pub(super) entries: Vec<Entry>,
    pub(super) run: String,
    /// How many versions this run had.
    count: u64,
    /// The number of the version that runs.
    current: Option<u64>,
    /// Of the one that takes over again should it fail.
    before: Option<u64>,
    keeper: Option<Keeper>,
}

impl History {
    /// Go on with what this folder holds. Without a folder, or where it cannot be written, the
    /// history lasts as long as the run.
    #[must_use]
    pub fn open(folder: Option<&Path>) -> Self {
        Self {
            entries: folder.map(read).unwrap_or_default(),
            run: format!("{}-{}", now_ms(), std::process::id()),
            count: 0,
            current: None,
            before: None,
            keeper: folder.and_then(|folder| {
                Keeper::start(folder.to_owned())
                    .inspect_err(|error| tracing::debug!("the history is not kept: {error}"))
                    .ok()
            }),
        }
    }

    /// What this run is known by.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// A version came in.
    pub fn arrived(&mut self, arrival: Arrival) {
        let Arrival {
            schema,
            frame,
            swap,
            hash,
            binary,
        } = arrival;
        let entry = Entry {
            run: self.run.clone(),
            number: self.count,
            hash: hash.to_string(),
            at_ms: now_ms(),
            schema,
            frame,
            verdict: swap.map(|(verdict, ..)| verdict),
            path: swap.map(|(_, path, _)| path),
            pause_us: swap.map(|(.., pause)| pause.as_secs_f64() * 1e6),
            fate: VersionOutcome::Current,
            reason: None,
        };
        self.before = self.current.replace(self.count);
        self.count += 1;
        if let Some(keeper) = &self.keeper {
            keeper.send(Job::Code(hash, binary));
            keeper.send(Job::Entry(entry.clone()));
        }
        self.entries.push(entry);
        if self.entries.len() > ENTRIES {
            self.entries.remove(0);
        }
    }

    /// The version that runs is no longer what runs, or stands still.
    pub fn leaves(&mut self, fate: VersionOutcome, reason: Option<String>) {
        let Some(entry) = self.current.and_then(|number| self.entry(number)) else {
            return;
        };
        if entry.fate == VersionOutcome::Current {
            (entry.fate, entry.reason) = (fate, reason);
            let entry = entry.clone();
            self.keep(entry);
        }
    }

    /// The version that runs failed, and the one before it took over again.
    pub fn fell_back(&mut self, reason: String) {
        self.leaves(VersionOutcome::RolledBack, Some(reason));
        self.current = self.before.take();
        if let Some(entry) = self.current.and_then(|number| self.entry(number)) {
            (entry.fate, entry.reason) = (VersionOutcome::Current, None);
            let entry = entry.clone();
            self.keep(entry);
        }
    }

    /// The version whose hash begins so; without a prefix, the one that ran before the one that runs,
    /// leaving out those that failed.
    ///
    /// # Errors
    /// When there is none, or are several.
    pub fn find(&self, prefix: Option<&str>) -> Result<CodeHash, HistoryError> {
        let mut newest_first = self.entries.iter().rev();
        let Some(prefix) = prefix else {
            let current = newest_first.find(|entry| self.is_current(entry));
            let current = current.ok_or(HistoryError::NoneBefore)?;
            let has_failed = |entry: &Entry| entry.reason.is_some();
            let before =
                newest_first.find(|entry| entry.hash != current.hash && !has_failed(entry));
            return before
                .and_then(|entry| entry.hash.parse().ok())
                .ok_or(HistoryError::NoneBefore);
        };
        let mut known: Vec<&str> = Vec::new();
        for entry in newest_first {
            if !known.contains(&entry.hash.as_str()) {
                known.push(&entry.hash);
            }
        }
        let short = |hashes: &[&str], digits: usize| -> Vec<String> {
            let shown = hashes.iter().take(10);
            shown
                .map(|hash| hash.chars().take(digits).collect())
                .collect()
        };
        let mut matches = known.clone();
        matches.retain(|hash| hash.starts_with(prefix));
        match matches[..] {
            [one] => one.parse().map_err(|_| HistoryError::NoneBefore),
            [] => Err(HistoryError::Unknown {
                prefix: prefix.to_owned(),
                known: short(&known, 6),
            }),
            _ => Err(HistoryError::Ambiguous {
                prefix: prefix.to_owned(),
                matches: short(&matches, 12),
            }),
        }
    }

    /// The file in which the code of a version is, if it is still kept.
    #[must_use]
    pub fn code_of(&self, hash: CodeHash) -> Option<PathBuf> {
        self.keeper.as_ref().map(|keeper| keeper.code_file(hash))
    }

    /// Call this when all that is known so far is on disk, where there is one; on another thread.
    pub fn when_written(&self, call: impl FnOnce() + Send + 'static) {
        match &self.keeper {
            Some(keeper) => keeper.send(Job::Call(Box::new(call))),
            None => call(),
        }
    }

    /// The code that this history takes to be running.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        let entry = self
            .entries
            .iter()
            .rev()
            .find(|entry| self.is_current(entry))?;
        Some(&entry.hash)
    }

    fn is_current(&self, entry: &Entry) -> bool {
        entry.run == self.run && Some(entry.number) == self.current
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let mut newest_first = self.entries.iter_mut().rev();
        newest_first.find(|entry| entry.run == self.run && entry.number == number)
    }

    fn keep(&self, entry: Entry) {
        if let Some(keeper) = &self.keeper {
            keeper.send(Job::Entry(entry));
        }
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The smallest core module, made different by a custom section.
    pub(in crate::history) fn module(number: u8) -> Vec<u8> {
        [b"\0asm\x01\0\0\0\0\x03\x01n".as_slice(), &[number]].concat()
    }

    pub(in crate::history) fn arrive(history: &mut History, number: u8) -> CodeHash {
        let bytes = module(number);
        let hash = CodeHash::of(&bytes);
        history.arrived(Arrival {
            schema: "5c".to_owned(),
            frame: u64::from(number),
            swap: Some((
                SwapVerdict::Identical,
                TransferMode::Copy,
                Duration::from_micros(12),
            )),
            hash,
            binary: Arc::new(Binary {
                bytes,
                read: SystemTime::now(),
            }),
        });
        hash
    }

    fn fates(entries: &[Entry]) -> Vec<VersionOutcome> {
        entries.iter().map(|entry| entry.fate).collect()
    }

    #[test]
    fn the_next_run_knows_what_ran() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(Some(folder.path()));
        let first = arrive(&mut history, 1);
        history.leaves(VersionOutcome::Replaced, None);
        arrive(&mut history, 2);
        history.leaves(VersionOutcome::Ended, None);
        let before = history.entries.clone();
        drop(history);
        assert_eq!(read(folder.path()), before);
        assert_eq!(
            fates(&before),
            [VersionOutcome::Replaced, VersionOutcome::Ended]
        );

        let mut history = History::open(Some(folder.path()));
        arrive(&mut history, 2);
        assert_eq!(history.find(None), Ok(first), "another one than what runs");
        let file = history.code_of(first).unwrap();
        drop(history);
        assert_eq!(std::fs::read(file).unwrap(), module(1));
    }

    #[test]
    fn a_version_that_failed_is_not_what_ran_before() {
        let mut history = History::open(None);
        assert_eq!(history.find(None), Err(HistoryError::NoneBefore));
        let first = arrive(&mut history, 1);
        assert_eq!(history.find(None), Err(HistoryError::NoneBefore));
        history.leaves(VersionOutcome::Replaced, None);
        let second = arrive(&mut history, 2);
        for bad in [3, 4] {
            history.leaves(VersionOutcome::Replaced, None);
            arrive(&mut history, bad);
            history.fell_back("update trapped".to_owned());
            assert_eq!(history.current(), Some(&*second.to_string()));
        }
        let failed = VersionOutcome::RolledBack;
        let expected = [
            VersionOutcome::Replaced,
            VersionOutcome::Current,
            failed,
            failed,
        ];
        assert_eq!(fates(&history.entries), expected);
        assert_eq!(history.find(None), Ok(first));

        // Asked for, and back again.
        history.leaves(VersionOutcome::RolledBack, None);
        arrive(&mut history, 1);
        assert_eq!(history.find(None), Ok(second));
    }

    #[test]
    fn a_prefix_has_to_be_of_just_one() {
        let mut history = History::open(None);
        let hashes: Vec<String> = (0..40)
            .map(|i| arrive(&mut history, i).to_string())
            .collect();
        let one = &hashes[3];
        assert_eq!(history.find(Some(one)).unwrap().to_string(), *one);
        let error = history.find(Some("xyz")).unwrap_err().to_string();
        assert!(error.starts_with("no version xyz"), "{error}");
        assert!(error.contains(&hashes[39][..6]), "{error}");
        // Of forty hashes, two begin with the same digit.
        let digit = (0..16)
            .map(|digit| format!("{digit:x}"))
            .find(|digit| hashes.iter().filter(|hash| hash.starts_with(digit)).count() > 1)
            .unwrap();
        let error = history.find(Some(&digit)).unwrap_err();
        assert!(error.to_string().contains("give more digits"), "{error}");
    }
}
