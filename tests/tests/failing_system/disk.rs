//! A disk in memory: the operations of a run, and the files that are there when the power is lost after some
//! of them.
//!
//! What a file system promises is taken at its least: the contents of a file are on disk up to the last sync
//! of the file, and names up to the last sync of their folder. Everything later may be there or not, names
//! without contents as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vblank_runtime::fault::Operation;

/// An operation that changes the disk, or something that the host has reported meanwhile.
#[derive(Clone, Debug)]
pub enum Entry<R> {
    Create(PathBuf),
    Append(PathBuf),
    Write(PathBuf, Vec<u8>),
    Copy(PathBuf, PathBuf),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    SyncFolder(PathBuf),
    Reported(R),
}

impl<R> Entry<R> {
    /// Returns an operation on the disk, and `None` for others.
    pub fn of(operation: Operation<'_>) -> Option<Self> {
        Some(match operation {
            Operation::Create(path) => Self::Create(path.to_owned()),
            Operation::Append(path) => Self::Append(path.to_owned()),
            Operation::Write(path, bytes) => Self::Write(path.to_owned(), bytes.to_owned()),
            Operation::Copy(from, to) => Self::Copy(from.to_owned(), to.to_owned()),
            Operation::Sync(path) => Self::Sync(path.to_owned()),
            Operation::Rename(from, to) => Self::Rename(from.to_owned(), to.to_owned()),
            Operation::SyncFolder(path) => Self::SyncFolder(path.to_owned()),
            _ => return None,
        })
    }
}

/// The share of unsynced contents that is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    Synced,
    Half,
    All,
}

/// The names that are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    Synced,
    All,
}

/// Every combination that a loss of power can leave.
pub const LOSSES: [(Names, Contents); 6] = [
    (Names::Synced, Contents::Synced),
    (Names::Synced, Contents::Half),
    (Names::Synced, Contents::All),
    (Names::All, Contents::Synced),
    (Names::All, Contents::Half),
    (Names::All, Contents::All),
];

struct Inode {
    bytes: Vec<u8>,
    synced: usize,
}

/// The disk.
pub struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
}

impl Disk {
    /// Makes a disk with these files, which are all on disk.
    pub fn new(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Self {
        let mut disk = Self {
            inodes: Vec::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
        };
        for (path, bytes) in files {
            disk.create(&path);
            let inode = disk.inode(&path);
            inode.synced = bytes.len();
            inode.bytes = bytes;
        }
        disk.synced_names.clone_from(&disk.names);
        disk
    }

    fn create(&mut self, path: &Path) {
        self.names.insert(path.to_owned(), self.inodes.len());
        self.inodes.push(Inode {
            bytes: Vec::new(),
            synced: 0,
        });
    }

    #[track_caller]
    fn inode(&mut self, path: &Path) -> &mut Inode {
        let inode = self.names.get(path);
        let inode = *inode.unwrap_or_else(|| panic!("{} was never created", path.display()));
        &mut self.inodes[inode]
    }

    /// Carries out an operation.
    pub fn apply<R>(&mut self, entry: &Entry<R>) {
        match entry {
            Entry::Create(path) => self.create(path),
            Entry::Append(path) if self.names.contains_key(path) => {}
            Entry::Append(path) => self.create(path),
            Entry::Write(path, bytes) => self.inode(path).bytes.extend(bytes),
            Entry::Copy(from, to) => {
                let bytes = self.inode(from).bytes.clone();
                self.inode(to).bytes.extend(bytes);
            }
            Entry::Sync(path) => {
                let inode = self.inode(path);
                inode.synced = inode.bytes.len();
            }
            Entry::Rename(from, to) => {
                let inode = self.names.remove(from);
                let inode = inode.unwrap_or_else(|| panic!("{} is missing", from.display()));
                self.names.insert(to.clone(), inode);
            }
            Entry::SyncFolder(folder) => {
                let is_inside = |path: &Path| path.parent() == Some(folder);
                self.synced_names.retain(|path, _| !is_inside(path));
                let inside = self.names.iter().filter(|(path, _)| is_inside(path));
                self.synced_names
                    .extend(inside.map(|(path, inode)| (path.clone(), *inode)));
            }
            Entry::Reported(_) => {}
        }
    }

    /// Returns a file as it is after the power was lost, if it is there.
    pub fn after_loss(&self, path: &Path, names: Names, contents: Contents) -> Option<&[u8]> {
        let inode = match names {
            Names::Synced => self.synced_names.get(path),
            Names::All => self.names.get(path),
        };
        let inode = &self.inodes[*inode?];
        let len = match contents {
            Contents::Synced => inode.synced,
            Contents::Half => inode.synced.midpoint(inode.bytes.len()),
            Contents::All => inode.bytes.len(),
        };
        Some(&inode.bytes[..len])
    }

    /// Names of all files that were ever there and may be there after a loss.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.names.keys().chain(self.synced_names.keys())
    }
}
