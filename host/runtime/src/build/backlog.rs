//! The backlog: changes that watchers have reported and the worker has not judged yet. Knows no watcher and
//! no worker.
//!
//! A program may write thousands of files a second, and the worker may be busy. So the backlog is a set and
//! not a queue: it does not grow without end, and all of it is judged together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::filter::Touched;

/// Number of paths from which a backlog counts as a change of anything.
const MOST_PATHS: usize = 1000;

/// Changes that wait to be judged.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    batch: Mutex<Option<Batch>>,
    is_closed: AtomicBool,
}

/// Changes that are judged together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// These paths, each with the newest time at which it was written.
    Paths(BTreeMap<PathBuf, SystemTime>),
    /// Changes were lost, or there are too many of them: any path may have changed.
    Anything,
}

impl Backlog {
    /// Adds a change. Returns true if there was none before, so that somebody has to be woken.
    pub(super) fn add(&self, touched: Touched<'_>) -> bool {
        if self.is_closed() {
            return false;
        }
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = batch.is_none();
        match (&mut *batch, touched) {
            (Some(Batch::Anything), _) => {}
            (none @ None, Touched::Path(path, at)) => {
                *none = Some(Batch::Paths(BTreeMap::from([(path.to_owned(), at)])));
            }
            (Some(Batch::Paths(paths)), Touched::Path(path, at)) => {
                match paths.get_mut(path) {
                    Some(newest) => *newest = at.max(*newest),
                    None => drop(paths.insert(path.to_owned(), at)),
                }
                if paths.len() > MOST_PATHS {
                    *batch = Some(Batch::Anything);
                }
            }
            (any, Touched::Anything) => *any = Some(Batch::Anything),
        }
        is_first
    }

    /// Takes everything, so that the backlog is empty.
    pub(super) fn take(&self) -> Option<Batch> {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        batch.take()
    }

    /// Returns a path that waits, if so many changes wait that their judgement takes a while.
    pub(super) fn long(&self) -> Option<PathBuf> {
        const LONG: usize = 50;
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        match &*batch {
            Some(Batch::Anything) => Some(PathBuf::from("everything that is watched")),
            Some(Batch::Paths(paths)) if paths.len() > LONG => paths.keys().next().cloned(),
            _ => None,
        }
    }

    /// Lets nothing in any more, since nobody will judge it.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// True if nobody wants to know of changes any more. Whoever judges many stops then.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_the_first_change_wakes_and_all_are_taken_together() {
        let backlog = Backlog::default();
        let (early, late) = (
            SystemTime::UNIX_EPOCH,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1),
        );
        let (one, two) = (Path::new("one"), Path::new("two"));
        assert!(backlog.add(Touched::Path(one, late)));
        assert!(!backlog.add(Touched::Path(one, early)));
        assert!(!backlog.add(Touched::Path(two, early)));
        let paths = BTreeMap::from([(one.to_owned(), late), (two.to_owned(), early)]);
        assert_eq!(backlog.take(), Some(Batch::Paths(paths)));
        assert_eq!(backlog.take(), None);
        assert!(backlog.add(Touched::Path(one, late)));
    }

    #[test]
    fn many_changes_are_one_of_anything() {
        let backlog = Backlog::default();
        let first = backlog.add(Touched::Path(Path::new("0"), SystemTime::UNIX_EPOCH));
        assert!(first);
        for number in 0..100_000 {
            let path = number.to_string();
            assert!(!backlog.add(Touched::Path(Path::new(&path), SystemTime::UNIX_EPOCH)));
        }
        assert!(backlog.long().is_some());
        assert_eq!(backlog.take(), Some(Batch::Anything));
        assert_eq!(backlog.long(), None);
        backlog.close();
        assert!(!backlog.add(Touched::Anything));
        assert_eq!(backlog.take(), None);
    }
}
