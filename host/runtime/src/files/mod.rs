//! Files that must survive a crash: a write leaves a file either complete or unchanged.
//!
//! The module knows paths and bytes, and nothing of what they mean. Errors are those of the system, without
//! the temporary name. The caller adds the operation and the file.

mod open_folder;
mod regular;
mod working_folder;

use std::fs::{DirEntry, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::fault::{self, Operation};

pub use open_folder::OpenFolder;
pub use regular::{open, set_date};
pub use working_folder::WorkingFolder;

/// The readers of a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The user only (mode 0600).
    Private,
    /// Everybody whom the user's umask allows (mode 0666 less the umask).
    Shared,
}

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
/// When the file is missing, cannot be read or is larger, or something else has its name, such as a fifo, a
/// device or a folder.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    fault::before(Operation::Read(path))?;
    let file = open(path)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(file.metadata()?.len().min(most) as usize)
        .map_err(io::Error::other)?;
    // The file may grow while it is read, and a file of the kernel has no size.
    if file.take(most.saturating_add(1)).read_to_end(&mut bytes)? as u64 > most {
        let text = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Writes a file under a temporary name beside it, brings it to disk and renames it. After a crash or on a
/// full disk, either the new file or the old one is there, never a part.
///
/// A shared file is one that the user named: a link is followed, and something that is no regular file, such
/// as `/dev/stdout` or a fifo, is written to and stays what it is.
///
/// # Errors
/// When the file system refuses. An older file of that name is then unchanged.
pub fn write_whole(path: &Path, access: Access, bytes: &[&[u8]]) -> io::Result<()> {
    let path = &match access {
        Access::Private => path.to_owned(),
        Access::Shared => std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
    };
    if access == Access::Shared && is_special(path) {
        let mut file = File::options().write(true).open(path)?;
        return bytes
            .iter()
            .try_for_each(|bytes| write(&mut file, path, bytes));
    }
    let file = temporary_of(path, access, bytes)?;
    persist_on_disk(file, path)
}

/// Brings a temporary file to disk and gives it its name, which is on disk as well afterwards.
fn persist_on_disk(file: NamedTempFile, path: &Path) -> io::Result<()> {
    fault::before(Operation::Sync(file.path()))?;
    file.as_file().sync_data()?;
    persist(file, path)?;
    sync_folder(folder_of(path))
}

/// Gives a temporary file its name.
fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    fault::before(Operation::Rename(file.path(), path))?;
    file.persist(path)?;
    Ok(())
}

/// Writes bytes at the end of a file.
fn write(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Err(error) = fault::before(Operation::Write(path, bytes)) {
        // A disk takes what fits before it says that it is full.
        file.write_all(&bytes[..bytes.len() / 2])?;
        return Err(error);
    }
    file.write_all(bytes)
}

/// Brings the names in a folder to disk: a rename is only there after a loss of power once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::before(Operation::SyncFolder(folder))?;
    // A folder may be writable and not readable.
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        match folder.sync_all() {
            // Some file systems cannot, and need not.
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => return Err(error),
            _ => {}
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// True for a device, a fifo or a socket.
fn is_special(path: &Path) -> bool {
    let meta = std::fs::metadata(path);
    meta.is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Writes a file that can be made again, like [`write_whole`] but without waiting for the disk.
///
/// # Errors
/// As for [`write_whole`].
pub fn write_cached(path: &Path, access: Access, bytes: &[&[u8]]) -> io::Result<()> {
    persist(temporary_of(path, access, bytes)?, path)
}

/// Copies a file, completely or not at all, and brings the copy to disk.
///
/// # Errors
/// When the file system refuses.
pub fn copy_whole(from: &Path, to: &Path, access: Access) -> io::Result<()> {
    let mut copy = temporary(to, access)?;
    fault::before(Operation::Copy(from, copy.path()))?;
    io::copy(&mut open(from)?, copy.as_file_mut())?;
    persist_on_disk(copy, to)
}

/// Appends a line in one write. If a crash left the last line without its end, that line is ended first.
///
/// # Errors
/// When the file system refuses.
pub fn append_line(path: &Path, line: &[u8]) -> io::Result<()> {
    fault::before(Operation::Append(path))?;
    let mut file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            write(&mut file, path, b"\n")?;
        }
    }
    write(&mut file, path, &[line, b"\n"].concat())
}

/// A lock between processes, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

impl Lock {
    /// Waits for the lock of this name.
    ///
    /// # Errors
    /// When the file cannot be created, or the system has no locks.
    pub fn wait(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        loop {
            match fault::before(Operation::Lock(path)).and_then(|()| file.lock()) {
                // A signal came, such as Ctrl-C.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done.map(|()| Self(file)),
            }
        }
    }

    /// Takes the lock of this name, or returns `None` if another process or another part of this one has it.
    ///
    /// # Errors
    /// When the file cannot be created, or the system has no locks.
    pub fn attempt(path: &Path) -> io::Result<Option<Self>> {
        fault::before(Operation::Lock(path))?;
        let file = File::create(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Reads a key of the user's from this file, or makes one of random bytes. Only the user may read the file.
///
/// # Errors
/// When the file system refuses, or the system has no random bytes.
pub fn private_key(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(key) = existing_key(path) {
        return Ok(key);
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    // Whatever else has this name is no key.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = temporary_of(path, Access::Private, &[&key])?;
    fault::before(Operation::Rename(file.path(), path))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        // Another host was quicker.
        Err(error) => existing_key(path).ok_or(error.error),
    }
}

/// Returns the key in a file that is regular, no link, of the right size, and readable by its owner only.
fn existing_key(path: &Path) -> Option<[u8; 32]> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    #[cfg(unix)]
    let is_private = {
        use std::os::unix::fs::MetadataExt;
        meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o077 == 0
    };
    #[cfg(not(unix))]
    let is_private = true;
    (meta.is_file() && is_private).then_some(())?;
    read(path, 32).ok()?.try_into().ok()
}

/// Sets a file's date to now, which marks it as used.
///
/// # Errors
/// When the file is missing or the disk is read-only.
pub fn touch(path: &Path) -> io::Result<()> {
    fault::before(Operation::Touch(path))?;
    let file = File::options().write(true).open(path)?;
    file.set_modified(SystemTime::now())
}

/// A file in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileInfo {
    /// Date of the last change.
    pub modified: SystemTime,
    /// Size in bytes.
    pub size: u64,
    /// Folder and name.
    pub path: PathBuf,
}

/// Lists the files of a folder, the oldest first. Files that another process removes meanwhile are left
/// out.
///
/// # Errors
/// When the folder cannot be read.
pub fn list_by_age(folder: &Path) -> io::Result<Vec<FileInfo>> {
    let info = |entry: DirEntry| {
        let meta = entry.metadata().ok()?;
        Some(FileInfo {
            modified: meta.modified().ok()?,
            size: meta.len(),
            path: entry.path(),
        })
    };
    let entries = std::fs::read_dir(folder)?.flatten();
    let mut files: Vec<_> = entries.filter_map(info).collect();
    files.sort_unstable();
    Ok(files)
}

/// Creates a folder and its parents.
///
/// # Errors
/// When the file system refuses.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    fault::before(Operation::CreateFolder(folder))?;
    std::fs::create_dir_all(folder)
}

/// Removes temporary files of this file that killed processes have left. Files younger than a minute stay,
/// since another process may be writing them.
pub fn remove_unfinished(path: &Path) {
    const OLD: Duration = Duration::from_secs(60);
    let prefix = temporary_prefix(path);
    for file in list_by_age(folder_of(path)).unwrap_or_default() {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let is_old = file.modified.elapsed().is_ok_and(|age| age > OLD);
        if is_old && name.starts_with(&prefix) && name.ends_with(TEMPORARY) {
            // A file that cannot be removed does no harm.
            let _ = std::fs::remove_file(&file.path);
        }
    }
}

/// Returns the name under which the system reports changes of a path, which may not exist yet.
#[must_use]
pub fn absolute(path: PathBuf) -> PathBuf {
    let absolute = std::path::absolute(&path).unwrap_or(path);
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return absolute;
    };
    std::fs::canonicalize(parent).map_or(absolute.clone(), |parent| parent.join(name))
}

/// Ending of a file that is not finished.
pub const TEMPORARY: &str = ".tmp";

fn folder_of(path: &Path) -> &Path {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Returns the beginning of the names of temporary files that become this file.
fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    format!(".{}.", name.to_string_lossy())
}

/// Creates a temporary file with these bytes beside the file that it will become.
fn temporary_of(path: &Path, access: Access, bytes: &[&[u8]]) -> io::Result<NamedTempFile> {
    let mut file = temporary(path, access)?;
    let name = file.path().to_owned();
    for bytes in bytes {
        write(file.as_file_mut(), &name, bytes)?;
    }
    Ok(file)
}

/// Creates a temporary file beside the file that it will become.
fn temporary(path: &Path, access: Access) -> io::Result<NamedTempFile> {
    let prefix = temporary_prefix(path);
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(match access {
            Access::Private => 0o600,
            Access::Shared => 0o666,
        });
    }
    #[cfg(not(unix))]
    let _ = access;
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY);
    // `tempfile_in` would add the temporary name to the error. A message names the file that was asked for.
    builder.make_in(folder_of(path), |path| {
        fault::before(Operation::Create(path))?;
        options.open(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_older_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/such/folder/a.vbs");
        let error = write_whole(&path, Access::Shared, &[b"new"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let text = error.to_string();
        assert!(!text.contains("a.vbs"), "the temporary name: {text}");
    }

    #[test]
    fn a_written_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_whole(&path, Access::Shared, &[b"old"]).unwrap();
        write_whole(&path, Access::Shared, &[b"n", b"ew"]).unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"new");
        assert_eq!(list_by_age(folder.path()).unwrap().len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_device_stays_one() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        symlink(&target, &link).unwrap();
        std::fs::write(&target, "old").unwrap();
        write_whole(&link, Access::Shared, &[b"new"]).unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&target, 3).unwrap(), b"new");
        let device = folder.path().join("device");
        symlink("/dev/full", &device).unwrap();
        let full = write_whole(&device, Access::Shared, &[b"new"]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        let kind = std::fs::metadata("/dev/full").unwrap().file_type();
        assert!(kind.is_char_device(), "it was not replaced");
    }

    #[test]
    fn a_large_file_and_a_device_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "1234").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"1234");
        let large = read(&path, 3).unwrap_err();
        assert_eq!(large.to_string(), "it has more than 3 bytes");
        #[cfg(unix)]
        assert!(read(Path::new("/dev/zero"), 3).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_readable_by_the_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_whole(&path, Access::Private, &[b"secret"]).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_lock_is_held_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::attempt(&path).unwrap();
        assert!(held.is_some() && Lock::attempt(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::attempt(&path).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_stays_and_is_private() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = private_key(&path).unwrap();
        assert_eq!(private_key(&path).unwrap(), key);
        let mode = |mode| PermissionsExt::from_mode(mode);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::fs::set_permissions(&path, mode(0o644)).unwrap();
        let second = private_key(&path).unwrap();
        assert_ne!(second, key, "others could read the first");
        let elsewhere = folder.path().join("elsewhere");
        std::fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert_ne!(private_key(&path).unwrap(), second, "a link");
        std::fs::write(&path, "short").unwrap();
        assert_eq!(private_key(&path).unwrap().len(), 32);
    }

    #[test]
    fn a_torn_line_is_ended_before_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "one\ntw").unwrap();
        append_line(&path, b"three").unwrap();
        assert_eq!(read(&path, 100).unwrap(), b"one\ntw\nthree\n");
    }

    #[test]
    fn unfinished_files_go_when_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.vbs");
        let file = |name: &str, age: u64| {
            let file = File::create(folder.path().join(name)).unwrap();
            let at = SystemTime::now() - Duration::from_secs(age);
            file.set_modified(at).unwrap();
        };
        file(".a.vbs.old.tmp", 3600);
        file(".a.vbs.new.tmp", 0);
        file(".b.vbs.old.tmp", 3600);
        file("a.vbs", 3600);
        remove_unfinished(&path);
        let files = list_by_age(folder.path()).unwrap();
        let mut names: Vec<_> = files
            .iter()
            .map(|file| file.path.file_name().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, [".a.vbs.new.tmp", ".b.vbs.old.tmp", "a.vbs"]);
    }
}
