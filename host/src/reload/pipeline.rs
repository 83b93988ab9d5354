//! The pipeline, as the session sees it: it is told what is wanted, and tells what became of it. The
//! thread behind it is the [`Worker`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::assets::{AssetFolder, AssetLoader};
use super::back::{Back, BackError, GoBack};
use super::build::BuildError;
use super::candidate::Candidate;
use super::package::CargoFlags;
use super::watch::Wake;
use super::worker::{Told, Worker};
use crate::error::{GuestError, Refused};
use crate::guest::{Capability, CodeHash, Engine};

/// Where a guest comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A component or a core module, built by somebody else.
    File(PathBuf),
    /// The folder of a guest crate.
    Folder(PathBuf),
    /// A file that a command of the user's own makes, whenever something changes in the folders of
    /// [`PipelineOptions::watch`].
    Command {
        /// The file.
        file: PathBuf,
        /// For the system's shell, in the file's folder.
        command: String,
    },
}

/// How to look for changes and what to do about them.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// How long a change must be quiet before it counts.
    pub debounce: Duration,
    /// Look at intervals instead of being told by the system.
    pub poll: Option<Duration>,
    /// Further paths to watch.
    pub watch: Vec<PathBuf>,
    /// How a guest crate is built.
    pub cargo: CargoFlags,
    /// Have an optimised build say which code comes from which line, also where it was inlined.
    pub with_lines: bool,
    /// Build a guest crate once more, with optimisations, when nothing has changed for so long.
    pub optimise: Option<Duration>,
    /// Where the files of assets are. Without it, there are none.
    pub assets: Option<PathBuf>,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(10),
            poll: None,
            watch: Vec::new(),
            cargo: CargoFlags::default(),
            with_lines: false,
            optimise: None,
            assets: None,
        }
    }
}

/// What the pipeline tells.
pub enum News {
    /// Something that a person should know, once.
    Notice(String),
    /// Something that matters was written. What comes of it is told next.
    Changed,
    /// cargo runs.
    Building,
    /// cargo is done; warnings as it shows them.
    Built {
        /// How long it took.
        took: Duration,
        /// May be empty.
        warnings: String,
    },
    /// cargo, or the way to it, failed.
    BuildFailed {
        /// How long it took.
        took: Duration,
        /// The compiler's own message.
        error: BuildError,
    },
    /// The file is a guest of other code, which is compiled and made ready now.
    Preparing(CodeHash),
    /// The file is the one that was last handed on.
    SameCode(CodeHash),
    /// The file is no guest.
    Refused {
        /// The file.
        file: PathBuf,
        /// Of the file, where it could be read.
        to: Option<CodeHash>,
        /// Why.
        refused: Refused,
    },
    /// Ready for the boundary.
    Ready(Box<Candidate>),
    /// The source that was last handed on is built once more, with optimisations. What comes of it is told
    /// as of any other file, or with the next.
    Optimising,
    /// Nothing; a notice has said why.
    NotOptimised,
    /// What became of [`Pipeline::go_back`].
    Back(Result<Back, BackError>),
}

/// Hears whether a grant is new.
pub type Granted = Box<dyn FnOnce(Result<bool, GuestError>) + Send>;

/// The thread's handle. Dropped, the thread stops and its build with it.
pub struct Pipeline {
    news: Receiver<News>,
    wake: Sender<Wake>,
    state_bytes: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
    _assets: Option<AssetLoader>,
}

impl Pipeline {
    /// Start to make the first candidate, and watch. `wake_host` is called after each piece of news.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(
        engine: Arc<Engine>,
        source: Source,
        mut options: PipelineOptions,
        wake_host: impl Fn() + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wake, woken) = channel();
        let (tell, news) = channel();
        let state_bytes = Arc::new(AtomicU64::new(0));
        options.assets = options.assets.map(absolute);
        let assets = options.assets.clone().map(|folder| {
            let folder = AssetFolder {
                folder,
                debounce: options.debounce,
                poll: options.poll,
            };
            let (tell, wake_host) = (tell.clone(), wake_host.clone());
            AssetLoader::start(engine.assets().clone(), folder, move |notice| {
                // Were the handle gone, nobody would read it.
                let _ = tell.send(News::Notice(notice));
                wake_host();
            })
        });
        let told = Told {
            woken,
            tell,
            wake_host: Box::new(wake_host),
            state_bytes: Arc::clone(&state_bytes),
        };
        let mut worker = Worker::new(engine, source, options, told);
        let for_watcher = wake.clone();
        let thread = std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || worker.run(&for_watcher))?;
        Ok(Self {
            news,
            wake,
            state_bytes,
            thread: Some(thread),
            _assets: assets.transpose()?,
        })
    }

    /// The next piece of news, if there is one. Never waits.
    pub fn poll(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// The same, waiting for it no longer than this.
    pub fn wait(&self, limit: Duration) -> Option<News> {
        self.news.recv_timeout(limit).ok()
    }

    /// Make an older version ready again, and tell with [`News::Back`]. The next change is looked at
    /// as usual, also where it leaves the code that was left by this.
    pub fn go_back(&self, wanted: GoBack) {
        // Were the thread gone, so would be the program.
        let _ = self.wake.send(Wake::GoBack(Box::new(wanted)));
    }

    /// Grant something to all versions from now on. One that was refused for want of it is made ready
    /// again. `tell` is called on the pipeline's thread.
    pub fn allow(&self, capability: Capability, tell: Granted) {
        // As above.
        let _ = self.wake.send(Wake::Allow(capability, tell));
    }

    /// Build and look once more, as after a change.
    pub fn rebuild(&self) {
        // As above.
        let _ = self.wake.send(Wake::Rebuild);
    }

    /// Stop the build that runs, if one does, and wait for the next change.
    pub fn stop_build(&self) {
        // As above.
        let _ = self.wake.send(Wake::StopBuild);
    }

    /// The version that was handed on last has failed: it is not worth optimising.
    pub fn has_failed(&self) {
        // As above.
        let _ = self.wake.send(Wake::Failed);
    }

    /// How large the state is now: so much memory the next candidate is warmed up with.
    pub fn set_state_bytes(&self, bytes: usize) {
        self.state_bytes.store(bytes as u64, Ordering::Relaxed);
    }
}

/// By the name under which the system tells of changes, also where the folder is not there yet.
fn absolute(folder: PathBuf) -> PathBuf {
    let absolute = std::path::absolute(&folder).unwrap_or(folder);
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return absolute;
    };
    std::fs::canonicalize(parent).map_or(absolute.clone(), |parent| parent.join(name))
}

impl Drop for Pipeline {
    /// Waits for the thread, so that no build outlives the host.
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook, and there is nothing left to save.
            let _ = thread.join();
        }
    }
}
