//! The history on disk. A guest has a folder with `log.jsonl` and `code/`.
//!
//! Lines are only appended to the log. An entry that changes is written again, and its last line counts.
//! Several hosts may write at once. This module does not know which version runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::entry::{ENTRIES, Entry};
use crate::error::Binary;
use crate::files::{self, Access, Lock};
use crate::guest::CodeHash;
use crate::thread;

/// Limit of the log's size in bytes. A log in use has some hundred kilobytes.
const MOST_LOG: u64 = 64 << 20;
/// Number of versions whose code is kept.
const CODES: usize = 16;
/// Number of lines appended before the log is compacted.
const SLACK: usize = 200;

/// Reads the entries in a guest's folder, oldest first. Unreadable lines are skipped, since a host that was
/// killed may have left half a line.
#[must_use]
pub fn read(folder: &Path) -> Vec<Entry> {
    try_read(folder).unwrap_or_default()
}

/// Reads the entries in a guest's folder. A missing log has none.
fn try_read(folder: &Path) -> io::Result<Vec<Entry>> {
    let text = match files::read(&log_file(folder), MOST_LOG) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        text => text.unwrap_or_default(),
    };
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            continue;
        };
        let same = |known: &&mut Entry| known.run == entry.run && known.number == entry.number;
        match entries.iter_mut().rev().find(same) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }
    entries.drain(..entries.len().saturating_sub(ENTRIES));
    Ok(entries)
}

/// True if a guest's folder holds the code of a version.
#[must_use]
pub fn has_code(folder: &Path, hash: &str) -> bool {
    hash.parse()
        .is_ok_and(|hash| code_file(folder, hash).is_file())
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log.jsonl")
}

fn code_file(folder: &Path, hash: CodeHash) -> PathBuf {
    folder.join("code").join(format!("{hash}.wasm"))
}

/// Handle of the thread that writes. Dropping it waits until everything is written.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: PathBuf,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// A task for the thread.
pub(super) enum Job {
    /// An entry to append, which is new or has changed.
    Entry(Entry),
    /// A version's code to keep, or to mark as used.
    Code(CodeHash, Arc<Binary>),
    /// A function to call after all earlier tasks.
    Call(Box<dyn FnOnce() + Send>),
}

impl Keeper {
    pub(super) fn start(folder: PathBuf) -> io::Result<Self> {
        files::create_folder(&folder.join("code"))?;
        let (jobs, waiting) = channel();
        let of_thread = folder.clone();
        let thread = thread::start("history", move || {
            let mut lines = SLACK;
            for job in waiting {
                let done = match job {
                    Job::Code(hash, binary) => keep_code(&of_thread, hash, &binary.bytes),
                    Job::Entry(entry) => append(&of_thread, &entry, &mut lines),
                    Job::Call(call) => {
                        call();
                        Ok(())
                    }
                };
                // A full disk must not stop the game.
                if let Err(error) = done {
                    tracing::debug!("the history is not kept: {error}");
                }
            }
        })?;
        Ok(Self {
            folder,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Returns the path of a version's code, which may be gone.
    pub(super) fn code_file(&self, hash: CodeHash) -> PathBuf {
        code_file(&self.folder, hash)
    }

    /// Queues a task. Never waits.
    pub(super) fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // An error means that the thread has panicked, which the panic hook has reported.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Appends a line. At intervals, compacts the log to the lines that count. Another host of the same guest
/// may write too, so both happen under a lock.
fn append(folder: &Path, entry: &Entry, lines: &mut usize) -> io::Result<()> {
    let _lock = Lock::wait(&folder.join("lock"))?;
    let path = log_file(folder);
    if *lines >= SLACK {
        // A log that cannot be read is not replaced by an empty one.
        let entries = try_read(folder)?;
        let mut log = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut log, &entry)?;
            log.push(b'\n');
        }
        files::write_whole(&path, Access::Private, &[&log])?;
        *lines = 0;
    }
    *lines += 1;
    files::append_line(&path, &serde_json::to_vec(entry)?)
}

/// Keeps the code of a version, or updates its time of use, and removes the least recently used files.
fn keep_code(folder: &Path, hash: CodeHash, bytes: &[u8]) -> io::Result<()> {
    let path = code_file(folder, hash);
    if path.is_file() {
        files::touch(&path)?;
    } else {
        files::write_whole(&path, Access::Private, &[bytes])?;
    }
    let kept = files::list_by_age(&folder.join("code"))?;
    for file in kept.iter().rev().skip(CODES) {
        // Another host may have removed the file.
        let _ = std::fs::remove_file(&file.path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::entry::VersionOutcome;
    use super::super::log::History;
    use super::super::log::tests::{arrive, module};
    use super::*;

    #[test]
    fn a_torn_line_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(Some(folder.path()));
        arrive(&mut history, 1);
        drop(history);
        let log = log_file(folder.path());
        let mut text = std::fs::read(&log).unwrap();
        let whole = text.len();
        text.extend_from_within(..whole / 2);
        std::fs::write(&log, &text).unwrap();
        assert_eq!(read(folder.path()).len(), 1);
        // The torn line does not spoil a line that is appended before the log is compacted.
        let entry = read(folder.path()).remove(0);
        append(folder.path(), &Entry { number: 1, ..entry }, &mut 0).unwrap();
        assert_eq!(read(folder.path()).len(), 2);
    }

    #[test]
    fn log_and_codes_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(Some(folder.path()));
        for number in 0..=255 {
            history.leaves(VersionOutcome::Replaced, None);
            arrive(&mut history, number);
        }
        assert_eq!(history.entries.len(), ENTRIES);
        drop(history);
        let log = std::fs::read(log_file(folder.path())).unwrap();
        let lines = log.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines <= ENTRIES + SLACK, "{lines} lines");
        assert_eq!(read(folder.path()).len(), ENTRIES);
        let codes = std::fs::read_dir(folder.path().join("code")).unwrap();
        assert_eq!(codes.count(), CODES);
        assert!(has_code(
            folder.path(),
            &CodeHash::of(&module(255)).to_string()
        ));
    }

    #[test]
    fn two_hosts_write_one_history() {
        let folder = tempfile::tempdir().unwrap();
        let hosts: Vec<History> = std::thread::scope(|scope| {
            let host = |name: &'static str| {
                let folder = folder.path();
                scope.spawn(move || {
                    let mut history = History::open(Some(folder));
                    history.run = name.to_owned(); // both are this process
                    for number in 0..90 {
                        arrive(&mut history, number);
                    }
                    history
                })
            };
            let hosts = [host("a"), host("b")];
            hosts.into_iter().map(|host| host.join().unwrap()).collect()
        });
        drop(hosts);
        assert_eq!(read(folder.path()).len(), 180);
    }
}
