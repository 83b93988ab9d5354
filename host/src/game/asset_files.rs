//! Loader of asset files: reads and decodes them on a thread of its own, and again when they change.
//!
//! The loader reads nothing outside the asset folder, and refuses a symbolic link that leads out of it.
//! It knows no guest and no GPU.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use vblank_render::assets::{AssetError, AssetRequest, Assets, Payload};
use vblank_runtime::build::{Coverage, Inputs, Touched, Watcher};
use vblank_runtime::{files, thread};

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
            stamps: BTreeMap::new(),
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
    /// State of each file when it was last read, by the asset's handle.
    stamps: BTreeMap<u32, FileStamp>,
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
                    if self.see_what_changed(woken, &mut watcher).is_break() {
                        return;
                    }
                }
                Ok(Wake::Stop) | Err(_) => return,
            }
        }
    }

    fn watch(&self, touched: &Sender<Wake>) -> Watcher {
        let touched = touched.clone();
        // Sending fails only if the thread has ended, and the watcher ends with it.
        let tell = move |_: Touched<'_>| drop(touched.send(Wake::Touched));
        let mut watcher = Watcher::new(self.folder.poll, tell);
        let (coverage, _) = watcher.watch(&self.inputs());
        if let Coverage::Partial { path, reason } = coverage {
            let path = path.display();
            (self.notice)(format!(
                "changes of assets in {path} are not seen: {reason}"
            ));
        }
        watcher
    }

    fn inputs(&self) -> Inputs {
        Inputs::of_folder(&self.folder.folder)
    }

    /// Loads files that have changed. A file that is damaged or missing may still be being written, so
    /// it gets time to become complete.
    fn see_what_changed(
        &mut self,
        woken: &Receiver<Wake>,
        watcher: &mut Option<Watcher>,
    ) -> ControlFlow<()> {
        const PATIENCE: Duration = Duration::from_millis(100);
        loop {
            while wait(woken, self.folder.debounce)? {}
            if let Some(watcher) = watcher {
                // New folders have to be watched too.
                let _ = watcher.watch(&self.inputs());
            }
            let failures = self.look_again();
            if failures.is_empty() || !wait(woken, PATIENCE)? {
                self.fail(failures);
                return ControlFlow::Continue(());
            }
        }
    }

    /// Reads all files in use whose stamps have changed. Returns those that could not be loaded.
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

/// Waits for a change, and returns true if one came within the limit. Breaks if the thread is to stop.
fn wait(woken: &Receiver<Wake>, limit: Duration) -> ControlFlow<(), bool> {
    match woken.recv_timeout(limit) {
        // A file that is wanted for the first time is read together with the changed ones.
        Ok(Wake::Touched | Wake::Wanted) => ControlFlow::Continue(true),
        Err(RecvTimeoutError::Timeout) => ControlFlow::Continue(false),
        Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => ControlFlow::Break(()),
    }
}
