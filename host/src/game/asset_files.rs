//! Loader of asset files: reads and decodes them on a thread of its own, and again when they change.
//!
//! The loader reads nothing outside the asset folder, and refuses a symbolic link that leads out of it.
//! It knows no guest and no GPU.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use vblank_render::assets::{AssetError, AssetRequest, Assets, Payload};
use vblank_runtime::build::{Coverage, Inputs, Touched, Watcher};
use vblank_runtime::files::{self, WorkingFolder};
use vblank_runtime::thread;

/// Handle of the loader's thread. Dropping it stops the thread.
pub(super) struct AssetLoader {
    assets: Assets,
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

/// Reason for the thread to wake.
enum Wake {
    /// A guest wants a file for the first time.
    Wanted,
    /// Something in the folder has changed.
    Touched,
    Stop,
}

/// The asset folder, and how to look for changes in it.
#[derive(Clone, Debug)]
pub(super) struct AssetFolder {
    /// Path of the folder, which need not exist yet.
    pub(super) folder: PathBuf,
    /// Time for which changes must pause before they count.
    pub(super) debounce: Duration,
    /// Interval of polling, instead of notifications by the system.
    pub(super) poll: Option<Duration>,
}

impl AssetLoader {
    /// Starts the thread. `notice` is called with information that a person needs once.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(super) fn start(
        assets: Assets,
        folder: AssetFolder,
        notice: impl Fn(String) + Send + 'static,
    ) -> io::Result<Self> {
        let (wake, woken) = channel();
        let wanted = wake.clone();
        // Sending fails only if the thread has ended, and then the loader is detached.
        assets.attach_loader(move || drop(wanted.send(Wake::Wanted)));
        let mut loader = Loader {
            assets: assets.clone(),
            folder,
            named_in: WorkingFolder::now(),
            stamps: BTreeMap::new(),
            is_touched: Arc::default(),
            unseen: None,
            notice: Box::new(notice),
        };
        let touched = wake.clone();
        let thread = thread::start("assets", move || loader.run(&woken, &touched))?;
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
            // The panic hook has reported a panic of the thread.
            let _ = thread.join();
        }
    }
}

/// The loader on its own thread.
struct Loader {
    assets: Assets,
    folder: AssetFolder,
    /// The working folder in which that folder was named.
    named_in: WorkingFolder,
    /// State of each file when it was last read, by the asset's handle.
    stamps: BTreeMap<u32, FileStamp>,
    /// True if a message of a change is under way. Thousands of changes send one.
    is_touched: Arc<AtomicBool>,
    /// The last notice of changes that are not seen.
    unseen: Option<String>,
    notice: Box<dyn Fn(String) + Send>,
}

/// Handle of an asset that could not be loaded, and the reason.
type Failure = (u32, AssetError);

/// Metadata of a file. A different stamp means that the file was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    path: PathBuf,
    written: Option<SystemTime>,
    bytes: u64,
    /// Device, inode and the time of the last change of the file's entry, on Unix.
    entry: [i64; 4],
}

#[cfg(unix)]
fn entry(meta: &std::fs::Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    let (device, inode) = (meta.dev().cast_signed(), meta.ino().cast_signed());
    [device, inode, meta.ctime(), meta.ctime_nsec()]
}

#[cfg(not(unix))]
fn entry(_: &std::fs::Metadata) -> [i64; 4] {
    [0; 4]
}

/// Largest size of an asset's file in bytes.
const MAX_FILE: u64 = 256 << 20;

impl Loader {
    /// Handles wake-ups until the thread is to stop.
    fn run(&mut self, woken: &Receiver<Wake>, touched: &Sender<Wake>) {
        let mut watcher = None;
        loop {
            match woken.recv() {
                Ok(Wake::Wanted) => {
                    // A game without files needs no watcher. Watching starts before reading, so that no
                    // change in between is missed.
                    if watcher.is_none() {
                        watcher = Some(self.watch(touched));
                    }
                    let wanted = self.assets.take_wanted();
                    let failures = wanted.iter().filter_map(|wanted| self.load(wanted));
                    let failures = failures.collect();
                    self.fail(failures);
                }
                Ok(Wake::Touched) => {
                    self.is_touched.store(false, Ordering::Release);
                    if self.see_what_changed(woken, &mut watcher).is_break() {
                        return;
                    }
                }
                Ok(Wake::Stop) | Err(_) => return,
            }
        }
    }

    fn watch(&mut self, touched: &Sender<Wake>) -> Watcher {
        let (touched, is_touched) = (touched.clone(), Arc::clone(&self.is_touched));
        let tell = move |_: Touched<'_>| {
            if !is_touched.swap(true, Ordering::AcqRel) {
                // Sending fails only if the thread has ended, and the watcher ends with it.
                drop(touched.send(Wake::Touched));
            }
        };
        let mut watcher = Watcher::new(self.folder.poll, tell);
        self.watch_anew(&mut watcher);
        watcher
    }

    /// Watches what lies in the folder now, and says once which changes are not seen.
    fn watch_anew(&mut self, watcher: &mut Watcher) {
        let (coverage, _) = watcher.watch(&Inputs::of_folder(&self.path()));
        let unseen = match coverage {
            Coverage::Partial { path, reason } => {
                let path = path.display();
                Some(format!(
                    "changes of assets in {path} are not seen: {reason}"
                ))
            }
            _ => None,
        };
        if unseen != self.unseen {
            unseen.iter().for_each(|text| (self.notice)(text.clone()));
            self.unseen = unseen;
        }
    }

    /// Returns the path of the folder.
    fn path(&self) -> PathBuf {
        self.named_in.path(&self.folder.folder)
    }

    /// Loads files that have changed. A file that is damaged or missing may still be being written, so
    /// it gets time to become complete.
    fn see_what_changed(
        &mut self,
        woken: &Receiver<Wake>,
        watcher: &mut Option<Watcher>,
    ) -> ControlFlow<()> {
        const PATIENCE: Duration = Duration::from_millis(100);
        /// Some program may write all the time.
        const AT_MOST: Duration = Duration::from_secs(1);
        /// A damaged file that is written all the time is damaged.
        const PATIENCE_IN_ALL: Duration = Duration::from_secs(3);
        let begun_all = Instant::now();
        let mut failures = BTreeMap::new();
        loop {
            let begun = Instant::now();
            while self.wait(woken, self.folder.debounce)? && begun.elapsed() < AT_MOST {}
            if let Some(watcher) = watcher {
                // New folders have to be watched too.
                self.watch_anew(watcher);
            }
            self.look_again(&mut failures);
            let is_last = failures.is_empty() || begun_all.elapsed() > PATIENCE_IN_ALL;
            if is_last || !self.wait(woken, PATIENCE)? {
                self.fail(failures.into_iter().collect());
                return ControlFlow::Continue(());
            }
        }
    }

    /// Reads all files in use whose stamps have changed. `failures` holds those that could not be loaded, and
    /// keeps the ones that have not changed since.
    fn look_again(&mut self, failures: &mut BTreeMap<u32, AssetError>) {
        drop(self.assets.take_wanted());
        let files = self.assets.files();
        let is_used = |handle: &u32| files.iter().any(|file| file.handle == *handle);
        self.stamps.retain(|handle, _| is_used(handle));
        failures.retain(|handle, _| is_used(handle));
        for wanted in &files {
            let now = self.find(wanted).ok();
            if now.is_none() || self.stamps.get(&wanted.handle) != now.as_ref() {
                failures.remove(&wanted.handle);
                failures.extend(self.load(wanted));
            }
        }
    }

    /// Reads a file, and passes its content on unless reading failed.
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

    /// Returns the decoded content of a file, or `None` if the asset has this content already.
    fn read(
        &mut self,
        wanted: &AssetRequest,
    ) -> Result<Option<(blake3::Hash, Payload)>, AssetError> {
        self.stamps.remove(&wanted.handle);
        let seen = self.find(wanted)?;
        let within = |error: &dyn std::fmt::Display| {
            AssetError::Damaged(format!("{}: {error}", seen.path.display()))
        };
        let bytes = files::read(&seen.path, MAX_FILE).map_err(|error| within(&error))?;
        let hash = blake3::hash(&bytes);
        let decoded = if self.assets.has(wanted.handle, hash) {
            Ok(None)
        } else {
            let budget = self.assets.budget(wanted.handle);
            let payload = wanted.kind.decode(&bytes, &budget);
            let payload = payload.map_err(|error| within(&error));
            payload.map(|payload| Some((hash, payload)))
        };
        // The stamp is stored for a damaged file too, so that it is read again only when it changes.
        self.stamps.insert(wanted.handle, seen);
        decoded
    }

    /// Returns the path and the metadata of an asset's file.
    fn find(&self, wanted: &AssetRequest) -> Result<FileStamp, AssetError> {
        let folder = &self.path();
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
                        entry: entry(&meta),
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

    /// Waits for a change, and returns true if one came within the limit. Breaks if the thread is to stop.
    fn wait(&self, woken: &Receiver<Wake>, limit: Duration) -> ControlFlow<(), bool> {
        match woken.recv_timeout(limit) {
            Ok(Wake::Touched) => {
                self.is_touched.store(false, Ordering::Release);
                ControlFlow::Continue(true)
            }
            // A file that is wanted for the first time is read together with the changed ones.
            Ok(Wake::Wanted) => ControlFlow::Continue(true),
            Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(false),
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
        }
    }
}
