//! The inputs of the source while the worker runs: what they are, how they are watched, and what has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

use crate::build::backlog::{Backlog, Batch};
use crate::build::changes::{Changes, Effect, Unsettled};
use crate::build::coverage::Coverage;
use crate::build::filter::Touched;
use crate::build::inputs::Inputs;
use crate::build::message::Message;
use crate::build::watch::Watcher;

/// The watched inputs of a source.
pub(super) struct SourceWatch {
    watcher: Watcher,
    backlog: Arc<Backlog>,
    /// Time before which the backlog is not judged again. While files change all the time, the worker is not
    /// busy all the time.
    rests_until: Instant,
    /// A path that waits to be judged, if there are so many that this takes a while.
    waiting: Option<PathBuf>,
    /// Paths that the user named, and what the host writes.
    named: Inputs,
    inputs: Inputs,
    changes: Changes,
    coverage: Coverage,
    /// The input that was found to change during every build, until the next one begins.
    unsettled: Option<PathBuf>,
    /// Changed files that cargo passes over, with the reason.
    ignored: BTreeMap<PathBuf, String>,
    /// The beginning of the name of an input that cargo cannot name.
    broken_name: Option<PathBuf>,
    /// True for a finished guest, which is compared by its hash and not by the contents of inputs.
    is_file: bool,
}

impl SourceWatch {
    /// Makes a watch of no inputs, which puts its changes into the backlog and sends a message when the first
    /// of them comes.
    pub(super) fn new(
        poll: Option<Duration>,
        debounce: Duration,
        named: Inputs,
        backlog: Arc<Backlog>,
        wake: Sender<Message>,
    ) -> Self {
        let reported = Arc::clone(&backlog);
        let tell = move |touched: Touched<'_>| {
            if reported.add(touched) {
                // An error means that the pipeline is gone, and the watcher soon will be too.
                drop(wake.send(Message::Touched));
            }
        };
        Self {
            watcher: Watcher::new(poll, tell),
            backlog,
            rests_until: Instant::now(),
            waiting: None,
            named,
            inputs: Inputs::default(),
            changes: Changes::new(debounce),
            coverage: Coverage::default(),
            unsettled: None,
            ignored: BTreeMap::new(),
            broken_name: None,
            is_file: false,
        }
    }

    /// Watches a finished guest.
    pub(super) fn watch_file(&mut self, file: &Path) {
        self.is_file = true;
        self.watch(Inputs::of_file(file));
    }

    /// Watches these inputs and those that the user named, instead of the inputs before.
    pub(super) fn watch(&mut self, mut inputs: Inputs) {
        inputs.extend(&self.named);
        for file in inputs.files() {
            if !self.inputs.has_file(file) {
                tracing::debug!("input {}", file.display());
            }
        }
        self.inputs = inputs;
        self.rewatch();
    }

    /// Watches these inputs as well.
    pub(super) fn watch_also(&mut self, more: &Inputs) {
        self.inputs.extend(more);
        self.inputs.extend(&self.named);
        self.rewatch();
    }

    /// Watches these inputs of a failed build as well. Returns true if one of them was written while the build
    /// ran.
    pub(super) fn settle_more(&mut self, more: &Inputs) -> bool {
        self.watch_also(more);
        self.changes.learn_or_add(&self.inputs)
    }

    /// Watches what lies behind the names of the inputs now.
    fn rewatch(&mut self) {
        let began = Instant::now();
        let (coverage, fresh) = self.watcher.watch(&self.inputs);
        self.coverage = coverage;
        tracing::debug!(
            "watching {} files, with {} folders that were not watched before, took {:?}",
            self.inputs.files().count(),
            fresh.len(),
            began.elapsed()
        );
    }

    /// Returns the time at which the backlog may be judged.
    pub(super) fn rests_until(&self) -> Instant {
        self.rests_until
    }

    /// Judges the changes on disk that were reported since the last call. Folders and links that have changed
    /// are watched anew. Returns the newest of the times, or `None` if nothing was reported.
    pub(super) fn judge(&mut self) -> Option<(Effect, SystemTime)> {
        /// Share of the time that is spent on judging when changes never end.
        const SHARE: u32 = 4;
        let began = Instant::now();
        let judged = match self.backlog.take()? {
            Batch::Paths(paths) => self.judge_paths(&paths),
            Batch::Anything => (self.judge_all(), SystemTime::now()),
        };
        self.rests_until = Instant::now() + began.elapsed() * SHARE;
        Some(judged)
    }

    fn judge_paths(&mut self, paths: &BTreeMap<PathBuf, SystemTime>) -> (Effect, SystemTime) {
        // Watched first, so that what changes from now on is reported.
        if paths
            .keys()
            .any(|path| self.watcher.is_to_be_watched_anew(path))
        {
            self.rewatch();
        }
        let newest = paths.values().max().copied();
        let newest = newest.unwrap_or_else(SystemTime::now);
        if self.is_file {
            return (Effect::Build, newest);
        }
        let mut effect = Effect::None;
        for (path, at) in paths {
            if self.backlog.is_closed() {
                break;
            }
            let leads = self.watcher.leads_to_input(path);
            let next = self.changes.judge(&self.inputs, path, *at, leads);
            effect = effect.and(next);
        }
        (effect, newest)
    }

    /// Judges changes that were not reported one by one.
    fn judge_all(&mut self) -> Effect {
        self.rewatch();
        if self.is_file {
            return Effect::Build;
        }
        let named = self.inputs.files().map(|file| (file.to_owned(), true));
        let found = self.inputs.in_folders().into_iter();
        let mut files = BTreeMap::new();
        for (file, is_named) in named.chain(found.map(|file| (file, false))) {
            // Contents are known by paths without links.
            let file = std::fs::canonicalize(&file).unwrap_or(file);
            *files.entry(file).or_default() |= is_named;
        }
        let (watcher, backlog) = (&self.watcher, &self.backlog);
        let concerns = |path: &Path| watcher.concerns(path);
        let is_over = || backlog.is_closed();
        self.changes
            .compare(&self.inputs, files, &concerns, &is_over)
    }

    /// Notes whether so many changes wait that the newest source is not known. Returns true if that is new.
    pub(super) fn note_waiting(&mut self, is_waiting: bool) -> bool {
        let waiting = is_waiting.then(|| self.backlog.long()).flatten();
        let is_new = waiting.is_some() != self.waiting.is_some();
        if is_new {
            self.waiting = waiting;
        }
        is_new
    }

    /// Returns the time at which [`SourceWatch::check`] is to be called.
    pub(super) fn next_check(&self) -> Option<Instant> {
        self.changes.next_check()
    }

    /// Judges the inputs that have come to rest.
    pub(super) fn check(&mut self) -> Effect {
        self.changes.check(Instant::now())
    }

    /// Notes that a build begins.
    pub(super) fn begin(&mut self) {
        self.unsettled = None;
        self.changes.begin();
    }

    /// Lets an optimised build of the same inputs follow: until its end, only another content counts.
    pub(super) fn continue_build(&mut self) {
        self.changes.continue_build();
    }

    /// Notes the end of the optimised build. Returns true if an input has changed during it.
    pub(super) fn end_continued(&mut self) -> bool {
        let _ = self.judge();
        self.changes.end_continued()
    }

    /// Returns the inputs that have changed since the newest build began, and changed files that cargo has
    /// passed over.
    pub(super) fn touched(&self) -> impl Iterator<Item = &Path> {
        let ignored = self.ignored.keys().map(|path| &**path);
        self.changes.touched().chain(ignored)
    }

    /// Sets the changed files that cargo passes over, with the reason.
    pub(super) fn ignore(&mut self, ignored: BTreeMap<PathBuf, String>) {
        self.ignored = ignored;
    }

    /// Reads the inputs whose contents are not known, while the build runs.
    pub(super) fn learn(&mut self) {
        // What was written since the build began is unknown, and so counts as changed.
        let _ = self.changes.learn(&self.inputs);
    }

    /// Notes the end of a build. Returns true if another has to follow, since an input has changed during
    /// it.
    pub(super) fn end(&mut self) -> bool {
        // Changes that were reported before the end came during the build.
        let _ = self.judge();
        match self.changes.end() {
            Some(Unsettled::Rebuild) => true,
            Some(Unsettled::Always(path)) => {
                self.unsettled = Some(path);
                false
            }
            None => false,
        }
    }

    /// Takes over the inputs of a build that has succeeded. Returns true if one of them was written while the
    /// build ran, so that the build may have read it before.
    /// `broken_name` is the beginning of the name of another input that the build cannot name.
    pub(super) fn settle(&mut self, inputs: Inputs, broken_name: Option<PathBuf>) -> bool {
        self.broken_name = broken_name;
        self.watch(inputs);
        self.changes.learn_or_add(&self.inputs)
    }

    /// Returns the input that was found to change during every build, until the next one begins.
    pub(super) fn unsettled(&self) -> Option<&Path> {
        self.unsettled.as_deref()
    }

    /// Returns how the inputs are watched.
    pub(super) fn coverage(&self) -> Coverage {
        let folders = self.named.folders().map(|(folder, _)| folder);
        let mut named = self.named.files().chain(folders);
        let problem = if let Some(path) = self.changes.made() {
            Some((path, "it changes during every build"))
        } else if let Some((path, reason)) = self.ignored.first_key_value() {
            Some((&**path, &**reason))
        } else if let Some(path) = &self.broken_name {
            Some((&**path, BROKEN_NAME))
        } else if let Some(path) = &self.waiting {
            Some((&**path, WAITING))
        } else {
            let missing = named.find(|path| !path.exists());
            missing.map(|path| (path, "there is no such file or folder any more"))
        };
        match problem {
            Some((path, reason)) => Coverage::Partial {
                path: path.to_owned(),
                reason: reason.to_owned(),
            },
            None => self.coverage.clone(),
        }
    }

    /// True if a notice has given the reason why changes are not seen, or if it is over in a moment.
    pub(super) fn is_explained(&self) -> bool {
        let is_explained_below = self.ignored.is_empty() && self.broken_name.is_none();
        self.changes.made().is_some() || is_explained_below && self.waiting.is_some()
    }
}

/// The reason why changes of a file are not seen that has a line break in its name.
const BROKEN_NAME: &str =
    "the build has read a file whose name has a line break behind this, which cargo cannot list";

/// The reason why changes are not seen while the worker is busy.
const WAITING: &str = "so many files change that they are still being compared";
