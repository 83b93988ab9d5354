//! Files of the asset folder: read and decoded on a thread of their own, and again when they change.
//!
//! The folder is a wall: what a symbolic link brings in from outside of it is refused.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use vblank_render::assets::{AssetError, AssetRequest, Assets, MAX_BYTES, Payload};
use vblank_runtime::build::{WatchTarget, Watcher};

/// The thread's handle. Dropped, the thread stops.
pub(super) struct AssetLoader {
    assets: Assets,
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

/// What wakes the thread.
enum Wake {
    /// A file is wanted for the first time.
    Wanted,
    /// Something in the folder has changed.
    Touched,
    Stop,
}

/// Where the files are, and how to look for changes.
#[derive(Clone, Debug)]
pub(super) struct AssetFolder {
    /// It may not be there yet.
    pub(super) folder: PathBuf,
    /// Time for which a change must be quiet before it counts.
    pub(super) debounce: Duration,
    /// Interval of looking for changes, instead of being told by the system.
    pub(super) poll: Option<Duration>,
}

impl AssetLoader {
    /// `notice` is told what a person should know, once.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn start(
        assets: Assets,
        folder: AssetFolder,
        notice: impl Fn(String) + Send + 'static,
    ) -> io::Result<Self> {
        let (wake, woken) = channel();
        let wanted = wake.clone();
        // Were the thread gone, the loader would have been detached.
        assets.attach_loader(move || drop(wanted.send(Wake::Wanted)));
        let mut loader = Loader {
            assets: assets.clone(),
            folder,
            stamps: BTreeMap::new(),
            notice: Box::new(notice),
        };
        let touched = wake.clone();
        let thread = std::thread::Builder::new()
            .name("assets".to_owned())
            .spawn(move || loader.run(&woken, &touched))?;
        Ok(Self {
            assets,
            wake,
            thread: Some(thread),
        })
    }
}

impl Drop for AssetLoader {
    fn drop(&mut self) {
        self.assets.detach_loader();
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

/// The thread.
struct Loader {
    assets: Assets,
    folder: AssetFolder,
    /// What each file looked like when it was last read, by the asset's handle.
    stamps: BTreeMap<u32, FileStamp>,
    notice: Box<dyn Fn(String) + Send>,
}

/// An asset that could not be had, and why.
type Failure = (u32, AssetError);

/// What a file looks like from outside. Another look means that it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    path: PathBuf,
    written: Option<SystemTime>,
    bytes: u64,
}

impl Loader {
    /// Until it is told to stop.
    fn run(&mut self, woken: &Receiver<Wake>, touched: &Sender<Wake>) {
        let mut watcher = None;
        loop {
            match woken.recv() {
                Ok(Wake::Wanted) => {
                    // Nothing is watched for a game that wants no files. Watched first: a change
                    // that comes after the reading is heard.
                    watcher = watcher.or_else(|| self.watch(touched));
                    let wanted = self.assets.take_wanted();
                    let failures = wanted.iter().filter_map(|wanted| self.load(wanted));
                    let failures = failures.collect();
                    self.fail(failures);
                }
                Ok(Wake::Touched) => {
                    if self.see_what_changed(woken, &mut watcher).is_break() {
                        return;
                    }
                }
                Ok(Wake::Stop) | Err(_) => return,
            }
        }
    }

    fn watch(&self, touched: &Sender<Wake>) -> Option<Watcher> {
        let touched = touched.clone();
        let watched = WatchTarget::Folder(self.folder.folder.clone());
        // Were the thread gone, so would be the watcher.
        let tell = move |_: &Path, _| drop(touched.send(Wake::Touched));
        let watcher = Watcher::new(watched, self.folder.poll, tell);
        if let Err(error) = &watcher {
            (self.notice)(format!("changes of assets will not be seen: {error}"));
        }
        watcher.ok()
    }

    /// Load what has changed. What looks damaged or is gone may still be in the writing, and gets time
    /// to become whole.
    fn see_what_changed(
        &mut self,
        woken: &Receiver<Wake>,
        watcher: &mut Option<Watcher>,
    ) -> ControlFlow<()> {
        const PATIENCE: Duration = Duration::from_millis(100);
        loop {
            while wait(woken, self.folder.debounce)? {}
            if let Some(watcher) = watcher {
                // There may be new folders.
                let _ = watcher.watch_all();
            }
            let failures = self.look_again();
            if failures.is_empty() || !wait(woken, PATIENCE)? {
                self.fail(failures);
                return ControlFlow::Continue(());
            }
        }
    }

    /// All files that somebody uses, as far as they look different. Returns those that could not be had.
    fn look_again(&mut self) -> Vec<Failure> {
        drop(self.assets.take_wanted());
        let files = self.assets.files();
        self.stamps
            .retain(|handle, _| files.iter().any(|file| file.handle == *handle));
        let mut failures = Vec::new();
        for wanted in &files {
            let now = self.find(wanted).ok();
            if now.is_none() || self.stamps.get(&wanted.handle) != now.as_ref() {
                failures.extend(self.load(wanted));
            }
        }
        failures
    }

    /// Read a file, and hand it on if that is possible.
    fn load(&mut self, wanted: &AssetRequest) -> Option<Failure> {
        match self.read(wanted) {
            Ok(Some(content)) => {
                self.hand_on(wanted.handle, Ok(content));
                None
            }
            Ok(None) => None,
            Err(error) => Some((wanted.handle, error)),
        }
    }

    fn hand_on(&self, handle: u32, content: Result<(blake3::Hash, Payload), AssetError>) {
        self.assets.loaded(handle, content, &self.notice);
    }

    fn fail(&self, failures: Vec<Failure>) {
        for (handle, error) in failures {
            self.hand_on(handle, Err(error));
        }
    }

    /// The content, unless it is what the asset has already.
    fn read(
        &mut self,
        wanted: &AssetRequest,
    ) -> Result<Option<(blake3::Hash, Payload)>, AssetError> {
        self.stamps.remove(&wanted.handle);
        let seen = self.find(wanted)?;
        if seen.bytes > MAX_BYTES {
            return Err(AssetError::Damaged(format!(
                "{} has {} bytes, which is too much",
                seen.path.display(),
                seen.bytes
            )));
        }
        let within = |error: &dyn std::fmt::Display| {
            AssetError::Damaged(format!("{}: {error}", seen.path.display()))
        };
        let bytes = std::fs::read(&seen.path).map_err(|error| within(&error))?;
        let hash = blake3::hash(&bytes);
        let decoded = if self.assets.has(wanted.handle, hash) {
            Ok(None)
        } else {
            let payload = wanted.kind.decode(&bytes).map_err(|error| within(&error));
            payload.map(|payload| Some((hash, payload)))
        };
        // Also where it is damaged: it is read again when it looks different.
        self.stamps.insert(wanted.handle, seen);
        decoded
    }

    /// The file of an asset, as it looks now.
    fn find(&self, wanted: &AssetRequest) -> Result<FileStamp, AssetError> {
        let folder = &self.folder.folder;
        let files = wanted.files(folder);
        for file in &files {
            let Ok(path) = std::fs::canonicalize(file) else {
                continue;
            };
            let inside = std::fs::canonicalize(folder).is_ok_and(|folder| path.starts_with(folder));
            if !inside {
                return Err(AssetError::Damaged(format!(
                    "{} leads out of the asset folder",
                    file.display()
                )));
            }
            match std::fs::metadata(&path) {
                Ok(meta) if meta.is_file() => {
                    return Ok(FileStamp {
                        path,
                        written: meta.modified().ok(),
                        bytes: meta.len(),
                    });
                }
                _ => {}
            }
        }
        let names: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        Err(AssetError::Missing(names.join(" or ")))
    }
}

/// Whether something has changed within this time. Breaks where the thread is to stop.
fn wait(woken: &Receiver<Wake>, limit: Duration) -> ControlFlow<(), bool> {
    match woken.recv_timeout(limit) {
        // What is wanted is among what is looked at next.
        Ok(Wake::Touched | Wake::Wanted) => ControlFlow::Continue(true),
        Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(false),
        Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
    }
}
