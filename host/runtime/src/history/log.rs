//! The versions that ran: their code, times and outcomes, so that the game can go back to one. It knows
//! nothing of who asks, and leaves the disk to `keeper`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::entry::{ENTRIES, Entry, VersionOutcome};
use super::keeper::{Job, Keeper, read};
use crate::error::Binary;
use crate::guest::CodeHash;
use crate::supervisor::{SwapVerdict, TransferMode};

/// The start of a version.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Hash of the type of its state.
    pub schema: String,
    /// Number of its first update.
    pub frame: u64,
    /// Verdict, transfer mode and pause of the swap.
    pub swap: Option<(SwapVerdict, TransferMode, Duration)>,
    /// Hash of the code.
    pub hash: CodeHash,
    /// The guest's file, to be kept.
    pub binary: Arc<Binary>,
}

/// The reason why no version was found to go back to.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HistoryError {
    /// No hash begins with these digits.
    #[error("no version {prefix} has run here; there {}", list(.known))]
    Unknown {
        /// The digits that were given.
        prefix: String,
        /// Hashes that are known, newest first.
        known: Vec<String>,
    },
    /// Several hashes begin with these digits.
    #[error("{prefix} could be {}; give more digits", .matches.join(" or "))]
    Ambiguous {
        /// The digits that were given.
        prefix: String,
        /// Hashes that begin with them.
        matches: Vec<String>,
    },
    /// No other version ran before.
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

/// The versions of a guest, those of earlier runs first.
#[derive(Debug)]
pub struct History {
    pub(super) entries: Vec<Entry>,
    pub(super) run: String,
    /// Number of versions in this run.
    count: u64,
    /// Index of the running version.
    current: Option<u64>,
    /// Index of the version that takes over again if the running one fails.
    before: Option<u64>,
    keeper: Option<Keeper>,
}

impl History {
    /// Opens the history in a folder. Without a folder, or if it cannot be written, the history lasts as
    /// long as the run.
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

    /// Identifier of this run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Notes that a version has started.
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
            outcome: VersionOutcome::Current,
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

    /// Notes the outcome of the running version, which was replaced, has ended or stands still.
    pub fn leaves(&mut self, outcome: VersionOutcome, reason: Option<String>) {
        let Some(entry) = self.current.and_then(|number| self.entry(number)) else {
            return;
        };
        if entry.outcome == VersionOutcome::Current {
            (entry.outcome, entry.reason) = (outcome, reason);
            let entry = entry.clone();
            self.keep(entry);
        }
    }

    /// Notes that the running version failed and the previous one took over again.
    pub fn fell_back(&mut self, reason: String) {
        self.leaves(VersionOutcome::RolledBack, Some(reason));
        self.current = self.before.take();
        if let Some(entry) = self.current.and_then(|number| self.entry(number)) {
            (entry.outcome, entry.reason) = (VersionOutcome::Current, None);
            let entry = entry.clone();
            self.keep(entry);
        }
    }

    /// Finds the version whose hash begins with `prefix`. Without a prefix, finds the last version before
    /// the running one that has not failed.
    ///
    /// # Errors
    /// When no version matches, or several do.
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

    /// Returns the path of a version's code, which may be gone. `None` without a folder.
    #[must_use]
    pub fn code_of(&self, hash: CodeHash) -> Option<PathBuf> {
        self.keeper.as_ref().map(|keeper| keeper.code_file(hash))
    }

    /// Calls `call` on another thread once all notes so far are on disk. Without a folder, calls it at
    /// once.
    pub fn when_written(&self, call: impl FnOnce() + Send + 'static) {
        match &self.keeper {
            Some(keeper) => keeper.send(Job::Call(Box::new(call))),
            None => call(),
        }
    }

    /// Returns the hash of the running version.
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

    /// Makes the smallest core module with a custom section that differs by `number`.
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

    fn outcomes(entries: &[Entry]) -> Vec<VersionOutcome> {
        entries.iter().map(|entry| entry.outcome).collect()
    }

    #[test]
    fn the_next_run_reads_earlier_versions() {
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
            outcomes(&before),
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
    fn a_failed_version_is_not_the_previous_one() {
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
        assert_eq!(outcomes(&history.entries), expected);
        assert_eq!(history.find(None), Ok(first));

        // A person goes back to the first version, and then forward again.
        history.leaves(VersionOutcome::RolledBack, None);
        arrive(&mut history, 1);
        assert_eq!(history.find(None), Ok(second));
    }

    #[test]
    fn a_prefix_must_be_unambiguous() {
        let mut history = History::open(None);
        let hashes: Vec<String> = (0..40)
            .map(|i| arrive(&mut history, i).to_string())
            .collect();
        let one = &hashes[3];
        assert_eq!(history.find(Some(one)).unwrap().to_string(), *one);
        let error = history.find(Some("xyz")).unwrap_err().to_string();
        assert!(error.starts_with("no version xyz"), "{error}");
        assert!(error.contains(&hashes[39][..6]), "{error}");
        // At least two of forty hashes begin with the same digit.
        let digit = (0..16)
            .map(|digit| format!("{digit:x}"))
            .find(|digit| hashes.iter().filter(|hash| hash.starts_with(digit)).count() > 1)
            .unwrap();
        let error = history.find(Some(&digit)).unwrap_err();
        assert!(error.to_string().contains("give more digits"), "{error}");
    }
}
