//! The history on disk: a guest has a folder, and in it `log.jsonl` and `code/`.
//!
//! The log is only appended to: an entry that changes is written again, and the last line of an entry
//! counts. Several hosts may write at once. It knows nothing of which version runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::entry::{ENTRIES, Entry};
use crate::error::Binary;
use crate::files::{self, Access, Lock};
use crate::guest::CodeHash;

/// Of how many versions the code is kept.
const CODES: usize = 16;
/// How much longer than need be the log may be before it is written anew.
const SLACK: usize = 200;

/// The entries in a guest's folder, oldest first. What cannot be read is passed over: a host that was
/// killed may have left half a line.
#[must_use]
pub fn read(folder: &Path) -> Vec<Entry> {
    let text = files::read(&log_file(folder)).unwrap_or_default();
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
    entries
}

/// Whether the code of a version is kept in a guest's folder.
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

/// The thread that writes. Dropped, it waits until all is written.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: PathBuf,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What is to be written.
pub(super) enum Job {
    /// A new entry, or one that has changed.
    Entry(Entry),
    /// A version's code, or that it was used again.
    Code(CodeHash, Arc<Binary>),
    /// What waits until all before it is written.
    Call(Box<dyn FnOnce() + Send>),
}

impl Keeper {
    pub(super) fn start(folder: PathBuf) -> io::Result<Self> {
        files::create_folder(&folder.join("code"))?;
        let (jobs, waiting) = channel();
        let of_thread = folder.clone();
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || {
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

    /// Where the code of a version is, if it is still kept.
    pub(super) fn code_file(&self, hash: CodeHash) -> PathBuf {
        code_file(&self.folder, hash)
    }

    /// Do this some time. Never waits.
    pub(super) fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Were the thread gone, the panic hook has told.
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

/// Appends a line; now and then writes the log anew, without lines that no longer count. Another host of
/// the same guest may write as well, so both happen under a lock.
fn append(folder: &Path, entry: &Entry, lines: &mut usize) -> io::Result<()> {
    let _lock = Lock::wait(&folder.join("lock"))?;
    let path = log_file(folder);
    if *lines >= SLACK {
        *lines = 0;
        let mut log = Vec::new();
        for entry in read(folder) {
            serde_json::to_writer(&mut log, &entry)?;
            log.push(b'\n');
        }
        files::write_cached(&path, Access::Private, &[&log])?;
    }
    *lines += 1;
    files::append_line(&path, &serde_json::to_vec(entry)?)
}

/// Keeps a version's code, or notes that it was used again, and removes what was used longest ago.
fn keep_code(folder: &Path, hash: CodeHash, bytes: &[u8]) -> io::Result<()> {
    let path = code_file(folder, hash);
    if path.is_file() {
        files::touch(&path)?;
    } else {
        files::write_cached(&path, Access::Private, &[bytes])?;
    }
    let kept = files::list_by_age(&folder.join("code"))?;
    for file in kept.iter().rev().skip(CODES) {
        // Another host may have removed it.
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
    fn a_torn_line_is_passed_over() {
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
        // Neither does it spoil what is appended, also before the log is written anew.
        let entry = read(folder.path()).remove(0);
        append(folder.path(), &Entry { number: 1, ..entry }, &mut 0).unwrap();
        assert_eq!(read(folder.path()).len(), 2);
    }

    #[test]
    fn it_is_bounded() {
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
    fn two_hosts_of_one_guest() {
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
