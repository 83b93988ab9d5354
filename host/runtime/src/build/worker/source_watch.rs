//! The inputs of the source while the worker runs: what they are, how they are watched, and what has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

use crate::build::changes::{Changes, Effect, Unsettled};
use crate::build::coverage::Coverage;
use crate::build::filter::Touched;
use crate::build::inputs::Inputs;
use crate::build::message::Message;
use crate::build::watch::Watcher;

/// The watched inputs of a source.
pub(super) struct SourceWatch {
    watcher: Watcher,
    /// Paths that the user named, and what the host writes.
    named: Inputs,
    inputs: Inputs,
    changes: Changes,
    coverage: Coverage,
    /// The input that changes during every build.
    unsettled: Option<PathBuf>,
    /// Changed files that cargo passes over, with the reason.
    ignored: BTreeMap<PathBuf, String>,
    /// The beginning of the name of an input that cargo cannot name.
    broken_name: Option<PathBuf>,
    /// True for a finished guest, which is compared by its hash and not by the contents of inputs.
    is_file: bool,
}

impl SourceWatch {
    /// Makes a watch of no inputs, which sends its changes as messages.
    pub(super) fn new(poll: Option<Duration>, named: Inputs, wake: Sender<Message>) -> Self {
        let tell = move |touched: Touched<'_>| {
            let message = match touched {
                Touched::Path(path, at) => Message::Touched(path.to_owned(), at),
                Touched::Anything => Message::TouchedAnything,
            };
            // An error means that the pipeline is gone, and the watcher soon will be too.
            drop(wake.send(message));
        };
        Self {
            watcher: Watcher::new(poll, tell),
            named,
            inputs: Inputs::default(),
            changes: Changes::default(),
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
        self.learn_or_add()
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

    /// Judges a change on disk. A folder or a link that has changed is watched anew.
    pub(super) fn judge(&mut self, path: &Path, at: SystemTime) -> Effect {
        // Watched first, so that what changes from now on is reported.
        if !path.is_file() || path.is_symlink() {
            self.rewatch();
        }
        match self.is_file {
            true => Effect::Build,
            false => {
                let leads = self.watcher.leads_to_input(path);
                self.changes.judge(&self.inputs, path, at, leads)
            }
        }
    }

    /// Judges changes that were not reported one by one.
    pub(super) fn judge_all(&mut self) -> Effect {
        self.rewatch();
        if self.is_file {
            return Effect::Build;
        }
        let mut files = self.inputs.in_folders();
        files.extend(self.inputs.files().map(Path::to_owned));
        match self.changes.compare(files) {
            true => Effect::Build,
            false => Effect::None,
        }
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
        match self.changes.end() {
            Some(Unsettled::Rebuild) => true,
            Some(Unsettled::Always(path)) => {
                self.unsettled = Some(path);
                // Other inputs that have changed meanwhile are built.
                self.changes.touched().next().is_some()
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
        self.learn_or_add()
    }

    /// Reads the inputs whose contents are not known. Returns true if one was written since the build began;
    /// it then counts as changed.
    fn learn_or_add(&mut self) -> bool {
        let unknown = self.changes.learn(&self.inputs);
        let any = !unknown.is_empty();
        self.changes.add(unknown);
        any
    }

    /// Returns the input that changes during every build, if there is one.
    pub(super) fn unsettled(&self) -> Option<&Path> {
        self.unsettled.as_deref()
    }

    /// Returns how the inputs are watched.
    pub(super) fn coverage(&self) -> Coverage {
        let folders = self.named.folders().map(|(folder, _)| folder);
        let mut named = self.named.files().chain(folders);
        let problem = if let Some(path) = &self.unsettled {
            Some((&**path, "it changes during every build"))
        } else if let Some((path, reason)) = self.ignored.first_key_value() {
            Some((&**path, &**reason))
        } else if let Some(path) = &self.broken_name {
            Some((&**path, BROKEN_NAME))
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
}

/// The reason why changes of a file are not seen that has a line break in its name.
const BROKEN_NAME: &str =
    "the build has read a file whose name has a line break behind this, which cargo cannot list";
