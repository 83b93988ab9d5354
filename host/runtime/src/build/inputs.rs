//! The inputs of a build: the files that it reads, and the folders in which a new file could be read as
//! well. Reads the disk, and watches nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::guest::wants_file;

/// The inputs of a build, or of anything else that is made anew when files change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    files: BTreeSet<PathBuf>,
    folders: BTreeMap<PathBuf, NewFiles>,
    outputs: BTreeSet<PathBuf>,
}

/// Which files of a folder count although no build has read them yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NewFiles {
    /// Modules in Rust, in this folder itself.
    Modules,
    /// Modules in Rust and manifests, in this folder and all folders below it.
    AllModules,
    /// Everything in this folder and below it, without hidden files and editors' temporary files.
    Everything,
    /// Everything that cargo counts in a folder for a build script: backups too, and hidden files if `hidden`.
    AsCargo {
        /// True if hidden files and folders count.
        hidden: bool,
    },
}

impl NewFiles {
    /// True if a file of this name counts.
    pub(super) fn include(self, name: &OsStr) -> bool {
        self.enters(name)
            && match self {
                Self::Modules => has_end(name, ".rs"),
                Self::AllModules => has_end(name, ".rs") || name == "Cargo.toml",
                Self::Everything | Self::AsCargo { .. } => true,
            }
    }

    /// True if a folder of this name counts as any other.
    pub(super) fn enters(self, name: &OsStr) -> bool {
        match self {
            Self::AsCargo { hidden: true } => !is_scratch(name),
            Self::AsCargo { hidden: false } => !is_scratch(name) && !is_hidden(name),
            _ => !is_noise(name),
        }
    }

    /// True if a link to a folder is followed.
    pub(super) fn follows_links(self) -> bool {
        matches!(self, Self::Everything | Self::AsCargo { .. })
    }

    /// True if folders below count too.
    pub(super) fn is_recursive(self) -> bool {
        self != Self::Modules
    }
}

fn has_end(name: &OsStr, end: &str) -> bool {
    name.as_encoded_bytes().ends_with(end.as_bytes())
}

/// True for hidden files, lock files, and temporary files of editors.
pub(super) fn is_noise(name: &OsStr) -> bool {
    is_hidden(name)
        || is_scratch(name)
        || ["~", ".tmp", ".bak"].iter().any(|end| has_end(name, end))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// True for what an editor writes while a person types, and for the data of version control.
fn is_scratch(name: &OsStr) -> bool {
    name == "4913" // vim tries whether it may write here
        || [".git", ".hg", ".jj", ".svn"].iter().any(|folder| name == *folder)
        || name.as_encoded_bytes().starts_with(b"#")
        || name.as_encoded_bytes().starts_with(b".#")
        || [".swp", ".swo", ".swx", "-swp"].iter().any(|end| has_end(name, end))
}

/// True if a link in this folder leads to a folder that may be entered: not to one that the link itself lies in.
pub(super) fn leads_on(folder: &Path, target: &Path) -> bool {
    target.is_dir() && !folder.starts_with(target)
}

impl Inputs {
    /// Inputs of a finished guest: its file, and the file of the capabilities that it wants.
    #[must_use]
    pub fn of_file(file: &Path) -> Self {
        let mut inputs = Self::default();
        inputs.add_file(file);
        inputs.add_file(&wants_file(file));
        inputs
    }

    /// Everything in a folder, which may not exist yet.
    #[must_use]
    pub fn of_folder(folder: &Path) -> Self {
        let mut inputs = Self::default();
        inputs.add_folder(folder, NewFiles::Everything);
        inputs
    }

    /// Adds a file, which may not exist yet.
    pub fn add_file(&mut self, file: &Path) {
        self.files.insert(absolute(file));
    }

    /// Adds a folder, which may not exist yet. If it is there already, the wider choice holds.
    pub fn add_folder(&mut self, folder: &Path, new_files: NewFiles) {
        let entry = self.folders.entry(absolute(folder)).or_insert(new_files);
        *entry = new_files.max(*entry);
    }

    /// Adds a file or a folder, whichever is there.
    pub fn add(&mut self, path: &Path) {
        match path.is_dir() {
            true => self.add_folder(path, NewFiles::Everything),
            false => self.add_file(path),
        }
    }

    /// Excludes a file or a folder that the build or the host writes. An added file below it stays an input.
    pub fn exclude(&mut self, path: &Path) {
        let path = absolute(path);
        // The path may not exist yet, but its folder does.
        let resolved = std::fs::canonicalize(&path).ok().or_else(|| {
            let folder = std::fs::canonicalize(path.parent()?).ok()?;
            Some(folder.join(path.file_name()?))
        });
        self.outputs.insert(resolved.unwrap_or(path));
    }

    /// Adds all inputs of another set.
    pub fn extend(&mut self, other: &Self) {
        self.files.extend(other.files.iter().cloned());
        for (folder, new_files) in &other.folders {
            self.add_folder(folder, *new_files);
        }
        self.outputs.extend(other.outputs.iter().cloned());
    }

    /// True if this file was added.
    pub(super) fn has_file(&self, file: &Path) -> bool {
        self.files.contains(file)
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| &**file)
    }

    /// The folders in which new files count.
    pub fn folders(&self) -> impl Iterator<Item = (&Path, NewFiles)> {
        self.folders.iter().map(|(folder, new)| (&**folder, *new))
    }

    /// True if this path, or a folder above it, is excluded.
    pub(super) fn is_output(&self, path: &Path) -> bool {
        self.outputs.iter().any(|output| path.starts_with(output))
    }

    /// True if nothing in this folder counts: it is excluded, or a cache, as cargo's target folder is. A folder
    /// that was added itself is no cache.
    pub(super) fn is_skipped(&self, folder: &Path) -> bool {
        // <https://bford.info/cachedir/>
        self.is_output(folder)
            || !self.folders.contains_key(folder) && folder.join("CACHEDIR.TAG").is_file()
    }

    /// Returns every existing file that is an input at this path or below it.
    pub(super) fn below(&self, path: &Path) -> BTreeSet<PathBuf> {
        let mut found: BTreeSet<PathBuf> = self
            .files
            .range(path.to_owned()..)
            .take_while(|file| file.starts_with(path))
            .cloned()
            .collect();
        for (folder, new_files) in self.folders() {
            let start = match (path.starts_with(folder), folder.starts_with(path)) {
                (true, _) if new_files.is_recursive() || path == folder => path,
                // A folder that was moved among the modules may have some in it.
                (true, _) if path.parent() == Some(folder) => path,
                (_, true) => folder,
                _ => continue,
            };
            let is_deep = new_files.is_recursive() || start != folder;
            self.walk(start, new_files, is_deep, &mut found);
        }
        found
    }

    /// Returns the files that are there in the folders in which new files count.
    pub(super) fn in_folders(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for (folder, new_files) in self.folders() {
            self.walk(folder, new_files, new_files.is_recursive(), &mut found);
        }
        found
    }

    /// Finds every file that counts, at or in a path that is not skipped, and with `is_deep` in all folders
    /// below. A folder behind a link is entered once, so the walk ends.
    fn walk(&self, path: &Path, new_files: NewFiles, is_deep: bool, found: &mut BTreeSet<PathBuf>) {
        let mut add = |file: PathBuf| {
            if file.file_name().is_some_and(|name| new_files.include(name)) {
                found.insert(file);
            }
        };
        let mut linked = BTreeSet::new();
        let mut left = vec![path.to_owned()];
        while let Some(path) = left.pop() {
            if self.is_skipped(&path) {
                continue;
            }
            match std::fs::read_dir(&path) {
                Ok(entries) => {
                    let entries = entries.flatten();
                    let entries = entries.filter(|entry| new_files.enters(&entry.file_name()));
                    for entry in entries {
                        match entry.file_type() {
                            Ok(kind) if kind.is_dir() => {
                                if is_deep {
                                    left.push(entry.path());
                                }
                            }
                            Ok(kind) if kind.is_symlink() && new_files.follows_links() => {
                                // A folder is named as the watcher reports it.
                                let target = std::fs::canonicalize(entry.path());
                                match target.ok().filter(|target| leads_on(&path, target)) {
                                    Some(target) if is_deep && linked.insert(target.clone()) => {
                                        left.push(target);
                                    }
                                    Some(_) => {}
                                    None => add(entry.path()),
                                }
                            }
                            Ok(_) => add(entry.path()),
                            // It was deleted meanwhile.
                            Err(_) => {}
                        }
                    }
                }
                Err(_) if path.is_file() => add(path),
                // It was deleted, or cannot be read; the watcher reports the latter.
                Err(_) => {}
            }
        }
    }
}

/// Makes a path absolute, without a look at the disk.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for file in files {
            let file = folder.path().join(file);
            let parent = file.parent().expect("it lies in a folder");
            std::fs::create_dir_all(parent).expect("a folder can be made");
            std::fs::write(file, "").expect("a file can be written");
        }
        folder
    }

    fn names(found: &BTreeSet<PathBuf>, root: &Path) -> Vec<String> {
        let inside = |path: &PathBuf| path.strip_prefix(root).ok().map(Path::to_owned);
        let inside = found.iter().filter_map(inside);
        inside.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn temporary_files_of_editors_are_no_modules() {
        for name in [".lib.rs.swp", "lib.rs~", "4913", "#lib.rs#", ".#lib.rs"] {
            assert!(!NewFiles::Everything.include(name.as_ref()), "{name}");
        }
        for (name, is_module) in [
            ("lib.rs", true),
            ("notes.log", false),
            ("Cargo.toml", false),
        ] {
            assert_eq!(
                NewFiles::Modules.include(name.as_ref()),
                is_module,
                "{name}"
            );
            assert!(NewFiles::Everything.include(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn cargo_counts_hidden_files_and_backups_too() {
        for name in [".lib.rs.swp", "#lib.rs#", ".#lib.rs", "4913", ".git"] {
            let new_files = NewFiles::AsCargo { hidden: true };
            assert!(!new_files.include(name.as_ref()), "{name}");
        }
        for name in ["level.bak", "level~", "level.tmp"] {
            let new_files = NewFiles::AsCargo { hidden: false };
            assert!(new_files.include(name.as_ref()), "{name}");
        }
        for hidden in [false, true] {
            let new_files = NewFiles::AsCargo { hidden };
            assert_eq!(new_files.include(".level".as_ref()), hidden);
            assert_eq!(new_files.enters(".levels".as_ref()), hidden);
        }
    }

    #[cfg(unix)]
    #[test]
    fn folders_behind_links_are_entered_once() {
        let root = folder(&["data/one.txt", "shared/two.txt", "shared/deep/three.txt"]);
        let path = |name: &str| root.path().join(name);
        for (target, link) in [
            ("../shared", "data/a"),
            ("../shared", "data/b"),
            ("..", "data/up"),
        ] {
            std::os::unix::fs::symlink(target, path(link)).expect("a link can be made");
        }
        std::os::unix::fs::symlink("../data", path("shared/back")).expect("a link can be made");
        let inputs = Inputs::of_folder(&path("data"));
        let root = root.path().canonicalize().expect("it is there");
        let found = inputs.in_folders();
        let found: BTreeSet<_> = found
            .iter()
            .filter_map(|file| file.canonicalize().ok())
            .collect();
        assert_eq!(
            names(
                &found.into_iter().filter(|file| file.is_file()).collect(),
                &root
            ),
            ["data/one.txt", "shared/deep/three.txt", "shared/two.txt"]
        );
    }

    #[test]
    fn a_folder_stands_for_the_inputs_in_it() {
        let root = folder(&["src/lib.rs", "src/a/mod.rs", "src/notes.txt", "target/a.rs"]);
        let path = |name: &str| root.path().join(name);
        let mut inputs = Inputs::default();
        inputs.add_folder(root.path(), NewFiles::AllModules);
        inputs.exclude(&path("target"));
        let all = inputs.below(root.path());
        assert_eq!(names(&all, root.path()), ["src/a/mod.rs", "src/lib.rs"]);
        let some = inputs.below(&path("src/a"));
        assert_eq!(names(&some, root.path()), ["src/a/mod.rs"]);
        // A cache is one by its tag, whatever it is called.
        let caches = folder(&["out/CACHEDIR.TAG", "out/a.rs", "out/b/c.rs", "lib.rs"]);
        let mut everything = Inputs::of_folder(caches.path());
        let all = everything.in_folders();
        assert_eq!(names(&all, caches.path()), ["lib.rs"]);
        let in_cache = everything.below(&caches.path().join("out"));
        assert_eq!(names(&in_cache, caches.path()), [""; 0]);
        everything.add(&caches.path().join("out"));
        assert_eq!(everything.in_folders().len(), 4, "it was named");
        // A file that a build has read is an input wherever it lies.
        inputs.add_file(&path("target/a.rs"));
        let read = inputs.below(&path("target"));
        assert_eq!(names(&read, root.path()), ["target/a.rs"]);
    }
}
