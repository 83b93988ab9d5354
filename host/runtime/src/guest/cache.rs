//! The cache of compiled code. A version that was compiled once is not compiled again, neither when the
//! game goes back to it nor in a later run. Knows no world and no grants.
//!
//! The last versions are kept in memory, and on disk as many as the limit of bytes allows, each under the
//! hash of the guest's file and the fingerprint of the engine. A file on disk is never trusted: it is
//! checked, and a damaged, truncated or missing file counts as a miss.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use wasmtime::component::Component;

use super::component::Code;
use super::hash::CodeHash;
use crate::files::{self, Access, OpenFolder};
use crate::thread::{self, lower_priority};

/// Options of the cache on disk.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// Folder of the cache, created if it does not exist. Only the user may have write access, since its
    /// files are executed.
    pub folder: PathBuf,
    /// Limit for the sum of all files in bytes. The least recently used file is removed first.
    pub most: u64,
}

impl CacheOptions {
    /// Uses up to 256 MiB in this folder, which is enough for some hundreds of versions of a small game.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            most: 256 << 20,
        }
    }
}

/// Number of versions kept in memory.
const IN_MEMORY: usize = 8;
/// Version of the way from a core module to compiled code. It is raised when that way or the engine's
/// settings change.
const RECIPE: u32 = 2;

/// Compiled components, by the hash of the guest's file.
pub(super) struct Cache {
    /// Versions in memory, the most recently used last.
    recent: Mutex<VecDeque<(Code, Component)>>,
    disk: Option<Disk>,
    /// Thread that serialises and writes, since both take longer than a frame.
    writer: Option<Writer>,
}

struct Writer {
    jobs: Sender<(CodeHash, Component)>,
    thread: JoinHandle<()>,
}

impl Cache {
    /// Opens the cache in memory, and on disk if there is a folder that can be used.
    pub(super) fn open(deterministic: bool, options: Option<&CacheOptions>) -> Self {
        let disk = options.and_then(|options| {
            let disk = Disk::open(options, fingerprint(deterministic));
            let folder = options.folder.display();
            disk.inspect_err(|error| {
                tracing::debug!("compiled code is not kept in {folder}: {error}")
            })
            .ok()
        });
        let writer = disk.clone().and_then(|disk| Writer::start(disk).ok());
        Self {
            recent: Mutex::default(),
            disk,
            writer,
        }
    }

    /// Returns the compiled code of a guest's file, if it is in the cache. Takes microseconds from memory,
    /// and from disk about as long as reading the file.
    pub(super) fn get(&self, wasm: &wasmtime::Engine, code: &Code) -> Option<Component> {
        let hash = code.hash;
        let recalled = self.recall(hash).map(|(_, component)| component);
        let found = recalled.or_else(|| {
            let bytes = self.disk.as_ref()?.read(hash)?;
            // SAFETY: these are bytes that `Component::serialize` made for an engine like this one:
            // their checksum, whose key only the user can read, covers them, the hash of the guest and
            // the fingerprint of the engine, and in their folder nobody but the user may write. Wasmtime refuses code for features that
            // the processor lacks.
            let component = unsafe { Component::deserialize(wasm, &bytes) };
            component
                .inspect_err(|error| {
                    tracing::debug!("compiled code of {hash} is of no use: {error:#}")
                })
                .ok()
        })?;
        self.remember(code, &found);
        Some(found)
    }

    /// Puts compiled code into the cache. Returns at once.
    pub(super) fn keep(&self, code: &Code, component: &Component) {
        self.remember(code, component);
        if let Some(writer) = &self.writer {
            // An error means that the thread is gone, and the code is compiled again in a later run.
            let _ = writer.jobs.send((code.hash, component.clone()));
        }
    }

    /// Returns the code and the component of a file, if they are in memory.
    pub(super) fn recall(&self, hash: CodeHash) -> Option<(Code, Component)> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().find(|(code, _)| code.hash == hash).cloned()
    }

    fn remember(&self, code: &Code, component: &Component) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(known, _)| known.hash != code.hash);
        recent.push_back((code.clone(), component.clone()));
        if recent.len() > IN_MEMORY {
            recent.pop_front();
        }
    }
}

impl Drop for Cache {
    /// Waits for pending writes, so that even a short run speeds up the next start.
    fn drop(&mut self) {
        if let Some(Writer { jobs, thread }) = self.writer.take() {
            drop(jobs);
            // The panic hook has reported a panic of the thread.
            let _ = thread.join();
        }
    }
}

impl Writer {
    fn start(disk: Disk) -> io::Result<Self> {
        let (jobs, waiting) = channel::<(CodeHash, Component)>();
        let thread = thread::start("compiled", move || {
            lower_priority();
            for (hash, component) in waiting {
                let written = component
                    .serialize()
                    .map_err(|error| io::Error::other(format!("{error:#}")))
                    .and_then(|bytes| disk.write(hash, &bytes));
                // A full disk only slows down the next start.
                if let Err(error) = written {
                    tracing::debug!("compiled code of {hash} is not kept: {error}");
                }
            }
        })?;
        Ok(Self { jobs, thread })
    }
}

/// Hash of what tells engines apart whose code may be in one folder. It is the same with and without
/// the feature `cranelift`, so that a host without a compiler finds the code of one that has it. Whether
/// the code fits the processor, wasmtime checks when it reads the code.
fn fingerprint(deterministic: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    let machine = (std::env::consts::OS, std::env::consts::ARCH);
    (super::WASMTIME, env!("CARGO_PKG_VERSION"), RECIPE).hash(&mut hasher);
    (machine, deterministic).hash(&mut hasher);
    hasher.finish()
}

/// A folder of files that several hosts may use at once. It knows nothing of what the bytes mean.
#[derive(Clone, Debug)]
struct Disk {
    folder: Arc<OpenFolder>,
    /// Key of the checksums, which only the user can read.
    key: [u8; 32],
    most: u64,
    fingerprint: u64,
}

const SUFFIX: &str = ".cwasm";

impl Disk {
    fn open(options: &CacheOptions, fingerprint: u64) -> io::Result<Self> {
        let folder = OpenFolder::open_private(&options.folder)?;
        Ok(Self {
            key: files::private_key(&folder.path().join("key"))?,
            folder: Arc::new(folder),
            most: options.most,
            fingerprint,
        })
    }

    fn name(&self, hash: CodeHash) -> String {
        format!("{hash}-{:016x}{SUFFIX}", self.fingerprint)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the keyed checksum of name and bytes. It covers the name, so a renamed file counts as damaged.
    /// Without the key nobody can make a file that counts.
    fn checksum(&self, name: &str, bytes: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.as_bytes()).update(bytes);
        hasher.finalize()
    }

    /// Reads the bytes of this hash, and updates the file's time of use.
    fn read(&self, hash: CodeHash) -> Option<Vec<u8>> {
        let name = self.name(hash);
        let path = self.path(&name);
        if path.is_symlink() {
            return None;
        }
        let mut file = files::read(&path, self.most).ok()?;
        let (sum, bytes) = file.split_first_chunk::<32>()?;
        if self.checksum(&name, bytes) != *sum {
            tracing::debug!("compiled code in {} is damaged", path.display());
            return None;
        }
        // On a read-only disk the time of use stays old, which does no harm.
        let _ = files::touch(&path);
        file.drain(..32);
        Some(file)
    }

    /// Writes compiled code, completely or not at all, and then removes files until the limit holds.
    fn write(&self, hash: CodeHash, bytes: &[u8]) -> io::Result<()> {
        let name = self.name(hash);
        let checksum = self.checksum(&name, bytes);
        let path = self.path(&name);
        files::write_cached(&path, Access::Private, &[checksum.as_bytes(), bytes])?;
        self.evict()
    }

    /// Removes the least recently used files until the rest fits.
    fn evict(&self) -> io::Result<()> {
        let mut files = files::list_by_age(&self.folder.path())?;
        files.retain(|file| {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(SUFFIX) || name.ends_with(files::TEMPORARY)
        });
        let mut total: u64 = files.iter().map(|file| file.size).sum();
        for file in files {
            if total <= self.most {
                break;
            }
            // Another host may have removed it.
            let _ = std::fs::remove_file(file.path);
            total -= file.size;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A folder that can hold three files of 100 bytes.
    fn disk(folder: &Path) -> Disk {
        let options = CacheOptions {
            folder: folder.join("compiled"),
            most: 3 * (100 + 32),
        };
        Disk::open(&options, 7).unwrap()
    }

    fn hash(number: u8) -> CodeHash {
        CodeHash::of(&[number])
    }

    #[test]
    fn written_bytes_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        assert_eq!(disk.read(hash(1)), None);
        disk.write(hash(1), b"code").unwrap();
        assert_eq!(disk.read(hash(1)).as_deref(), Some(b"code".as_slice()));
        let left = std::fs::read_dir(disk.folder.path()).unwrap().count();
        assert_eq!(left, 2, "the file and the key, and no temporary file");
    }

    #[test]
    fn every_damage_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        disk.write(hash(1), b"code").unwrap();
        let path = disk.path(&disk.name(hash(1)));
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            std::fs::write(&path, bad).unwrap();
            assert_eq!(disk.read(hash(1)), None, "byte {at}");
            std::fs::write(&path, &good[..at]).unwrap();
            assert_eq!(disk.read(hash(1)), None, "cut at {at}");
        }
        std::fs::write(&path, &good).unwrap();
        assert!(disk.read(hash(1)).is_some());
    }

    #[test]
    fn code_of_another_guest_or_engine_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        disk.write(hash(1), b"code").unwrap();
        let other = Disk {
            fingerprint: 8,
            ..disk.clone()
        };
        assert_eq!(other.read(hash(1)), None);
        // A renamed file does not fit either.
        let file = |disk: &Disk, number| disk.path(&disk.name(hash(number)));
        std::fs::copy(file(&disk, 1), file(&other, 1)).unwrap();
        std::fs::copy(file(&disk, 1), file(&disk, 2)).unwrap();
        assert_eq!(other.read(hash(1)), None);
        assert_eq!(disk.read(hash(2)), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_file_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        disk.write(hash(1), b"code").unwrap();
        let path = disk.path(&disk.name(hash(1)));
        let good = std::fs::read(&path).unwrap();
        // Everything but the key is known.
        let unkeyed = blake3::Hasher::new()
            .update(disk.name(hash(1)).as_bytes())
            .update(b"evil")
            .finalize();
        let planted = [unkeyed.as_bytes().as_slice(), b"evil"].concat();
        std::fs::write(&path, planted).unwrap();
        assert_eq!(disk.read(hash(1)), None);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(folder.path().join("good"), good).unwrap();
        std::os::unix::fs::symlink(folder.path().join("good"), &path).unwrap();
        assert_eq!(disk.read(hash(1)), None, "a link");
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        for number in 0..3 {
            disk.write(hash(number), &[number; 100]).unwrap();
            let file = File::options()
                .write(true)
                .open(disk.path(&disk.name(hash(number))))
                .unwrap();
            let age = Duration::from_secs(u64::from(number));
            file.set_modified(long_ago + age).unwrap();
        }
        // Files of other programs are not removed.
        std::fs::write(disk.path("notes.txt"), [0; 1000]).unwrap();
        assert!(disk.read(hash(0)).is_some(), "now the oldest is number 1");
        disk.write(hash(3), &[3; 100]).unwrap();
        let kept: Vec<bool> = (0..4)
            .map(|number| disk.read(hash(number)).is_some())
            .collect();
        assert_eq!(kept, [true, false, true, true]);
        assert!(disk.path("notes.txt").exists());
    }

    #[test]
    fn several_hosts_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..50 {
                        let number = round % 5;
                        // Another thread may have removed the file to free space. That is a miss, never
                        // other bytes.
                        let _ = disk.write(hash(number), &[number; 100]);
                        if let Some(bytes) = disk.read(hash(number)) {
                            assert_eq!(bytes, [number; 100]);
                        }
                    }
                });
            }
        });
        let size: u64 = std::fs::read_dir(disk.folder.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name() != "key")
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(size <= disk.most, "{size} bytes");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_in_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        drop(disk(folder.path()));
        let path = folder.path().join("compiled");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        let options = CacheOptions::new(path.clone());
        assert!(Disk::open(&options, 7).is_err());
        assert_eq!(mode(&path), 0o777, "it is not ours to change");
    }
}
