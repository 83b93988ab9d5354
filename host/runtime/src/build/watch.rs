//! Watching of inputs: which changes on disk concern them, and their notification. Starts no build and knows
//! no engine.
//!
//! The system reports changes of a folder's entries. So every folder is watched that leads to an input: the
//! ones that hold it, all above them, and those of symbolic links on the way. A folder that is replaced by
//! another of the same name is then noticed, and [`Watcher::watch`] watches the new one.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Config, EventKind, RecommendedWatcher, RecursiveMode, Watcher as Notify};

use super::coverage::Coverage;
use super::filter::{Filter, Tell, Touched, has_other_names};
use super::inputs::Inputs;
use super::mounts::MountWatch;
use super::poll::Poller;

/// Time between two looks where the system reports no changes.
const INTERVAL: Duration = Duration::from_millis(500);

/// Checks that the system reports changes in this folder. If it does not, a watcher polls.
///
/// # Errors
/// The reason, if the system reports no changes.
pub fn is_told_of_changes(folder: &Path) -> Result<(), String> {
    if let Some(kind) = remote_kind(folder) {
        return Err(not_reported(kind));
    }
    let tried = RecommendedWatcher::new(|_| (), Config::default())
        .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive));
    tried.map_err(|error| why(&error))
}

/// Watches inputs until it is dropped.
pub struct Watcher {
    tell: Tell,
    /// The interval, if polling was asked for.
    poll: Option<Duration>,
    filter: Arc<Mutex<Filter>>,
    native: Option<RecommendedWatcher>,
    poller: Option<Poller>,
    mounts: Option<MountWatch>,
    folders: HashMap<PathBuf, WatchedFolder>,
    /// The reason for polling everything, if the system cannot watch.
    limit: Option<String>,
}

struct WatchedFolder {
    id: Option<FolderId>,
    is_polled: bool,
}

/// Identity of a folder, which another folder of the same name does not have: device, inode, and the time at
/// which it was made, since a number is used again.
type FolderId = (u64, u64, Option<SystemTime>);

impl Watcher {
    /// Makes a watcher that watches nothing yet. It uses the system's notifications, or polls at the interval
    /// `poll`.
    pub fn new(poll: Option<Duration>, tell: impl Fn(Touched<'_>) + Send + Sync + 'static) -> Self {
        Self {
            tell: Arc::new(tell),
            poll,
            filter: Arc::default(),
            native: None,
            poller: None,
            mounts: None,
            folders: HashMap::new(),
            limit: None,
        }
    }

    /// Watches these inputs and nothing else. To be called again after a change of a folder or a link, since
    /// what lies behind the name may be another now. Costs a look at every folder on the way, some
    /// milliseconds for a thousand.
    ///
    /// Returns the folders that were not watched before. Changes in them before this call were not seen.
    pub fn watch(&mut self, inputs: &Inputs) -> (Coverage, Vec<PathBuf>) {
        if self.mounts.is_none() {
            // Without a list of mounts there are none to be seen.
            self.mounts = MountWatch::start(Arc::clone(&self.tell)).ok();
        }
        let filter = Filter::new(inputs);
        let wanted: Vec<_> = filter.folders.iter().cloned().collect();
        let mut problems = filter.problems.clone();
        let mut current = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = std::mem::replace(&mut *current, filter).lost;
        drop(current);
        for folder in &lost {
            self.unwatch(folder);
        }

        let gone: Vec<_> = self.folders.keys().cloned().collect();
        let is_wanted: HashSet<&PathBuf> = wanted.iter().collect();
        for folder in gone.iter().filter(|folder| !is_wanted.contains(folder)) {
            self.unwatch(folder);
        }
        let mut fresh = Vec::new();
        let mut remote = None;
        for folder in &wanted {
            let id = id(folder);
            match self.folders.get(folder) {
                Some(known) if known.id == id => {
                    if known.is_polled && self.limit.is_none() {
                        remote = remote.or_else(|| remote_kind(folder));
                    }
                    continue;
                }
                Some(_) => self.unwatch(folder),
                None => {}
            }
            let kind = remote_kind(folder);
            match self.watch_folder(folder, kind.is_some()) {
                Ok(is_polled) => {
                    remote = remote.or(kind);
                    self.folders
                        .insert(folder.clone(), WatchedFolder { id, is_polled });
                    fresh.push(folder.clone());
                }
                // It was deleted meanwhile, which is a change of the folder above.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => {
                    // A folder that only leads to inputs may be closed to us.
                    let filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
                    if filter.holds_inputs(folder) {
                        problems.push((folder.clone(), why(&error)));
                    }
                }
            }
        }
        if let Err(error) = self.poll_folders() {
            problems.push((
                PathBuf::from("everything that is polled"),
                error.to_string(),
            ));
        }
        (self.coverage(problems, remote), fresh)
    }

    /// True if this path is an input or on the way to one.
    pub(super) fn leads_to_input(&self, path: &Path) -> bool {
        let filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        filter.leads_to_input(path)
    }

    /// True if a change of this path may change an input.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        let filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        filter.concerns(path)
    }

    /// True if [`Watcher::watch`] is to be called after a change of this path: a folder came or went, or a
    /// link leads elsewhere.
    pub(super) fn is_to_be_watched_anew(&self, path: &Path) -> bool {
        match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() || meta.is_symlink() => true,
            // A file that has other names is watched by itself.
            Ok(meta) if has_other_names(&meta) => self.leads_to_input(path),
            Ok(_) | Err(_) => self.folders.contains_key(path),
        }
    }

    fn coverage(&self, problems: Vec<(PathBuf, String)>, remote: Option<&str>) -> Coverage {
        if let Some((path, reason)) = problems.into_iter().next() {
            return Coverage::Partial { path, reason };
        }
        let reason = self.limit.clone().or_else(|| remote.map(not_reported));
        match (self.poll, reason) {
            (Some(interval), _) => Coverage::Polled {
                interval,
                reason: None,
            },
            (None, Some(reason)) => Coverage::Polled {
                interval: INTERVAL,
                reason: Some(reason),
            },
            (None, None) => Coverage::Notified,
        }
    }

    /// Returns whether the folder is polled.
    fn watch_folder(&mut self, folder: &Path, is_remote: bool) -> notify::Result<bool> {
        if self.poll.is_some() || self.limit.is_some() || is_remote {
            return Ok(true);
        }
        match self.watch_natively(folder) {
            Err(error) if is_a_limit(&error) => {
                // The limit is that of the user, so what is watched already would meet it at any time.
                self.native = None;
                self.limit = Some(why(&error));
                for watched in self.folders.values_mut() {
                    watched.is_polled = true;
                }
                Ok(true)
            }
            watched => watched.map(|()| false),
        }
    }

    fn watch_natively(&mut self, folder: &Path) -> notify::Result<()> {
        let native = match &mut self.native {
            Some(native) => native,
            none => {
                let handler = handler(Arc::clone(&self.filter), Arc::clone(&self.tell));
                none.insert(RecommendedWatcher::new(handler, Config::default())?)
            }
        };
        native.watch(folder, RecursiveMode::NonRecursive)
    }

    fn poll_folders(&mut self) -> std::io::Result<()> {
        let polled = self.folders.iter().filter(|(_, watched)| watched.is_polled);
        let polled: HashSet<_> = polled.map(|(folder, _)| folder.clone()).collect();
        if self.poller.is_none() && polled.is_empty() {
            return Ok(());
        }
        let poller = match self.poller.take() {
            Some(poller) => poller,
            None => {
                let interval = self.poll.unwrap_or(INTERVAL);
                Poller::start(interval, Arc::clone(&self.filter), Arc::clone(&self.tell))?
            }
        };
        poller.watch(polled);
        self.poller = Some(poller);
        Ok(())
    }

    fn unwatch(&mut self, folder: &Path) {
        let Some(watched) = self.folders.remove(folder) else {
            return;
        };
        if let (false, Some(native)) = (watched.is_polled, &mut self.native) {
            // An error means that the folder is gone, and its watch with it.
            let _ = native.unwatch(folder);
        }
    }
}

fn handler(
    filter: Arc<Mutex<Filter>>,
    tell: Tell,
) -> impl FnMut(notify::Result<notify::Event>) + Send + 'static {
    move |event| {
        let event = match event {
            Ok(event) if !event.need_rescan() => event,
            // The system's queue was full, or could not be read.
            Ok(_) | Err(_) => {
                tracing::debug!("the system has lost changes, so everything is compared");
                return tell(Touched::Anything);
            }
        };
        let is_reading = matches!(event.kind, EventKind::Access(kind)
            if kind != AccessKind::Close(AccessMode::Write));
        if is_reading {
            return;
        }
        let may_lose = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        for path in &event.paths {
            let mut filter = filter.lock().unwrap_or_else(PoisonError::into_inner);
            let concerns = filter.concerns(path);
            if may_lose && filter.folders.contains(path) {
                filter.lost.insert(path.clone());
            }
            drop(filter);
            if concerns {
                let written = std::fs::metadata(path).and_then(|meta| meta.modified());
                tell(Touched::Path(
                    path,
                    written.unwrap_or_else(|_| SystemTime::now()),
                ));
            }
        }
    }
}

/// Describes why the system reports no changes, and the remedy if there is one.
fn why(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system watches no more folders for this user; for more, type: sudo sysctl fs.inotify.max_user_watches=1048576"
                .to_owned()
        }
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(TOO_MANY_FILES) => {
            "the system makes no more watchers for this user; for more, type: sudo sysctl fs.inotify.max_user_instances=1024"
                .to_owned()
        }
        notify::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// `EMFILE`, by which Linux refuses another inotify instance.
const TOO_MANY_FILES: i32 = 24;

/// True if the system could watch the folder, but not for this user any more.
fn is_a_limit(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => true,
        notify::ErrorKind::Io(error) => error.raw_os_error() == Some(TOO_MANY_FILES),
        _ => false,
    }
}

fn not_reported(kind: &str) -> String {
    format!("the system does not report changes on {kind}")
}

#[cfg(unix)]
fn id(folder: &Path) -> Option<FolderId> {
    use std::os::unix::fs::MetadataExt;
    let meta = folder.metadata().ok()?;
    Some((meta.dev(), meta.ino(), meta.created().ok()))
}

/// Windows reports a replaced folder to its own watch.
#[cfg(not(unix))]
fn id(_: &Path) -> Option<FolderId> {
    Some((0, 0, None))
}

/// Names the kind of a file system whose files other machines may write, which the system does not report.
#[cfg(target_os = "linux")]
fn remote_kind(folder: &Path) -> Option<&'static str> {
    // statfs(2) lists the numbers.
    match rustix::fs::statfs(folder).ok()?.f_type as u32 {
        0x6969 => Some("a network drive (NFS)"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("a network drive (SMB)"),
        0x5346_414f | 0x00c3_6400 => Some("a network drive"),
        0x0102_1997 => Some("a drive of another system (9P, as WSL mounts them)"),
        0x786f_4256 => Some("a shared folder of VirtualBox"),
        0x6573_5546 => Some("a drive of another program (FUSE)"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn remote_kind(_: &Path) -> Option<&'static str> {
    None
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
    fn only_what_was_not_watched_is_fresh() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let root = root.path().canonicalize().expect("it is there");
        touch(&root.join("dist/game.wasm"));
        let inputs = Inputs::of_file(&root.join("dist/game.wasm"));
        let (report, reported) = std::sync::mpsc::channel();
        let away = root.join("dist");
        let mut watcher = Watcher::new(None, move |touched: Touched<'_>| {
            let is_away = matches!(touched, Touched::Path(path, _) if path == away);
            // The receiver may be gone at the end of the test.
            let _ = is_away.then(|| report.send(()));
        });
        let (_, fresh) = watcher.watch(&inputs);
        assert!(fresh.contains(&root.join("dist")), "{fresh:?}");
        assert_eq!(watcher.watch(&inputs).1, Vec::<PathBuf>::new());
        std::fs::rename(root.join("dist"), root.join("old")).expect("it can be renamed");
        touch(&root.join("dist/game.wasm"));
        assert_eq!(watcher.watch(&inputs).1, [root.join("dist")]);
        // The system forgets a folder that was moved away, also if it is back at once.
        std::fs::rename(root.join("dist"), root.join("away")).expect("it can be renamed");
        std::fs::rename(root.join("away"), root.join("dist")).expect("it can be renamed");
        // Reports of the first move may still be under way.
        while watcher.watch(&inputs).1 != [root.join("dist")] {
            reported.recv().expect("the system reports it");
        }
    }
}
