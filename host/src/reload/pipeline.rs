//! The pipeline: one thread that turns changes on disk into candidates, the newest only.
//!
//! A change while a build runs stops it and begins again, so ten saves in a row make one candidate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::back::{Back, BackError, GoBack};
use super::build::{BuildError, Built, GuestCrate};
use super::candidate::{Candidate, Stages, prepare};
use super::watch::{Wake, Watched, Watcher};
use crate::error::{GuestError, Refused};
use crate::guest::{Capability, Code, CodeHash, Engine};

/// Where a guest comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A component or a core module, built by somebody else.
    File(PathBuf),
    /// The folder of a guest crate.
    Folder(PathBuf),
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
    /// Build with optimisations.
    pub release: bool,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(10),
            poll: None,
            watch: Vec::new(),
            release: false,
        }
    }
}

/// What the pipeline tells.
pub enum News {
    /// Something that a person should know, once.
    Notice(String),
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
}

impl Pipeline {
    /// Start to make the first candidate, and watch. `wake_host` is called after each piece of news.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(
        engine: Arc<Engine>,
        source: Source,
        options: PipelineOptions,
        wake_host: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wake, woken) = channel();
        let (tell, news) = channel();
        let state_bytes = Arc::new(AtomicU64::new(0));
        let mut worker = Worker {
            engine,
            source,
            options,
            woken,
            tell,
            wake_host: Box::new(wake_host),
            state_bytes: Arc::clone(&state_bytes),
            last: None,
            denied: None,
            guest: None,
            first_build: true,
        };
        let for_watcher = wake.clone();
        let thread = std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || worker.run(&for_watcher))?;
        Ok(Self {
            news,
            wake,
            state_bytes,
            thread: Some(thread),
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

    /// How large the state is now: so much memory the next candidate is warmed up with.
    pub fn set_state_bytes(&self, bytes: usize) {
        self.state_bytes.store(bytes as u64, Ordering::Relaxed);
    }
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

struct Worker {
    engine: Arc<Engine>,
    source: Source,
    options: PipelineOptions,
    woken: Receiver<Wake>,
    tell: Sender<News>,
    wake_host: Box<dyn Fn() + Send>,
    state_bytes: Arc<AtomicU64>,
    /// The last code that was handed on.
    last: Option<CodeHash>,
    /// What was refused last, if it wants more than is granted.
    denied: Option<Denied>,
    /// The crate, as cargo last described it.
    guest: Option<GuestCrate>,
    first_build: bool,
}

/// A version that waits for a grant.
struct Denied {
    file: PathBuf,
    code: Code,
    stages: Stages,
}

/// Why a round ended early.
enum Stop {
    /// The handle is gone.
    Dropped,
    /// Something changed meanwhile: begin again.
    Changed(SystemTime),
    /// It was told; wait for the next change.
    Failed,
}

impl Worker {
    fn run(&mut self, wake: &Sender<Wake>) {
        let mut watcher = None;
        let mut watch_time = Duration::ZERO;
        loop {
            let round = self.round(&mut watcher, wake, watch_time);
            let changed = match round {
                Err(Stop::Dropped) => return,
                Err(Stop::Changed(at)) => Ok(Some(at)),
                Ok(()) | Err(Stop::Failed) => self.wait(None),
            };
            let settled = changed.and_then(|at| self.settle(at.unwrap_or_else(SystemTime::now)));
            match settled {
                Ok(took) => watch_time = took,
                Err(_) => return,
            }
        }
    }

    /// One way from source to candidate.
    fn round(
        &mut self,
        watcher: &mut Option<Watcher>,
        wake: &Sender<Wake>,
        watch: Duration,
    ) -> Result<(), Stop> {
        let mut stages = Stages {
            watch,
            ..Stages::default()
        };
        let file = match self.source.clone() {
            Source::File(file) => {
                self.see_to(watcher, Watched::File(file.clone()), wake);
                file
            }
            Source::Folder(folder) => {
                if !self.guest.as_ref().is_some_and(GuestCrate::is_current) {
                    self.guest = None;
                    self.guest = Some(self.open(&folder, watcher, wake)?);
                } else if let Some(watcher) = watcher {
                    // There may be new folders. What cannot be watched was told before.
                    let _ = watcher.watch_all();
                }
                let built = self.build()?;
                stages.build = built.took;
                self.send(News::Built {
                    took: built.took,
                    warnings: built.warnings,
                })?;
                built.wasm
            }
        };
        let begun = Instant::now();
        let code = self.read(&file)?;
        stages.read = begun.elapsed();
        if self.last.replace(code.hash) == Some(code.hash) {
            return self.send(News::SameCode(code.hash));
        }
        self.hand_on(file, code, stages)
    }

    /// From code to candidate. `stages` is what it took up to here.
    fn hand_on(&mut self, file: PathBuf, code: Code, stages: Stages) -> Result<(), Stop> {
        self.denied = None;
        let state_bytes = self.state_bytes.load(Ordering::Relaxed);
        let refused = match prepare(&self.engine, &code, state_bytes) {
            Ok(mut candidate) => {
                candidate.stages.watch = stages.watch;
                candidate.stages.build = stages.build;
                candidate.stages.read = stages.read;
                return self.send(News::Ready(Box::new(candidate)));
            }
            Err(refused) => refused,
        };
        let to = Some(code.hash);
        if matches!(refused, Refused::Guest(GuestError::NotAllowed { .. })) {
            let file = file.clone();
            self.denied = Some(Denied { file, code, stages });
        }
        self.send(News::Refused { file, to, refused })
    }

    /// Look at the crate, and see that all of it is watched.
    fn open(
        &self,
        folder: &Path,
        watcher: &mut Option<Watcher>,
        wake: &Sender<Wake>,
    ) -> Result<GuestCrate, Stop> {
        match GuestCrate::open(folder, self.options.release) {
            Ok(guest) => {
                if let (None, Some(target)) = (&watcher, guest.redirected()) {
                    let target = target.display();
                    self.notice(format!(
                        "the guest's target folder cannot be written; building into {target}"
                    ));
                }
                let mut folders = guest.sources.clone();
                folders.extend(self.options.watch.iter().cloned());
                self.see_to(watcher, Watched::Folders(folders), wake);
                Ok(guest)
            }
            Err(error) => {
                if watcher.is_none() {
                    // A manifest that is to be mended: watch at least the folder.
                    let folder = std::fs::canonicalize(folder).unwrap_or(folder.to_owned());
                    self.see_to(watcher, Watched::Folders(vec![folder]), wake);
                }
                let took = Duration::ZERO;
                self.send(News::BuildFailed { took, error })?;
                Err(Stop::Failed)
            }
        }
    }

    /// Watch this, if it is not watched already.
    fn see_to(&self, watcher: &mut Option<Watcher>, watched: Watched, wake: &Sender<Wake>) {
        if watcher
            .as_ref()
            .is_some_and(|watcher| watcher.watches(&watched))
        {
            return;
        }
        *watcher = match Watcher::new(watched, self.options.poll, wake.clone()) {
            Ok(watcher) => {
                if let Some(why) = &watcher.fallback {
                    self.notice(format!("looking for changes twice a second, since {why}"));
                }
                Some(watcher)
            }
            Err(error) => {
                self.notice(format!("changes will not be seen: {error}"));
                None
            }
        };
    }

    fn build(&mut self) -> Result<Built, Stop> {
        self.send(News::Building)?;
        let guest = self.guest.as_ref().ok_or(Stop::Failed)?;
        let mut build = match guest.start(self.first_build) {
            Ok(build) => build,
            Err(error) => {
                let took = Duration::ZERO;
                self.send(News::BuildFailed { took, error })?;
                return Err(Stop::Failed);
            }
        };
        loop {
            match build.poll() {
                Some(Ok(built)) => {
                    self.first_build = false;
                    return Ok(built);
                }
                Some(Err(error)) => {
                    let took = build.elapsed();
                    self.send(News::BuildFailed { took, error })?;
                    return Err(Stop::Failed);
                }
                None => {}
            }
            const GLANCE: Duration = Duration::from_millis(1);
            if let Some(at) = self.wait(Some(GLANCE))? {
                return Err(Stop::Changed(at));
            }
        }
    }

    /// Read a file that may still be in the writing: what looks damaged gets time to become whole.
    fn read(&mut self, file: &Path) -> Result<Code, Stop> {
        const PATIENCE: Duration = Duration::from_millis(100);
        let refused = match Code::read(file) {
            Ok(code) => return Ok(code),
            Err(error) => error,
        };
        if let Some(at) = self.wait(Some(PATIENCE))? {
            return Err(Stop::Changed(at));
        }
        let to = match &refused {
            GuestError::Read { .. } => None,
            _ => std::fs::read(file).ok().map(|bytes| CodeHash::of(&bytes)),
        };
        let refused = Refused::Guest(refused);
        let file = file.to_owned();
        self.send(News::Refused { file, to, refused })?;
        Err(Stop::Failed)
    }

    /// Wait for a change, at most so long. `None` when there was none. Meanwhile, does what else is
    /// asked for; a build runs on.
    fn wait(&mut self, limit: Option<Duration>) -> Result<Option<SystemTime>, Stop> {
        loop {
            let woken = match limit {
                Some(limit) => self.woken.recv_timeout(limit),
                None => self.woken.recv().map_err(RecvTimeoutError::from),
            };
            match woken {
                Ok(Wake::Touched(at)) => return Ok(Some(at)),
                Ok(Wake::GoBack(wanted)) => self.go_back(*wanted)?,
                Ok(Wake::Allow(capability, tell)) => self.allow(capability, tell)?,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stop::Dropped),
            }
        }
    }

    fn allow(&mut self, capability: Capability, tell: Granted) -> Result<(), Stop> {
        let done = self.engine.allow(capability);
        let is_new = matches!(done, Ok(true));
        tell(done);
        if !is_new {
            return Ok(());
        }
        self.send(News::Notice(format!(
            "`{capability}` is granted from now on"
        )))?;
        match self.denied.take() {
            Some(Denied { file, code, stages }) => self.hand_on(file, code, stages),
            None => Ok(()),
        }
    }

    fn go_back(&mut self, wanted: GoBack) -> Result<(), Stop> {
        let state_bytes = self.state_bytes.load(Ordering::Relaxed);
        let to = wanted.to;
        let back = wanted.prepare(&self.engine, state_bytes);
        if back.is_ok() {
            self.last = Some(to);
        }
        self.send(News::Back(back))
    }

    /// Wait until nothing has changed for the time of the debounce; not for ever, since something may
    /// be writing all the time. How long ago the newest change is then.
    fn settle(&mut self, at: SystemTime) -> Result<Duration, Stop> {
        const AT_MOST: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        let mut newest = at;
        while let Some(at) = self.wait(Some(self.options.debounce))? {
            newest = newest.max(at);
            if begun.elapsed() > AT_MOST {
                break;
            }
        }
        Ok(SystemTime::now().duration_since(newest).unwrap_or_default())
    }

    fn notice(&self, text: String) {
        // Were the handle gone, the next news would tell.
        let _ = self.send(News::Notice(text));
    }

    fn send(&self, news: News) -> Result<(), Stop> {
        self.tell.send(news).map_err(|_| Stop::Dropped)?;
        (self.wake_host)();
        Ok(())
    }
}
