//! Which changes on disk matter to a guest, and hearing of them.

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

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchTarget {
    /// One file: its folder is watched, so that it may be replaced, deleted and put back.
    File(PathBuf),
    /// Source folders, without build output and editors' temporary files.
    Folders(Vec<PathBuf>),
    /// A folder with all that is in it, also where it is not there yet.
    Folder(PathBuf),
    /// The same as `Folders`, for a build that leaves its file among them.
    Sources {
        /// The folders.
        folders: Vec<PathBuf>,
        /// The file.
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

/// Build output, version control, lock files that cargo writes itself, and what editors leave about.
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

/// Hears what was written, and when by the file system's clock where it says.
pub trait Tell: Fn(&Path, SystemTime) + Clone + Send + 'static {}
impl<T: Fn(&Path, SystemTime) + Clone + Send + 'static> Tell for T {}

/// Whether the system tells of changes in this folder. Where it does not, they are looked for.
///
/// # Errors
/// When it does not, with the reason.
pub fn is_told_of_changes(folder: &Path) -> Result<(), String> {
    let tried = RecommendedWatcher::new(|_| (), Config::default())
        .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive));
    tried.map_err(|error| error.to_string())
}

/// Files that links among the sources lead to. Who saves through a link writes there, and the system tells
/// of that only where the file itself is.
#[derive(Clone, Default)]
struct LinkTargets(Arc<Mutex<HashSet<PathBuf>>>);

impl LinkTargets {
    fn has(&self, path: &Path) -> bool {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.contains(path)
    }

    /// Note where this link leads to; the folder to be watched, the first time.
    fn note(&self, link: &Path) -> Option<PathBuf> {
        let file = std::fs::canonicalize(link).ok()?;
        let folder = file.parent()?.to_owned();
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(file).then_some(folder)
    }
}

/// Watches until it is dropped.
pub struct Watcher {
    watcher: Box<dyn Notify + Send>,
    watched: WatchTarget,
    linked: LinkTargets,
    /// Why polling, where native watching was wanted.
    pub fallback: Option<String>,
}

impl Watcher {
    /// Watch natively, or by looking every `poll`. Where the system cannot watch natively, looks
    /// every half second and says so in `fallback`.
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
        // Whoever looks for changes looks through links.
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

    /// Whether it watches just this.
    pub fn watches(&self, watched: &WatchTarget) -> bool {
        self.watched == *watched
    }

    /// Watch what is there now; again after a change, since there may be new folders.
    pub fn watch_all(&mut self) -> notify::Result<()> {
        match self.watched.clone() {
            WatchTarget::File(file) => {
                let folder = file.parent().filter(|folder| *folder != Path::new(""));
                let folder = folder.unwrap_or(Path::new("."));
                self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
                self.watch_behind(&file)
            }
            WatchTarget::Folder(folder) => {
                // From outside it is seen whether the folder itself comes and goes.
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

    /// All links to files, here and below.
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

    /// Where a link leads to, if this is one.
    fn watch_behind(&mut self, link: &Path) -> notify::Result<()> {
        let is_link = link
            .symlink_metadata()
            .is_ok_and(|about| about.is_symlink());
        let folder = is_link.then(|| self.linked.note(link)).flatten();
        match folder {
            // WatchTarget already, with what is below it.
            Some(folder) if self.watched.concerns(&folder.join("file")) => Ok(()),
            Some(folder) => self.watcher.watch(&folder, RecursiveMode::NonRecursive),
            None => Ok(()),
        }
    }
}

/// Why the system does not tell of changes, and the way out where there is one.
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
    fn noise_is_not_a_change() {
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
    fn what_a_build_leaves_is_no_change() {
        let watched = WatchTarget::Sources {
            folders: vec![PathBuf::from("/game")],
            made: PathBuf::from("game.wasm"),
        };
        assert!(watched.concerns(Path::new("/game/game.c")));
        assert!(!watched.concerns(Path::new("/game/game.wasm")));
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        let watched = WatchTarget::File(PathBuf::from("out/game.wasm"));
        assert!(watched.concerns(Path::new("/abs/out/game.wasm")));
        assert!(!watched.concerns(Path::new("/abs/out/game.wasm.tmp")));
    }
}
