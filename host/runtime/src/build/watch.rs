//! Watching of files and folders: which changes on disk matter to a guest, and their notification. Starts
//! no build and knows no engine.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode};
use notify::{
    Config, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher as Notify,
};

use crate::guest::wants_file;

/// A set of paths to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchTarget {
    /// One file. Its folder is watched, since the file may be replaced, deleted and put back.
    File(PathBuf),
    /// Source folders, without build output and editors' temporary files.
    Folders(Vec<PathBuf>),
    /// A folder with everything in it. The folder may not exist yet.
    Folder(PathBuf),
    /// Source folders whose build leaves its file among the sources.
    Sources {
        /// The folders.
        folders: Vec<PathBuf>,
        /// File that the build makes; changes of it are ignored.
        made: PathBuf,
    },
}

impl WatchTarget {
    fn concerns(&self, path: &Path) -> bool {
        match self {
            Self::File(file) => {
                let name = path.file_name();
                name == file.file_name() || name == wants_file(file).file_name()
            }
            Self::Folders(roots) => is_source(roots, path),
            Self::Folder(folder) => path.starts_with(folder),
            Self::Sources { folders, made } => {
                path.file_name() != made.file_name() && is_source(folders, path)
            }
        }
    }
}

fn is_source(roots: &[PathBuf], path: &Path) -> bool {
    roots
        .iter()
        .filter_map(|root| path.strip_prefix(root).ok())
        .any(|inside| !inside.iter().any(is_noise))
}

/// True for build output, version control, lock files that cargo writes itself, and temporary files of
/// editors.
fn is_noise(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name == "target"
        || name == "Cargo.lock"
        || name == "4913" // vim tries whether it may write here
        || name.starts_with('.')
        || name.starts_with('#')
        || name.ends_with('~')
        || [".swp", ".swx", ".tmp", ".bak"].iter().any(|end| name.ends_with(end))
}

/// Callback for a written path and the time of the write, by the file system's clock if it is known.
pub trait Tell: Fn(&Path, SystemTime) + Clone + Send + 'static {}
impl<T: Fn(&Path, SystemTime) + Clone + Send + 'static> Tell for T {}

/// Checks that the system reports changes in this folder. If it does not, a watcher polls.
///
/// # Errors
/// The reason, if the system reports no changes.
pub fn is_told_of_changes(folder: &Path) -> Result<(), String> {
    let tried = RecommendedWatcher::new(|_| (), Config::default())
        .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive));
    tried.map_err(|error| error.to_string())
}

/// Targets of symbolic links among the sources. An editor that saves through a link writes the target, and
/// the system reports that only in the folder of the target.
#[derive(Clone, Default)]
struct LinkTargets(Arc<Mutex<HashSet<PathBuf>>>);

impl LinkTargets {
    fn has(&self, path: &Path) -> bool {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.contains(path)
    }

    /// Notes the target of a link. Returns the folder to be watched, for a new target.
    fn note(&self, link: &Path) -> Option<PathBuf> {
        let file = std::fs::canonicalize(link).ok()?;
        let folder = file.parent()?.to_owned();
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(file).then_some(folder)
    }
}

/// A watcher, which runs until it is dropped.
pub struct Watcher {
    watcher: Box<dyn Notify + Send>,
    watched: WatchTarget,
    linked: LinkTargets,
    /// Reason for polling, if native watching was wanted.
    pub fallback: Option<String>,
}

impl Watcher {
    /// Watches with the system's notifications, or by polling at the interval `poll`. If the system cannot
    /// watch, polls every half second and notes the reason in `fallback`.
    pub fn new(
        watched: WatchTarget,
        poll: Option<Duration>,
        tell: impl Tell,
    ) -> notify::Result<Self> {
        const FALLBACK: Duration = Duration::from_millis(500);
        if let Some(interval) = poll {
            return Self::polling(watched, interval, tell, None);
        }
        let linked = LinkTargets::default();
        let handler = handler(&watched, &linked, tell.clone());
        let native = RecommendedWatcher::new(handler, Config::default());
        let native = native.and_then(|watcher| {
            let mut watcher = Self {
                watcher: Box::new(watcher),
                watched: watched.clone(),
                linked,
                fallback: None,
            };
            watcher.watch_all()?;
            Ok(watcher)
        });
        native.or_else(|error| Self::polling(watched, FALLBACK, tell, Some(why(&error))))
    }

    fn polling(
        watched: WatchTarget,
        interval: Duration,
        tell: impl Tell,
        fallback: Option<String>,
    ) -> notify::Result<Self> {
        let config = Config::default().with_poll_interval(interval);
        // A polling watcher follows links, so their targets need no watch of their own.
        let linked = LinkTargets::default();
        let mut watcher = Self {
            watcher: Box::new(PollWatcher::new(handler(&watched, &linked, tell), config)?),
            watched,
            linked,
            fallback,
        };
        watcher.watch_all()?;
        Ok(watcher)
    }

    /// True if this watcher has the given target.
    pub fn watches(&self, watched: &WatchTarget) -> bool {
        self.watched == *watched
    }

    /// Watches everything that exists now. It is called again after a change, since there may be new
    /// folders.
    pub fn watch_all(&mut self) -> notify::Result<()> {
        match self.watched.clone() {
            WatchTarget::File(file) => {
                let folder = file.parent().filter(|folder| *folder != Path::new(""));
                let folder = folder.unwrap_or(Path::new("."));
                self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
                self.watch_behind(&file)
            }
            WatchTarget::Folder(folder) => {
                // The parent is watched too, since the folder itself may be created and deleted.
                if let Some(parent) = folder.parent() {
                    self.watcher.watch(parent, RecursiveMode::NonRecursive)?;
                }
                match folder.is_dir() {
                    true => self.watcher.watch(&folder, RecursiveMode::Recursive),
                    false => Ok(()),
                }
            }
            WatchTarget::Folders(roots) | WatchTarget::Sources { folders: roots, .. } => {
                for root in &roots {
                    // Not recursive at the top: `target` may hold thousands of folders.
                    self.watcher.watch(root, RecursiveMode::NonRecursive)?;
                    for entry in std::fs::read_dir(root)?.flatten() {
                        let path = entry.path();
                        if is_noise(&entry.file_name()) {
                            continue;
                        }
                        if path.is_dir() {
                            self.watcher.watch(&path, RecursiveMode::Recursive)?;
                        }
                        self.watch_links(&path)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Watches the targets of all links to files, here and below.
    fn watch_links(&mut self, path: &Path) -> notify::Result<()> {
        let Ok(about) = path.symlink_metadata() else {
            return Ok(());
        };
        if about.is_symlink() && path.is_file() {
            return self.watch_behind(path);
        }
        if about.is_dir() {
            for entry in std::fs::read_dir(path)?.flatten() {
                if entry.file_type().is_ok_and(|kind| !kind.is_file()) {
                    self.watch_links(&entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Watches the target of `link` if it is a symbolic link.
    fn watch_behind(&mut self, link: &Path) -> notify::Result<()> {
        let is_link = link
            .symlink_metadata()
            .is_ok_and(|about| about.is_symlink());
        let folder = is_link.then(|| self.linked.note(link)).flatten();
        match folder {
            // The folder is among the watched ones already.
            Some(folder) if self.watched.concerns(&folder.join("file")) => Ok(()),
            Some(folder) => self.watcher.watch(&folder, RecursiveMode::NonRecursive),
            None => Ok(()),
        }
    }
}

/// Describes why the system reports no changes, and the remedy if there is one.
fn why(error: &notify::Error) -> String {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system watches no more folders for this user; for more, type: sudo sysctl fs.inotify.max_user_watches=1048576"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

fn handler(
    watched: &WatchTarget,
    linked: &LinkTargets,
    tell: impl Tell,
) -> impl FnMut(notify::Result<notify::Event>) + Send + 'static {
    let (watched, linked) = (watched.clone(), linked.clone());
    move |event| {
        let Ok(event) = event else { return };
        let reading = matches!(event.kind, EventKind::Access(kind)
            if kind != AccessKind::Close(AccessMode::Write));
        let concerns = |path: &&PathBuf| watched.concerns(path) || linked.has(path);
        let concerned = event.paths.iter().find(concerns);
        if let (Some(path), false) = (concerned, reading) {
            let written = std::fs::metadata(path).and_then(|meta| meta.modified());
            tell(path, written.unwrap_or_else(|_| SystemTime::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_and_temporary_files_are_ignored() {
        let watched = WatchTarget::Folders(vec![PathBuf::from("/game")]);
        for path in [
            "src/lib.rs",
            "Cargo.toml",
            "assets/ship.png",
            "src/a/b.rs",
            "build.rs",
        ] {
            assert!(watched.concerns(&Path::new("/game").join(path)), "{path}");
        }
        for path in [
            "target/debug/game.wasm",
            "Cargo.lock",
            ".git/index",
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "src/4913",
            "src/#lib.rs#",
        ] {
            assert!(!watched.concerns(&Path::new("/game").join(path)), "{path}");
        }
        assert!(!watched.concerns(Path::new("/other/src/lib.rs")));
    }

    #[test]
    fn files_made_by_the_build_are_ignored() {
        let watched = WatchTarget::Sources {
            folders: vec![PathBuf::from("/game")],
            made: PathBuf::from("game.wasm"),
        };
        assert!(watched.concerns(Path::new("/game/game.c")));
        assert!(!watched.concerns(Path::new("/game/game.wasm")));
    }

    #[test]
    fn a_file_is_matched_by_its_name() {
        let watched = WatchTarget::File(PathBuf::from("out/game.wasm"));
        assert!(watched.concerns(Path::new("/abs/out/game.wasm")));
        assert!(!watched.concerns(Path::new("/abs/out/game.wasm.tmp")));
    }
}
