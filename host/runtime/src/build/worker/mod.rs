//! The pipeline's thread, which turns changes on disk into candidates. Only the newest change counts.
//!
//! A change during a build stops the build and starts a new round, so ten saves in a row make one
//! candidate.

mod optimise;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use optimise::OptimisedBuild;

use super::cargo::{Build, BuildOutput, start_command};
use super::error::BuildError;
use super::message::Message;
use super::news::News;
use super::options::{PipelineOptions, Source};
use super::package::GuestCrate;
use super::source::GrantCallback;
use super::watch::{WatchTarget, Watcher};
use crate::error::{GuestError, SwapError};
use crate::guest::{Capability, Code, CodeHash, Engine, Want};
use crate::history::GoBack;
use crate::supervisor::{ExpectedState, Stages, prepare};

/// The channels between the thread and its handle.
pub(super) struct WorkerChannels {
    pub(super) messages: Receiver<Message>,
    /// The sender of `messages`, for watchers and builds.
    pub(super) wake: Sender<Message>,
    pub(super) tell: Sender<News>,
    pub(super) wake_host: Box<dyn Fn() + Send>,
    pub(super) expected: Arc<Mutex<ExpectedState>>,
}

/// The state of the thread.
pub(super) struct Worker {
    engine: Arc<Engine>,
    source: Source,
    options: PipelineOptions,
    channels: WorkerChannels,
    /// The last code that was handed on, and the capabilities that it wants.
    last: Option<(CodeHash, Arc<[Want]>)>,
    /// The last version that was refused because it wants more than is granted.
    denied: Option<DeniedVersion>,
    /// The crate, as cargo last described it.
    guest: Option<GuestCrate>,
    /// The last code that became a candidate, unless it failed or is not wanted any more.
    ready: Option<CodeHash>,
    /// The optimised build of the last source.
    optimised: Option<OptimisedBuild>,
    first_build: bool,
    /// True if only asset files have changed since the last round.
    only_assets: bool,
    /// Time at which the newest successful build started, by the system's clock, which also dates files.
    built: Option<SystemTime>,
    /// Changed files whose dates are before `built`.
    overlooked: BTreeSet<PathBuf>,
    /// True while a build runs that a person may stop.
    is_building: bool,
    /// Number of builds that were started.
    builds: u64,
}

/// A version that waits for a grant.
struct DeniedVersion {
    file: PathBuf,
    code: Code,
    stages: Stages,
}

/// The reason why a round ended early.
enum Stop {
    /// The handle is gone.
    Dropped,
    /// Something changed meanwhile, so a new round begins.
    Changed(SystemTime),
    /// The failure was reported or its result is not wanted. The worker waits for the next change.
    Failed,
}

impl Worker {
    pub(super) fn new(
        engine: Arc<Engine>,
        source: Source,
        options: PipelineOptions,
        channels: WorkerChannels,
    ) -> Self {
        Self {
            engine,
            source,
            options,
            channels,
            last: None,
            denied: None,
            guest: None,
            ready: None,
            optimised: None,
            first_build: true,
            only_assets: false,
            built: None,
            overlooked: BTreeSet::new(),
            is_building: false,
            builds: 0,
        }
    }

    /// Runs until the handle is gone.
    pub(super) fn run(&mut self) {
        let mut watcher = None;
        let mut watch_time = Duration::ZERO;
        loop {
            let round = self.round(&mut watcher, watch_time);
            let changed = match round {
                Err(Stop::Dropped) => return,
                Err(Stop::Changed(at)) => Ok(Some(at)),
                Ok(()) => self.rest(),
                Err(Stop::Failed) => self.wait(None),
            };
            let settled = changed.and_then(|at| self.settle(at.unwrap_or_else(SystemTime::now)));
            match settled {
                Ok(took) => watch_time = took,
                Err(_) => return,
            }
        }
    }

    /// Does one round, from source to candidate.
    fn round(&mut self, watcher: &mut Option<Watcher>, watch: Duration) -> Result<(), Stop> {
        let mut stages = Stages {
            watch,
            ..Stages::default()
        };
        let file = match self.source.clone() {
            Source::File(file) => {
                self.ensure_watched(watcher, WatchTarget::File(file.clone()));
                watch_more(watcher);
                file
            }
            Source::Folder(folder) => {
                if !self.guest.as_ref().is_some_and(GuestCrate::is_current) {
                    self.guest = None;
                    self.guest = Some(self.open(&folder, watcher)?);
                }
                self.build(&mut stages, watcher)?
            }
            Source::Command { file, .. } => {
                let folders = self.also_watched().collect();
                self.ensure_watched(
                    watcher,
                    WatchTarget::Sources {
                        folders,
                        made: file,
                    },
                );
                self.build(&mut stages, watcher)?
            }
        };
        let begun = Instant::now();
        let code = self.read(&file)?;
        stages.read = begun.elapsed();
        let only_assets = std::mem::replace(&mut self.only_assets, true);
        let this = (code.hash, Arc::clone(&code.wants));
        if self.last.replace(this.clone()) == Some(this) {
            if only_assets {
                // A person who saves a picture does not expect news about code.
                return Ok(());
            }
            let newest = OptimisedBuild::newest(self.optimised, code.hash);
            return self.send(News::SameCode(newest));
        }
        self.hand_on(file, code, stages)
    }

    /// Makes a candidate of the code. `stages` holds the times of the earlier stages.
    fn hand_on(&mut self, file: PathBuf, code: Code, stages: Stages) -> Result<(), Stop> {
        self.denied = None;
        self.ready = None;
        self.send(News::Preparing(code.hash))?;
        let expected = self.expected_state();
        let refused = match prepare(&self.engine, &code, &expected) {
            Ok(mut candidate) => {
                candidate.stages.watch = stages.watch;
                candidate.stages.build = stages.build;
                candidate.stages.read = stages.read;
                self.ready = Some(code.hash);
                return self.send(News::Ready(Box::new(candidate)));
            }
            Err(refused) => refused,
        };
        let to = Some(code.hash);
        if let SwapError::Guest(error) = &refused
            && error.waits_for_consent()
        {
            let file = file.clone();
            self.denied = Some(DeniedVersion { file, code, stages });
        }
        self.send(News::Refused { file, to, refused })
    }

    /// Describes the crate, and starts watching all its folders.
    fn open(&self, folder: &Path, watcher: &mut Option<Watcher>) -> Result<GuestCrate, Stop> {
        let opened = GuestCrate::open(folder, &self.options.cargo);
        match opened.map(|guest| guest.with_lines(self.options.with_lines)) {
            Ok(guest) => {
                if let (None, Some(target)) = (&watcher, guest.redirected()) {
                    let target = target.display();
                    self.notice(format!(
                        "the guest's target folder cannot be written; building into {target}"
                    ));
                }
                let mut folders = guest.sources.clone();
                folders.extend(self.also_watched());
                self.ensure_watched(watcher, WatchTarget::Folders(folders));
                Ok(guest)
            }
            Err(error) => {
                if watcher.is_none() {
                    // The manifest has an error that the user will correct, so at least the folder is
                    // watched.
                    let folder = std::fs::canonicalize(folder).unwrap_or(folder.to_owned());
                    self.ensure_watched(watcher, WatchTarget::Folders(vec![folder]));
                }
                let took = Duration::ZERO;
                self.send(News::BuildFailed { took, error })?;
                Err(Stop::Failed)
            }
        }
    }

    /// The additional folders to watch, resolved as the system reports them.
    fn also_watched(&self) -> impl Iterator<Item = PathBuf> {
        let folders = self.options.watch.iter();
        folders.map(|folder| std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone()))
    }

    /// Watches this target if it is not watched already.
    fn ensure_watched(&self, watcher: &mut Option<Watcher>, watched: WatchTarget) {
        if watcher
            .as_ref()
            .is_some_and(|watcher| watcher.watches(&watched))
        {
            return;
        }
        let wake = self.channels.wake.clone();
        let assets = self.options.assets.clone();
        let tell = move |path: &Path, at| {
            let is_asset = assets
                .as_ref()
                .is_some_and(|assets| path.starts_with(assets));
            let touched = if is_asset {
                Message::TouchedAsset
            } else {
                Message::Touched
            };
            // An error means that the pipeline is gone, and the watcher soon will be too.
            drop(wake.send(touched(path.to_owned(), at)));
        };
        *watcher = match Watcher::new(watched, self.options.poll, tell) {
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

    /// Builds and returns the file that was built.
    fn build(
        &mut self,
        stages: &mut Stages,
        watcher: &mut Option<Watcher>,
    ) -> Result<PathBuf, Stop> {
        if self.guest.is_some() {
            self.redate();
        }
        let begun = SystemTime::now();
        self.is_building = true;
        let built = self.run_build(watcher);
        self.is_building = false;
        let BuildOutput {
            wasm,
            warnings,
            took,
        } = built?;
        self.built = self.built.max(Some(begun));
        stages.build = took;
        self.send(News::Built { took, warnings })?;
        Ok(wasm)
    }

    /// Gives a newer date to changed files that are older than the last build. cargo compares dates, so it
    /// would ignore a file that was moved into place with its old date, or saved while the clock was set
    /// back.
    fn redate(&mut self) {
        let Some(built) = self.built else { return };
        let date = SystemTime::now().max(built + Duration::from_secs(1));
        for path in std::mem::take(&mut self.overlooked) {
            let dated = File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_modified(date));
            if let Err(error) = dated
                && path.is_file()
            {
                let path = path.display();
                self.notice(format!(
                    "{path} is older than the last build, so cargo passes over it, and its date cannot be changed: {error}"
                ));
            }
        }
    }

    fn run_build(&mut self, watcher: &mut Option<Watcher>) -> Result<BuildOutput, Stop> {
        self.send(News::Building)?;
        let started = match (&self.source, &self.guest) {
            (Source::Command { file, command }, _) => {
                start_command(command, file, self.first_build)
            }
            (_, Some(guest)) => guest.start(self.first_build),
            (_, None) => return Err(Stop::Failed),
        };
        let mut build = match started {
            Ok(build) => build,
            Err(error) => {
                let took = Duration::ZERO;
                self.send(News::BuildFailed { took, error })?;
                return Err(Stop::Failed);
            }
        };
        self.await_end(&build);
        // New folders are added while the build runs, since that takes time if there are many files.
        watch_more(watcher);
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
            match self.wait_for_build() {
                // The build has ended, and the next poll has its result.
                Ok(None) => {}
                Ok(Some(at)) => return Err(Stop::Changed(at)),
                Err(Stop::Failed) => {
                    let (took, error) = (build.elapsed(), BuildError::Stopped);
                    self.send(News::BuildFailed { took, error })?;
                    return Err(Stop::Failed);
                }
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Makes the end of a build wake [`Worker::wait_for_build`].
    fn await_end(&mut self, build: &Build) {
        self.builds += 1;
        let (wake, number) = (self.channels.wake.clone(), self.builds);
        // An error means that the pipeline is gone, and nobody waits.
        let ended = move || drop(wake.send(Message::BuildEnded(number)));
        if let Err(error) = build.when_ended(ended) {
            self.notice(format!("no thread to wait for the build: {error}"));
        }
    }

    fn expected_state(&self) -> ExpectedState {
        let expected = self.channels.expected.lock();
        expected.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads a file that may still be written: a file that looks damaged gets some time to become complete.
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
        let refused = SwapError::Guest(refused);
        let file = file.to_owned();
        self.send(News::Refused { file, to, refused })?;
        Err(Stop::Failed)
    }

    /// Waits for a change, no longer than `limit`. `None` if there was none. Handles the other messages
    /// meanwhile.
    fn wait(&mut self, limit: Option<Duration>) -> Result<Option<SystemTime>, Stop> {
        self.wait_or_end(limit, None)
    }

    /// Waits for a change or the end of the build that was started last. `None` if the build has ended.
    /// The build continues meanwhile, unless a person stops it: then the result is [`Stop::Failed`].
    fn wait_for_build(&mut self) -> Result<Option<SystemTime>, Stop> {
        self.wait_or_end(None, Some(self.builds))
    }

    fn wait_or_end(
        &mut self,
        limit: Option<Duration>,
        build: Option<u64>,
    ) -> Result<Option<SystemTime>, Stop> {
        loop {
            let woken = match limit {
                Some(limit) => self.channels.messages.recv_timeout(limit),
                None => self
                    .channels
                    .messages
                    .recv()
                    .map_err(RecvTimeoutError::from),
            };
            match woken {
                Ok(Message::Touched(path, at)) => {
                    self.only_assets = false;
                    self.note_date(path, at);
                    return Ok(Some(at));
                }
                Ok(Message::TouchedAsset(path, at)) => {
                    self.note_date(path, at);
                    return Ok(Some(at));
                }
                Ok(Message::Rebuild) => {
                    self.only_assets = false;
                    return Ok(Some(SystemTime::now()));
                }
                Ok(Message::StopBuild) if self.is_building => return Err(Stop::Failed),
                // The build ended before the request to stop it.
                Ok(Message::StopBuild) => {}
                Ok(Message::Failed) => self.ready = None,
                Ok(Message::GoBack(wanted)) => self.go_back(*wanted)?,
                Ok(Message::Allow(capability, tell)) => self.allow(capability, tell)?,
                Ok(Message::BuildEnded(number)) if Some(number) == build => return Ok(None),
                // The end of a build that was stopped, or whose result was seen before its message.
                Ok(Message::BuildEnded(_)) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(Stop::Dropped);
                }
            }
        }
    }

    fn note_date(&mut self, path: PathBuf, at: SystemTime) {
        if self.guest.is_some() && self.built.is_some_and(|built| at <= built) {
            self.overlooked.insert(path);
        }
    }

    fn allow(&mut self, capability: Capability, tell: GrantCallback) -> Result<(), Stop> {
        let done = self.engine.allow(capability.clone());
        let is_new = matches!(done, Ok(true));
        tell(done);
        if !is_new {
            return Ok(());
        }
        self.send(News::Notice(format!(
            "`{capability}` is granted from now on"
        )))?;
        match self.denied.take() {
            Some(DeniedVersion { file, code, stages }) => self.hand_on(file, code, stages),
            None => Ok(()),
        }
    }

    fn go_back(&mut self, wanted: GoBack) -> Result<(), Stop> {
        let expected = self.expected_state();
        let to = wanted.to;
        let back = wanted.prepare(&self.engine, &expected);
        if back.is_ok() {
            // This code ran before, so all that it wants is granted.
            self.last = Some((to, Arc::default()));
            self.ready = None;
        }
        self.send(News::Back(back))
    }

    /// Waits until nothing has changed for the debounce time. The wait is limited, since some program may
    /// write all the time. Returns the time since the newest change.
    fn settle(&mut self, at: SystemTime) -> Result<Duration, Stop> {
        const AT_MOST: Duration = Duration::from_secs(1);
        self.send(News::Changed)?;
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
        // An error means that the handle is gone, and the next news will fail and end the round.
        let _ = self.send(News::Notice(text));
    }

    fn send(&self, news: News) -> Result<(), Stop> {
        self.channels.tell.send(news).map_err(|_| Stop::Dropped)?;
        (self.channels.wake_host)();
        Ok(())
    }
}

/// Watches new folders. A failure was reported when watching began.
fn watch_more(watcher: &mut Option<Watcher>) {
    if let Some(watcher) = watcher {
        let _ = watcher.watch_all();
    }
}
