//! The contents of inputs when the newest build began, by which a change on disk is told from a file that
//! was only written again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::files;

/// Size from which a file is known by its size and date instead of its bytes.
const LARGE: u64 = 16 << 20;

/// What a path held: nothing, or a file with this content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Missing,
    Hash(blake3::Hash),
}

/// The contents of files at the beginning of the newest build.
#[derive(Debug, Default)]
pub(super) struct Contents(HashMap<PathBuf, Content>);

impl Contents {
    /// Reads the files that are not known, if they were last written before the build began. Returns those
    /// that were written since, or lie in a folder that was moved since: what the build has read of them is not
    /// known.
    pub(super) fn learn<'a>(
        &mut self,
        files: impl Iterator<Item = &'a Path>,
        began: SystemTime,
    ) -> Vec<PathBuf> {
        let mut unknown = Vec::new();
        let mut moved = HashMap::new();
        for file in files {
            // The watcher reports a path without links.
            let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
            if self.0.contains_key(&file) {
                continue;
            }
            match std::fs::metadata(&file) {
                Ok(meta) if meta_is_newer(&meta, began) => unknown.push(file),
                Ok(_) if is_in_moved(&file, began, &mut moved) => unknown.push(file),
                Ok(_) | Err(_) => self.update(&file),
            }
        }
        unknown
    }

    /// Returns the files that are known and not there any more.
    pub(super) fn gone(&self) -> impl Iterator<Item = &Path> {
        let gone = self.0.iter().filter(|(file, content)| {
            matches!(content, Content::Hash(_)) && file.symlink_metadata().is_err()
        });
        gone.map(|(file, _)| &**file)
    }

    /// True if it is known that there was a file.
    pub(super) fn is_known(&self, file: &Path) -> bool {
        matches!(self.0.get(file), Some(Content::Hash(_)))
    }

    /// Notes what a file holds now.
    pub(super) fn update(&mut self, file: &Path) {
        self.0.insert(file.to_owned(), read(file));
    }

    /// True if the content is not known, or is another now.
    pub(super) fn has_changed(&self, file: &Path) -> bool {
        self.0.get(file).is_none_or(|known| read(file) != *known)
    }
}

/// True if a file or a folder was written or moved into place at this time or later. A file may be moved with
/// an old date, but the time of the last change of its entry is the system's.
pub(super) fn is_newer(path: &Path, time: SystemTime) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta_is_newer(&meta, time))
}

fn meta_is_newer(meta: &std::fs::Metadata, time: SystemTime) -> bool {
    let is_written = meta.modified().is_ok_and(|written| written >= time);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or_default();
        let changed = (meta.ctime(), meta.ctime_nsec());
        let limit = (
            since.as_secs().cast_signed(),
            i64::from(since.subsec_nanos()),
        );
        is_written || changed >= limit
    }
    #[cfg(not(unix))]
    is_written
}

/// True if one of the folders that a path lies in was moved into place at this time or later. `moved` holds the
/// folders that have been looked at.
fn is_in_moved(path: &Path, time: SystemTime, moved: &mut HashMap<PathBuf, bool>) -> bool {
    let Some(folder) = path.parent() else {
        return false;
    };
    if let Some(is_moved) = moved.get(folder) {
        return *is_moved;
    }
    let is_moved = was_moved(folder, time) || is_in_moved(folder, time, moved);
    moved.insert(folder.to_owned(), is_moved);
    is_moved
}

/// True if a folder was moved into place at this time or later: its entry has changed, and no entry in it.
#[cfg(unix)]
fn was_moved(folder: &Path, time: SystemTime) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder).is_ok_and(|meta| {
        let is_listed = (meta.mtime(), meta.mtime_nsec()) == (meta.ctime(), meta.ctime_nsec());
        !is_listed && meta_is_newer(&meta, time)
    })
}

#[cfg(not(unix))]
fn was_moved(_: &Path, _: SystemTime) -> bool {
    false
}

/// Reads a file. Anything but a file, such as a fifo, is not opened.
fn read(path: &Path) -> Content {
    let hash = || -> std::io::Result<Option<blake3::Hash>> {
        let meta = std::fs::metadata(path)?;
        if !meta.is_file() {
            return Ok(None);
        }
        let mut hasher = blake3::Hasher::new();
        if meta.len() < LARGE {
            hasher.update_reader(files::open(path)?)?;
        } else {
            hasher.update(format!("{} {:?}", meta.len(), meta.modified()).as_bytes());
        }
        Ok(Some(hasher.finalize()))
    };
    match hash() {
        Ok(Some(hash)) => Content::Hash(hash),
        // A file that cannot be read is none for the compiler either.
        Ok(None) | Err(_) => Content::Missing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_written_again_has_not_changed() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("lib.rs");
        let write = |text: &str| std::fs::write(&file, text).expect("it can be written");
        write("one");
        let mut contents = Contents::default();
        assert!(contents.has_changed(&file), "it is not known");
        let later = SystemTime::now() + Duration::from_secs(1);
        let unknown = contents.learn([&*file].into_iter(), later);
        assert_eq!(unknown, Vec::<PathBuf>::new());
        write("one");
        assert!(!contents.has_changed(&file));
        write("two");
        assert!(contents.has_changed(&file));
        contents.update(&file);
        assert!(!contents.has_changed(&file));
        std::fs::remove_file(&file).expect("it is there");
        assert!(contents.has_changed(&file));
        contents.update(&file);
        assert!(!contents.has_changed(&file), "it is still missing");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_in_a_folder_that_was_moved_during_the_build_stays_unknown() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = folder.path().canonicalize().expect("it is there");
        for name in ["kept", "away"] {
            let deep = folder.join(name).join("deep");
            std::fs::create_dir_all(&deep).expect("a folder can be made");
            std::fs::write(deep.join("lib.rs"), "one").expect("it can be written");
        }
        // Files are dated by a coarser clock.
        std::thread::sleep(Duration::from_millis(20));
        let began = SystemTime::now();
        std::thread::sleep(Duration::from_millis(20));
        let moved = folder.join("moved");
        std::fs::rename(folder.join("away"), &moved).expect("it can be moved");
        let [kept, moved] = [folder.join("kept"), moved].map(|folder| folder.join("deep/lib.rs"));
        let mut contents = Contents::default();
        let unknown = contents.learn([&*kept, &*moved].into_iter(), began);
        assert_eq!(unknown, [moved]);
        assert!(!contents.has_changed(&kept));
    }

    #[test]
    fn a_file_written_during_the_build_stays_unknown() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("lib.rs");
        std::fs::write(&file, "one").expect("it can be written");
        let mut contents = Contents::default();
        let unknown = contents.learn([&*file].into_iter(), SystemTime::UNIX_EPOCH);
        assert_eq!(unknown.len(), 1);
        assert!(contents.has_changed(&file));
    }
}
