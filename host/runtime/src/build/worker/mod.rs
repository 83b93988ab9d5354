//! The pipeline's thread, which turns changes on disk into candidates. Only the newest change counts.
//!
//! A change of an input during a build stops the build and starts a new round, so ten saves in a row make
//! one candidate. After three stops in a row the build is allowed to finish.

mod dates;
mod optimise;
mod preparation;
mod source_watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use dates::BuildTime;
use optimise::OptimisedBuild;
use source_watch::SourceWatch;

use super::backlog::Backlog;
use super::cargo::{Build, BuildOutput, start_command};
use super::changes::Effect;
use super::coverage::Coverage;
use super::error::BuildError;
use super::inputs::Inputs;
use super::locations::path_from_here;
use super::message::Message;
use super::news::News;
use super::options::{PipelineOptions, Source};
use super::package::{self, GuestCrate, Shown};
use super::source::GrantCallback;
use crate::error::{GuestError, SwapError};
use crate::files::{self, WorkingFolder};
use crate::guest::{Capability, Code, CodeHash, Engine, MAX_FILE, Want};
use crate::history::GoBack;
use crate::supervisor::{ExpectedState, Stages};

/// The channels between the thread and its handle.
pub(super) struct WorkerChannels {
    pub(super) messages: Receiver<Message>,
    /// The sender of `messages`, for watchers and builds.
    pub(super) wake: Sender<Message>,
    /// Changes that watchers have reported.
    pub(super) backlog: Arc<Backlog>,
    pub(super) tell: Sender<News>,
    pub(super) wake_host: Box<dyn Fn() + Send>,
    pub(super) expected: Arc<Mutex<ExpectedState>>,
}

/// The state of the thread.
pub(super) struct Worker {
    engine: Arc<Engine>,
    source: Source,
    /// The folder in which the source was named.
    named_in: WorkingFolder,
    options: PipelineOptions,
    channels: WorkerChannels,
    /// The last code that was handed on, and the capabilities that it wants.
    last: Option<(CodeHash, Arc<[Want]>)>,
    /// The last version that was refused because it wants more than is granted.
    denied: Option<DeniedVersion>,
    /// The crate, as cargo last described it.
    guest: Option<GuestCrate>,
    /// Inputs that have changed since the last build that succeeded.
    unbuilt: BTreeSet<PathBuf>,
    /// The last code that became a candidate, unless it failed or is not wanted any more.
    ready: Option<CodeHash>,
    /// The optimised build of the last source.
    optimised: Option<OptimisedBuild>,
    first_build: bool,
    watch: SourceWatch,
    /// Hash of what the last build said that it has read, if that is watched.
    settled: Option<blake3::Hash>,
    /// How the inputs were watched when that was last told.
    told_coverage: Coverage,
    /// How they were watched when a notice of that was last given.
    noticed_coverage: Coverage,
    /// True if another round has to follow without a change on disk.
    is_due: bool,
    /// True if the backlog has changes.
    is_touched: bool,
    /// True if nobody has changed anything since the last round, so that unchanged code is no news.
    is_quiet: bool,
    /// True if a restarted build that is allowed to finish has been reported since the last one that was not.
    told_restarts: bool,
    /// Time of the newest successful build.
    built: Option<BuildTime>,
    /// True while a build runs that a person may stop.
    is_building: bool,
    /// Number of builds that were started.
    builds: u64,
    /// The newest build, until its inputs are taken over.
    unsettled: Option<BuildOutput>,
    /// Number of preparations in a row that were given up because of a change.
    superseded: u32,
}

/// A version that waits for a grant.
struct DeniedVersion {
    file: PathBuf,
    code: Code,
    stages: Stages,
}

/// The reason why the worker goes on.
enum Woken {
    /// A message has come.
    By(Message),
    /// The backlog can be judged.
    Touched,
    /// Inputs that were written before may be at rest.
    IsAtRest,
    /// The wait has reached its limit.
    TimeIsUp,
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
        let mut named = Inputs::default();
        for path in &options.watch {
            named.add(path);
        }
        for path in &options.outputs {
            named.exclude(path);
        }
        let watch = SourceWatch::new(
            options.poll,
            options.debounce,
            named,
            Arc::clone(&channels.backlog),
            channels.wake.clone(),
        );
        Self {
            engine,
            source,
            named_in: WorkingFolder::now(),
            options,
            channels,
            last: None,
            denied: None,
            guest: None,
            unbuilt: BTreeSet::new(),
            ready: None,
            optimised: None,
            first_build: true,
            watch,
            settled: None,
            told_coverage: Coverage::default(),
            noticed_coverage: Coverage::default(),
            is_due: false,
            is_touched: false,
            is_quiet: false,
            told_restarts: false,
            built: None,
            is_building: false,
            builds: 0,
            unsettled: None,
            superseded: 0,
        }
    }

    /// Runs until the handle is gone.
    pub(super) fn run(&mut self) {
        let mut watch_time = Duration::ZERO;
        loop {
            let round = self.round(watch_time);
            let changed = match round {
                Err(Stop::Dropped) => return,
                Err(Stop::Changed(at)) => Ok(Some(at)),
                Ok(()) | Err(Stop::Failed) if std::mem::take(&mut self.is_due) => Ok(None),
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
    fn round(&mut self, watch: Duration) -> Result<(), Stop> {
        let mut stages = Stages {
            watch,
            ..Stages::default()
        };
        let built = match self.source.clone() {
            Source::File(file) => {
                let file = self.named_in.path(&file);
                self.watch.watch_file(&file);
                self.tell_coverage()?;
                return self.examine(file, stages);
            }
            Source::Folder(folder) => {
                if !self.guest.as_ref().is_some_and(GuestCrate::is_current) {
                    self.guest = None;
                    self.settled = None;
                    let folder = self.named_in.path(&folder);
                    self.guest = Some(self.open(&folder)?);
                }
                self.build(&mut stages)?
            }
            Source::Command { file, .. } => {
                let mut inputs = Inputs::default();
                inputs.exclude(&self.named_in.path(&file));
                self.watch.watch(inputs);
                self.build(&mut stages)?
            }
        };
        let file = built.wasm.clone();
        self.unsettled = Some(built);
        let examined = self.examine(file, stages);
        // The new code need not wait for this.
        self.settle_newest()?;
        examined
    }

    /// Takes over the inputs of the newest build, if that has not been done.
    fn settle_newest(&mut self) -> Result<(), Stop> {
        let built = self.unsettled.take();
        built.map_or(Ok(()), |built| self.settle_inputs(&built))
    }

    /// Reads the file, and makes a candidate of it if the code is new.
    fn examine(&mut self, file: PathBuf, mut stages: Stages) -> Result<(), Stop> {
        let begun = Instant::now();
        let code = self.read(&file)?;
        stages.read = begun.elapsed();
        let is_quiet = std::mem::replace(&mut self.is_quiet, true);
        let this = (code.hash, Arc::clone(&code.wants));
        if self.last.replace(this.clone()) == Some(this) {
            let newest = OptimisedBuild::newest(self.optimised, code.hash);
            return self.send(match is_quiet {
                true => News::Unchanged(newest),
                false => News::SameCode(newest),
            });
        }
        self.hand_on(file, code, stages)
    }

    /// Makes a candidate of the code. `stages` holds the times of the earlier stages.
    fn hand_on(&mut self, file: PathBuf, code: Code, stages: Stages) -> Result<(), Stop> {
        self.denied = None;
        self.ready = None;
        self.send(News::Preparing(code.hash))?;
        let refused = match self.prepare(&code)? {
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

    /// Describes the crate, and watches what is known of its inputs.
    fn open(&mut self, folder: &Path) -> Result<GuestCrate, Stop> {
        let opened = GuestCrate::open(folder, &self.options.cargo);
        match opened.map(|guest| guest.with_lines(self.options.with_lines)) {
            Ok(guest) => {
                if let (true, Some(target)) = (self.first_build, guest.redirected()) {
                    let target = path_from_here(target);
                    let target = target.display();
                    self.notice(format!(
                        "the guest's target folder cannot be written; building into {target}"
                    ));
                }
                self.watch.watch(guest.inputs());
                Ok(guest)
            }
            Err(error) => {
                // The user will correct the manifest, or what the message names.
                let more = package::inputs_of_unreadable(folder, &error.to_string());
                self.watch.watch_also(&more);
                self.tell_coverage()?;
                let took = Duration::ZERO;
                self.send(News::BuildFailed { took, error })?;
                Err(Stop::Failed)
            }
        }
    }

    /// Builds, and returns what was built.
    fn build(&mut self, stages: &mut Stages) -> Result<BuildOutput, Stop> {
        // All that was reported until now belongs to this build.
        if let Some((Effect::Build, _)) = self.watch.judge() {
            self.is_quiet = false;
        }
        self.redate();
        let is_forced = self.watch.touched().next().is_none();
        self.unbuilt
            .extend(self.watch.touched().map(Path::to_owned));
        let begun = SystemTime::now();
        self.watch.begin();
        self.is_due = false;
        self.is_building = true;
        let built = self.run_build(is_forced);
        self.is_building = false;
        if !matches!(built, Err(Stop::Changed(_) | Stop::Dropped)) {
            let is_unsettled = self.watch.end();
            self.is_due |= is_unsettled;
            self.told_restarts &= is_unsettled;
        }
        let built = built?;
        self.unbuilt.clear();
        let ended = SystemTime::now();
        self.built = Some(BuildTime { begun, ended }.and(self.built));
        stages.build = built.took;
        let (took, warnings) = (built.took, built.warnings.clone());
        self.send(News::Built { took, warnings })?;
        Ok(built)
    }

    /// Takes over the inputs that a build has read.
    fn settle_inputs(&mut self, built: &BuildOutput) -> Result<(), Stop> {
        if let Some(path) = self.watch.unsettled() {
            let path = path_from_here(path);
            let path = path.display();
            self.notice(format!(
                "{path} changes during every build, so it starts no more of them until it was left alone for a second"
            ));
        }
        // A manifest may have changed while cargo described the crate.
        self.is_due |= self.guest.as_ref().is_some_and(|guest| !guest.is_current());
        let read = built.dep_info();
        let is_settled = read.is_some() && self.settled == read;
        if !(is_settled && built.rustc.is_none())
            && let Some(guest) = &mut self.guest
        {
            guest.learn_rustc(built);
        }
        if is_settled {
            return self.tell_coverage();
        }
        match self.guest.as_ref().map(|guest| guest.inputs_of(built)) {
            Some(Ok((inputs, broken_name))) => {
                self.is_due |= self.watch.settle(inputs, broken_name);
                self.settled = read;
            }
            Some(Err(error)) => self.notice(format!(
                "cannot read which files the build has read, so some may not be watched: {error}"
            )),
            None => self.watch.learn(),
        }
        self.tell_coverage()
    }

    /// Tells how the inputs are watched, if that has changed.
    fn tell_coverage(&mut self) -> Result<(), Stop> {
        let coverage = self.watch.coverage();
        if coverage == self.told_coverage {
            return Ok(());
        }
        self.told_coverage = coverage.clone();
        if !self.watch.is_explained() && self.noticed_coverage != coverage {
            self.noticed_coverage = coverage.clone();
            match &coverage {
                Coverage::Polled {
                    reason: Some(reason),
                    ..
                } => self.notice(format!(
                    "looking for changes twice a second, since {reason}"
                )),
                Coverage::Partial { path, reason } => {
                    let path = path_from_here(path);
                    let path = path.display();
                    self.notice(format!("changes in {path} are not seen: {reason}"));
                }
                _ => {}
            }
        }
        self.send(News::Watching(coverage))
    }

    /// With `is_forced`, nothing is known to have changed, so cargo looks.
    fn run_build(&mut self, is_forced: bool) -> Result<BuildOutput, Stop> {
        self.send(News::Building)?;
        let changed = self.unbuilt.iter().map(|file| &**file);
        let rustc = self.guest.as_ref().filter(|_| !is_forced);
        let mut build = match rustc.and_then(|guest| guest.start_rustc(changed)) {
            Some(build) => build,
            None => self.start_build()?,
        };
        self.await_end(&build);
        // While the build runs, since reading takes time if there are many files.
        self.watch.learn();
        self.tell_coverage()?;
        loop {
            match build.poll() {
                Some(Ok(built)) => {
                    self.first_build = false;
                    return Ok(built);
                }
                Some(Err(_)) if build.is_without_cargo() => {
                    build = self.start_build()?;
                    self.await_end(&build);
                }
                Some(Err(error)) => {
                    self.settled = None;
                    if let Some(guest) = &self.guest {
                        let more = guest.inputs_of_failure(build.messages());
                        // The compiler may have read a file before it was corrected.
                        self.is_due |= self.watch.settle_more(&more);
                    }
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

    /// Starts cargo, or the command of the user.
    fn start_build(&self) -> Result<Build, Stop> {
        let started = match (&self.source, &self.guest) {
            (Source::Command { file, command }, _) => {
                start_command(command, &self.named_in.path(file), self.first_build)
            }
            (_, Some(guest)) => guest.start(self.shown()),
            (_, None) => return Err(Stop::Failed),
        };
        started.or_else(|error| {
            let took = Duration::ZERO;
            self.send(News::BuildFailed { took, error })?;
            Err(Stop::Failed)
        })
    }

    fn shown(&self) -> Shown {
        let is_source = |file: &PathBuf| file.extension().is_some_and(|end| end == "rs");
        match self.first_build {
            true => Shown::Directly,
            // No dependency is compiled.
            false if self.unbuilt.iter().all(is_source) => Shown::WithCommands,
            false => Shown::Messages,
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
            _ => files::read(file, MAX_FILE)
                .ok()
                .map(|bytes| CodeHash::of(&bytes)),
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
        let deadline = limit.map(|limit| Instant::now() + limit);
        loop {
            match self.next_event(deadline)? {
                Woken::Touched => {
                    let Some((effect, at)) = self.watch.judge() else {
                        continue;
                    };
                    let effect = match (&self.source, &self.guest) {
                        // Whatever has changed may make the crate readable.
                        (Source::Folder(_), None) => Effect::Build,
                        _ => effect,
                    };
                    if self.is_change(effect) {
                        return Ok(Some(at));
                    }
                }
                Woken::IsAtRest => {
                    let effect = self.watch.check();
                    if self.is_change(effect) {
                        return Ok(Some(SystemTime::now()));
                    }
                }
                Woken::TimeIsUp => return Ok(None),
                Woken::By(Message::Rebuild) => {
                    self.is_quiet = false;
                    return Ok(Some(SystemTime::now()));
                }
                Woken::By(Message::StopBuild) if self.is_building => return Err(Stop::Failed),
                Woken::By(Message::Failed) => self.ready = None,
                Woken::By(Message::GoBack(wanted)) => self.go_back(*wanted)?,
                Woken::By(Message::Allow(capability, tell)) => match self.allow(capability, tell) {
                    Err(Stop::Changed(at)) => return Ok(Some(at)),
                    allowed => allowed?,
                },
                Woken::By(Message::BuildEnded(number)) if Some(number) == build => return Ok(None),
                // The end of a build that was stopped, or whose result was seen before its message; or the
                // build ended before the request to stop it.
                Woken::By(Message::BuildEnded(_) | Message::StopBuild | Message::Touched) => {}
                Woken::By(Message::Stop) => return Err(Stop::Dropped),
            }
        }
    }

    /// Waits for the next event. Messages come before changes on disk, since there is no end of those while
    /// another program writes.
    fn next_event(&mut self, deadline: Option<Instant>) -> Result<Woken, Stop> {
        loop {
            match self.channels.messages.try_recv() {
                Ok(Message::Touched) => {
                    self.is_touched = true;
                    continue;
                }
                Ok(message) => return Ok(Woken::By(message)),
                Err(TryRecvError::Disconnected) => return Err(Stop::Dropped),
                Err(TryRecvError::Empty) => {}
            }
            if self.watch.note_waiting(self.is_touched) {
                self.tell_coverage()?;
            }
            let now = Instant::now();
            let touched = self.is_touched.then(|| self.watch.rests_until());
            if touched.is_some_and(|at| at <= now) {
                self.is_touched = false;
                return Ok(Woken::Touched);
            }
            let check = self.watch.next_check();
            if check.is_some_and(|at| at <= now) {
                return Ok(Woken::IsAtRest);
            }
            if deadline.is_some_and(|at| at <= now) {
                return Ok(Woken::TimeIsUp);
            }
            let next = [touched, check, deadline].into_iter().flatten().min();
            let received = match next {
                Some(next) => self.channels.messages.recv_timeout(next - now),
                None => {
                    let received = self.channels.messages.recv();
                    received.map_err(RecvTimeoutError::from)
                }
            };
            match received {
                Ok(Message::Touched) => self.is_touched = true,
                Ok(message) => return Ok(Woken::By(message)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::Dropped),
            }
        }
    }

    /// True if a change starts a build, or starts the running one again.
    fn is_change(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::None => false,
            Effect::Finish(path) if self.is_building => {
                if !std::mem::replace(&mut self.told_restarts, true) {
                    let path = path_from_here(&path);
                    let path = path.display();
                    self.notice(format!(
                        "the build was started again three times, as {path} changes while it runs; now it is allowed to finish"
                    ));
                }
                false
            }
            Effect::Build | Effect::Finish(_) => {
                self.is_quiet = false;
                true
            }
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
