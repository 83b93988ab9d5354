//! Dates of changed sources: cargo compares them, so a file that is older than the last build gets a new one.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Worker;
use crate::files;

/// The time of a successful build, by the system's clock, which also dates files.
#[derive(Clone, Copy, Debug)]
pub(super) struct BuildTime {
    pub(super) begun: SystemTime,
    pub(super) ended: SystemTime,
}

impl BuildTime {
    /// Returns the time from the first beginning that cargo may know to the last end, if the clock was set back
    /// between two builds.
    pub(super) fn and(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| Self {
            begun: self.begun.max(other.begun),
            ended: self.ended.max(other.ended),
        })
    }

    /// True if cargo may take a changed file for one that the build has read. It compares the date with the time
    /// at which the compiler was started. A file that was saved during the build is newer than what was read of
    /// it, but one that was moved into place may have any date.
    fn may_hide(self, written: SystemTime, meta: &Metadata) -> bool {
        written <= self.begun || written <= self.ended && has_another_date(written, meta)
    }
}

/// True if a file has not been dated by its last write.
#[cfg(unix)]
fn has_another_date(written: SystemTime, meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let since = written.duration_since(SystemTime::UNIX_EPOCH);
    let since = since.unwrap_or_default();
    let changed = (meta.ctime().cast_unsigned(), meta.ctime_nsec());
    changed != (since.as_secs(), i64::from(since.subsec_nanos()))
}

/// Assumes that a file has: its entry has no date of its own.
#[cfg(not(unix))]
fn has_another_date(_: SystemTime, _: &Metadata) -> bool {
    true
}

impl Worker {
    /// Gives a newer date to changed files that cargo may take for older than the last build: a file was moved
    /// into place with its old date, or saved while the clock was set back.
    pub(super) fn redate(&mut self) {
        let (Some(built), Some(guest)) = (self.built, &self.guest) else {
            return;
        };
        let date = SystemTime::now().max(built.ended + Duration::from_secs(1));
        let is_hidden = |path: &Path| {
            let meta = path.metadata().ok();
            let dated = meta.and_then(|meta| Some((meta.modified().ok()?, meta)));
            dated.is_some_and(|(written, meta)| built.may_hide(written, &meta))
        };
        let touched: Vec<_> = self.watch.touched().collect();
        // cargo knows the target of a link, and not that it leads elsewhere now.
        let has_link = touched.iter().any(|path| path.is_symlink());
        let root = guest.root.as_path();
        let touched = touched.into_iter().chain(has_link.then_some(root));
        let mut ignored = BTreeMap::new();
        for path in touched.filter(|path| is_hidden(path)) {
            if path.is_dir() {
                // It leads to an input.
                continue;
            }
            if let Err(error) = files::set_date(path, date) {
                let reason = format!(
                    "it is older than the last build, so cargo passes over it, and its date cannot be changed: {error}"
                );
                ignored.insert(path.to_owned(), reason);
            }
        }
        self.watch.ignore(ignored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_may_be_hidden_by_its_date() {
        let second = Duration::from_secs(1);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("lib.rs");
        let file = std::fs::File::create(&path).expect("it can be written");
        let meta = || path.metadata().expect("it is there");
        let saved = meta().modified().expect("it has a date");
        let built = BuildTime {
            begun: saved - second,
            ended: saved + second,
        };
        assert!(!built.may_hide(saved, &meta()) || cfg!(not(unix)));
        let moved = saved - second / 2;
        for (date, is_hidden) in [
            (moved, true),
            (saved - 2 * second, true),
            (saved + 2 * second, false),
        ] {
            file.set_modified(date).expect("it can be dated");
            assert_eq!(built.may_hide(date, &meta()), is_hidden, "{date:?}");
        }
    }
}
