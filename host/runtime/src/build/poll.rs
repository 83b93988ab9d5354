//! Watching without the system's help: looks at the entries on the way to inputs at an interval.
//!
//! notify's own poller compares dates in whole seconds and reports only newer ones. It would miss a file that
//! was saved twice in a second, and one that was moved into place with an old date.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::filter::{Filter, Tell, Touched};
use crate::thread;

/// A thread that looks at folders. Dropping it ends the thread.
pub(super) struct Poller(Arc<Shared>);

struct Shared {
    filter: Arc<Mutex<Filter>>,
    tell: Tell,
    snapshot: Mutex<Snapshot>,
    stopped: Condvar,
}

#[derive(Default)]
struct Snapshot {
    folders: HashSet<PathBuf>,
    stamps: HashMap<PathBuf, Option<Stamp>>,
    is_stopped: bool,
}

/// Facts about an entry that differ after any change of it.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    written: Option<SystemTime>,
    bytes: u64,
    is_folder: bool,
    /// Inode and the time of its last change, on Unix.
    id: (u64, i64, i64),
}

impl Poller {
    /// Starts the thread, which looks at no folders yet.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub(super) fn start(
        interval: Duration,
        filter: Arc<Mutex<Filter>>,
        tell: Tell,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            filter,
            tell,
            snapshot: Mutex::default(),
            stopped: Condvar::new(),
        });
        let this = Self(Arc::clone(&shared));
        thread::start("poll", move || shared.run(interval))?;
        Ok(this)
    }

    /// Looks at these folders from now on. Changes before this call are not reported for those that are new.
    pub(super) fn watch(&self, folders: HashSet<PathBuf>) {
        let mut snapshot = lock(&self.0.snapshot);
        snapshot.folders = folders;
        let stamps = self.0.look(&snapshot.folders);
        let mut old = std::mem::take(&mut snapshot.stamps);
        snapshot.stamps = stamps
            .into_iter()
            .map(|(path, stamp)| {
                let stamp = old.remove(&path).unwrap_or(stamp);
                (path, stamp)
            })
            .collect();
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        lock(&self.0.snapshot).is_stopped = true;
        self.0.stopped.notify_all();
    }
}

impl Shared {
    fn run(&self, interval: Duration) {
        let mut snapshot = lock(&self.snapshot);
        loop {
            let waited = self
                .stopped
                .wait_timeout_while(snapshot, interval, |snapshot| !snapshot.is_stopped);
            snapshot = waited.unwrap_or_else(PoisonError::into_inner).0;
            if snapshot.is_stopped {
                return;
            }
            let now = self.look(&snapshot.folders);
            let gone = snapshot
                .stamps
                .keys()
                .filter(|path| !now.contains_key(*path));
            let other = now.iter().filter(|(path, stamp)| {
                // A new entry whose path was not looked at before was not there.
                snapshot.stamps.get(*path).copied().flatten() != **stamp
            });
            let other = other.map(|(path, _)| path);
            let changed: Vec<PathBuf> = gone.chain(other).cloned().collect();
            snapshot.stamps = now;
            for path in changed {
                let written = path.metadata().and_then(|meta| meta.modified());
                let written = written.unwrap_or_else(|_| SystemTime::now());
                (self.tell)(Touched::Path(&path, written));
            }
        }
    }

    /// Returns the stamps of every entry in these folders that concerns an input.
    fn look(&self, folders: &HashSet<PathBuf>) -> HashMap<PathBuf, Option<Stamp>> {
        let filter = lock(&self.filter);
        let mut stamps = HashMap::new();
        for entry in filter.entries_in(folders) {
            stamps.insert(entry.to_owned(), stamp(entry));
        }
        for folder in folders.iter().filter(|folder| filter.is_source(folder)) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if filter.concerns(&path) {
                    let stamp = stamp(&path);
                    stamps.insert(path, stamp);
                }
            }
        }
        stamps
    }
}

/// Returns `None` if nothing is there.
fn stamp(path: &Path) -> Option<Stamp> {
    let meta = path.symlink_metadata().ok()?;
    let is_folder = meta.is_dir();
    #[cfg(unix)]
    let id = {
        use std::os::unix::fs::MetadataExt;
        match is_folder {
            // A folder changes with every entry, which is reported by itself.
            true => (meta.ino(), 0, 0),
            false => (meta.ino(), meta.ctime(), meta.ctime_nsec()),
        }
    };
    #[cfg(not(unix))]
    let id = (0, 0, 0);
    Some(Stamp {
        written: meta.modified().ok().filter(|_| !is_folder),
        bytes: if is_folder { 0 } else { meta.len() },
        is_folder,
        id,
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
