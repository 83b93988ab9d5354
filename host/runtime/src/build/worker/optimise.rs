//! The second build: while nothing changes, the running source is built once more with optimisations and at
//! lower priority, and handed on as any other candidate. A change ends it.

use std::time::SystemTime;

use super::{Stop, Worker};
use crate::build::news::News;
use crate::build::package::Shown;
use crate::guest::{Code, CodeHash};
use crate::supervisor::Stages;

/// The hashes of one source in its two builds.
#[derive(Clone, Copy)]
pub(super) struct OptimisedBuild {
    from: CodeHash,
    to: CodeHash,
}

impl OptimisedBuild {
    /// Returns the newest code of the source whose first build was `code`.
    pub(super) fn newest(this: Option<Self>, code: CodeHash) -> CodeHash {
        this.filter(|this| this.from == code)
            .map_or(code, |this| this.to)
    }
}

impl Worker {
    /// Waits for the next change. If there is none for a while, makes the optimised version.
    pub(super) fn rest(&mut self) -> Result<Option<SystemTime>, Stop> {
        if let Some(after) = self.options.optimise
            && let Some(from) = self.ready
            && self.optimised.is_none_or(|done| done.from != from)
        {
            if let Some(at) = self.wait(Some(after))? {
                return Ok(Some(at));
            }
            if self.ready != Some(from) {
                return self.wait(None);
            }
            let optimised = self.optimise(from);
            if std::mem::take(&mut self.is_due) && !matches!(optimised, Err(Stop::Dropped)) {
                return Ok(None);
            }
            match optimised {
                Ok(()) => {}
                Err(Stop::Failed) => self.send(News::NotOptimised)?,
                Err(Stop::Changed(at)) => return Ok(Some(at)),
                Err(dropped @ Stop::Dropped) => return Err(dropped),
            }
        }
        self.wait(None)
    }

    fn optimise(&mut self, from: CodeHash) -> Result<(), Stop> {
        self.watch.continue_build();
        let optimised = self.build_optimised(from);
        // A change ends the attempt, but it may be noticed only at its end.
        self.is_due |= self.watch.end_continued();
        optimised
    }

    fn build_optimised(&mut self, from: CodeHash) -> Result<(), Stop> {
        let Some(guest) = &self.guest else {
            return Ok(());
        };
        // Each source is tried only once, whatever the result.
        self.optimised = Some(OptimisedBuild { from, to: from });
        let started = guest.optimised().start(Shown::Messages);
        let mut build = started.map_err(|error| self.not_optimised(&error))?;
        self.await_end(&build);
        self.send(News::Optimising)?;
        let built = loop {
            if let Some(done) = build.poll() {
                break done.map_err(|error| self.not_optimised(&error))?;
            }
            if let Some(at) = self.wait_for_build()? {
                // The attempt was interrupted, so it may be repeated.
                self.optimised = None;
                return Err(Stop::Changed(at));
            }
        };
        if self.ready != Some(from) {
            return Err(Stop::Failed);
        }
        let code = Code::read(&built.wasm).map_err(|error| self.not_optimised(&error))?;
        let to = code.hash;
        self.optimised = Some(OptimisedBuild { from, to });
        let stages = Stages {
            build: built.took,
            ..Stages::default()
        };
        self.hand_on(built.wasm, code, stages)?;
        // The next round compares with the first build of the source.
        self.ready = Some(from);
        Ok(())
    }

    /// Reports the error. The running version stays as it is.
    fn not_optimised(&self, error: &dyn std::error::Error) -> Stop {
        self.notice(format!("--optimise: {error}"));
        Stop::Failed
    }
}
