//! Which changes on disk concern inputs, by the folders and links that lead to them. Reads the disk, and
//! watches nothing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::inputs::{Inputs, NewFiles, leads_on};

/// A change that a watcher reports.
#[derive(Debug)]
pub enum Touched<'a> {
    /// This path was written, made or removed, at this time by the file system's clock if it is known.
    Path(&'a Path, SystemTime),
    /// Changes were lost: anything may have changed.
    Anything,
}

/// Callback for changes.
pub(super) type Tell = Arc<dyn Fn(Touched<'_>) + Send + Sync>;

/// What the paths of the inputs lead through.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Folders to watch, without links in their paths; and files that have other names as well.
    pub(super) folders: HashSet<PathBuf>,
    /// Every entry on the way to an input: folders, links, and the file.
    entries: HashSet<PathBuf>,
    /// Folders in which new files count.
    sources: HashMap<PathBuf, NewFiles>,
    /// Folders that are known already, by the paths under which they are named.
    known: HashMap<PathBuf, Option<PathBuf>>,
    inputs: Inputs,
    /// Watched folders that were moved or removed since they were last looked at. Another one may have the
    /// same name and even the same identity by now.
    pub(super) lost: HashSet<PathBuf>,
    /// Folders that cannot be listed, with the reason.
    pub(super) problems: Vec<(PathBuf, String)>,
}

impl Filter {
    pub(super) fn new(inputs: &Inputs) -> Self {
        let mut filter = Self {
            inputs: inputs.clone(),
            ..Self::default()
        };
        for file in inputs.files() {
            filter.trace(file);
        }
        for (folder, new_files) in inputs.folders() {
            if let Some(folder) = filter.trace(folder) {
                filter.add_sources(folder, new_files);
            }
        }
        filter
    }

    /// Notes every folder and entry on the way to this path. Returns where it leads, if something is there.
    fn trace(&mut self, path: &Path) -> Option<PathBuf> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Some(path.to_owned());
        };
        let folder = match self.known.get(parent) {
            Some(known) => known.clone()?,
            None => {
                let folder = self.resolve(parent);
                self.known.insert(parent.to_owned(), folder.clone());
                folder?
            }
        };
        self.walk(folder, VecDeque::from([name.to_owned()]))
    }

    fn resolve(&mut self, folder: &Path) -> Option<PathBuf> {
        let (root, names) = split(folder);
        self.walk(root, names)
    }

    /// Walks from a folder along names, through links.
    fn walk(&mut self, mut at: PathBuf, mut names: VecDeque<OsString>) -> Option<PathBuf> {
        /// As many links as Linux follows.
        const MOST_LINKS: u32 = 40;
        let mut links = 0;
        while let Some(name) = names.pop_front() {
            if name == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&name);
            self.folders.insert(at.clone());
            self.entries.insert(next.clone());
            let meta = next.symlink_metadata().ok()?;
            if has_other_names(&meta) {
                // Written by another name, it is no change of this folder.
                self.folders.insert(next.clone());
            }
            if !meta.is_symlink() {
                at = next;
                continue;
            }
            links += 1;
            if links > MOST_LINKS {
                return None;
            }
            let (root, target) = split(&std::fs::read_link(&next).ok()?);
            if root != Path::new("") {
                at = root;
            }
            names = target.into_iter().chain(names).collect();
        }
        Some(at)
    }

    /// Adds a folder, and those below it if they count.
    fn add_sources(&mut self, folder: PathBuf, new_files: NewFiles) {
        let mut left = vec![folder];
        let mut linked = HashSet::new();
        while let Some(folder) = left.pop() {
            let known = self.sources.entry(folder.clone()).or_insert(new_files);
            *known = new_files.max(*known);
            self.folders.insert(folder.clone());
            if !new_files.is_recursive() {
                continue;
            }
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                // It was deleted meanwhile, which is a change of the folder above.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.problems.push((folder, error.to_string()));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let (path, kind) = (entry.path(), entry.file_type());
                if !new_files.enters(&entry.file_name()) {
                    continue;
                }
                match kind {
                    Ok(kind) if kind.is_dir() => {
                        if !self.inputs.is_skipped(&path) {
                            left.push(path);
                        }
                    }
                    Ok(_) if self.inputs.is_output(&path) => {}
                    // The target of a link may lie anywhere, and is written there.
                    Ok(kind) if kind.is_symlink() => {
                        let target = self.trace(&path).filter(|_| new_files.follows_links());
                        let target = target.filter(|target| leads_on(&folder, target));
                        left.extend(target.filter(|target| {
                            !self.inputs.is_skipped(target) && linked.insert(target.clone())
                        }));
                    }
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }

    pub(super) fn holds_inputs(&self, folder: &Path) -> bool {
        self.sources.contains_key(folder)
            || self
                .inputs
                .files()
                .any(|file| file.parent() == Some(folder))
    }

    /// True if this path is an input or on the way to one.
    pub(super) fn leads_to_input(&self, path: &Path) -> bool {
        self.entries.contains(path)
    }

    /// True if new files in this folder count.
    pub(super) fn is_source(&self, folder: &Path) -> bool {
        self.sources.contains_key(folder)
    }

    /// Returns the entries of these folders that lead to an input.
    pub(super) fn entries_in(&self, folders: &HashSet<PathBuf>) -> impl Iterator<Item = &Path> {
        let is_in = |entry: &&PathBuf| {
            let folder = entry.parent();
            folder.is_some_and(|folder| folders.contains(folder))
        };
        self.entries.iter().filter(is_in).map(|entry| &**entry)
    }

    /// True if a change of this path may change an input.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        if self.entries.contains(path) || self.sources.contains_key(path) {
            return true;
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return false;
        };
        let Some(new_files) = self.sources.get(folder) else {
            return false;
        };
        if self.inputs.is_output(path) {
            return false;
        }
        // A new folder may bring files along. A folder that is gone cannot be told from a file.
        new_files.include(name) || new_files.enters(name) && path.is_dir()
    }
}

/// True for a file with hard links.
pub(super) fn has_other_names(meta: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    return meta.is_file() && std::os::unix::fs::MetadataExt::nlink(meta) > 1;
    #[cfg(not(unix))]
    return false;
}

/// Splits a path into its root, which is empty for a relative path, and its names.
fn split(path: &Path) -> (PathBuf, VecDeque<OsString>) {
    let (mut root, mut names) = (PathBuf::new(), VecDeque::new());
    for component in path.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => root.push(component),
            Component::CurDir => {}
            Component::ParentDir | Component::Normal(_) => {
                names.push_back(component.as_os_str().to_owned());
            }
        }
    }
    (root, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        let parent = path.parent().expect("it lies in a folder");
        std::fs::create_dir_all(parent).expect("a folder can be made");
        std::fs::write(path, "").expect("a file can be written");
    }

    #[test]
    fn what_leads_to_an_input_concerns_it() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let root = root.path().canonicalize().expect("it is there");
        touch(&root.join("game/src/lib.rs"));
        touch(&root.join("game/src/notes.log"));
        touch(&root.join("elsewhere/levels.txt"));
        let mut inputs = Inputs::default();
        inputs.add_file(&root.join("game/src/lib.rs"));
        inputs.add_file(&root.join("game/later/../missing/data.txt"));
        inputs.add_folder(&root.join("game/src"), NewFiles::Modules);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../elsewhere", root.join("game/shared")).expect("a link");
            inputs.add_file(&root.join("game/shared/levels.txt"));
        }
        let filter = Filter::new(&inputs);
        for path in [
            "game",
            "game/src",
            "game/src/lib.rs",
            "game/src/new.rs",
            "game/later",
            #[cfg(unix)]
            "game/shared",
            #[cfg(unix)]
            "elsewhere/levels.txt",
        ] {
            assert!(filter.concerns(&root.join(path)), "{path}");
        }
        for path in ["game/src/notes.log", "game/new.rs", "elsewhere/other.txt"] {
            assert!(!filter.concerns(&root.join(path)), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_lead_nowhere() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let (one, two) = (root.path().join("one"), root.path().join("two"));
        std::os::unix::fs::symlink(&two, &one).expect("a link can be made");
        std::os::unix::fs::symlink(&one, &two).expect("a link can be made");
        let filter = Filter::new(&Inputs::of_file(&one.join("game.wasm")));
        assert!(filter.concerns(&one));
    }
}
