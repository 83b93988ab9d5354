//! The versions of the guest in a session: news of candidates, the first version, swaps, failures. This
//! module knows no window, no files and no builds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use vblank_render::sound::commands::Command;
use vblank_runtime::build::News;
use vblank_runtime::error::{SwapError, Trap};
use vblank_runtime::guest::{CodeHash, SourceLocation};
use vblank_runtime::history::{Arrival, VersionOutcome};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::{Candidate, FailureOutcome, Stages, Swap};

use super::{FirstFrame, ScriptedSwap, Session};
use crate::game::{Game, GameCalls, GuestRequests, Setup};
use crate::report::{BuildResult, ReportEvent, RollbackReason, StageTimes, StartState};

/// A swap that was made.
pub(super) struct CompletedSwap {
    /// The code that ran.
    pub(super) from: CodeHash,
    /// The code that runs.
    pub(super) to: CodeHash,
    pub(super) swap: Swap,
}

impl Session {
    /// Handles news of the pipeline.
    pub(super) fn hear(&mut self, news: News) {
        self.source.note(&news);
        match news {
            News::Notice(message) => self.notice(message),
            // These news change only the state of the source.
            News::Changed
            | News::Building
            | News::Watching(_)
            | News::Unchanged(_)
            | News::Preparing(_)
            | News::Optimising
            | News::NotOptimised => {}
            News::Built { took, warnings } => {
                let result = Ok(warnings);
                let waits = false;
                self.report(ReportEvent::Build(BuildResult {
                    took,
                    result,
                    waits,
                }));
            }
            News::BuildFailed { took, error } => {
                let result = Err(error);
                let waits = self.slot.game.is_some() || self.options.mendable;
                self.report(ReportEvent::Build(BuildResult {
                    took,
                    result,
                    waits,
                }));
                self.not_started();
            }
            News::SameCode(hash) => self.report_same(hash),
            News::Refused { file, to, refused } => {
                self.refuse(Some(file), to, &refused);
                self.not_started();
            }
            News::Ready(candidate) => {
                let hash = candidate.version.hash();
                let running = self.slot.game.as_ref();
                if running.is_some_and(|game| game.hash() == hash && !game.is_broken()) {
                    // An edit that failed was undone, so the source is what runs.
                    self.slot.candidate = None;
                    self.report_same(hash);
                } else {
                    // Only the newest of several candidates is kept.
                    self.slot.candidate = Some(candidate);
                }
            }
            News::Back(back) => self.rollback_prepared(back),
        }
    }

    /// Reports that the newest source is code that was read before.
    fn report_same(&mut self, hash: CodeHash) {
        let runs = self.slot.hash() == Some(hash);
        self.report(ReportEvent::SameCode { hash, runs });
    }

    /// Ends the session if it has no first version and nobody is there to repair it.
    pub(super) fn not_started(&mut self) {
        if self.slot.game.is_none() && !self.options.mendable {
            self.exit = Some(1);
        }
    }

    /// Returns true if the session has no first version and waits for somebody to repair the guest.
    fn waits_without_version(&self) -> bool {
        self.slot.game.is_none() && self.options.mendable
    }

    pub(super) fn scripted_swap(&mut self) {
        let frame = self.slot.game.as_ref().map(Game::frame);
        match frame.and_then(|frame| self.parts.script.remove(&frame)) {
            Some(ScriptedSwap::Ready(candidate)) => self.let_in(*candidate),
            Some(ScriptedSwap::Refused { file, to, refused }) => {
                self.refuse(Some(file), to, &refused);
            }
            None => {}
        }
    }

    /// Lets a candidate in: as the first version, or by a swap.
    pub(super) fn let_in(&mut self, candidate: Candidate) {
        let to = candidate.version.hash();
        let done = match self.slot.game.take() {
            None => self.start(candidate),
            Some(game) => self.swap(game, candidate),
        };
        if let Err(refused) = done {
            self.refuse(None, Some(to), &refused);
            self.not_started();
        }
    }

    fn start(&mut self, candidate: Candidate) -> Result<(), SwapError> {
        let (stages, ready) = (candidate.stages, candidate.ready);
        let (setup, options) = (self.setup(), self.parts.supervisor.clone());
        let mut state = None;
        let game = match &self.options.state_in {
            None => Game::fresh(candidate, options, |guest| guest.init(setup))?,
            Some(image) => {
                let strict = self.options.strict;
                let (game, swap) = Game::from_image(candidate, options, image, strict)?;
                state = Some(StartState::new(&swap));
                game
            }
        };
        // The image is not needed again, and it may be large.
        self.options.state_in = None;
        let hash = game.hash();
        self.slot.began_at = game.frame();
        self.slot.began = Instant::now();
        self.slot.game = Some(game);
        self.expect_state();
        self.fetch_requests();
        self.timeline.restart(self.parts.clock.now());
        self.await_first_frame(&stages, ready);
        self.note_arrival(None);
        self.report(ReportEvent::Start {
            hash,
            renderer: self.parts.renderer.kind(),
            cached: stages.cached,
            stages: StageTimes::from(&stages),
            state,
        });
        Ok(())
    }

    /// The arguments of a fresh game.
    pub(super) fn setup(&self) -> Setup {
        Setup {
            seed: self.options.seed,
            size: self.step.size,
            hz: self.options.hz as f32,
        }
    }

    fn swap(&mut self, game: Game, candidate: Candidate) -> Result<(), SwapError> {
        let stages = candidate.stages;
        let done = self.complete_swap(game, candidate, None, VersionOutcome::Replaced)?;
        let CompletedSwap { from, to, swap } = done;
        self.slot.swaps += 1;
        let which = (self.slot.swaps, self.options.name());
        self.report(ReportEvent::swap(which, (from, to), &swap, &stages));
        Ok(())
    }

    /// Swaps, and does everything that follows except reporting. The new version continues with
    /// `state`, or with the present state if that is `None`. `outcome` is that of the old version.
    pub(super) fn complete_swap(
        &mut self,
        mut game: Game,
        candidate: Candidate,
        state: Option<&Image>,
        outcome: VersionOutcome,
    ) -> Result<CompletedSwap, SwapError> {
        let (stages, ready) = (candidate.stages, candidate.ready);
        let from = game.hash();
        let was_broken = game.is_broken();
        let strict = self.options.strict;
        let engine = &self.parts.engine;
        let done = match state {
            None => game.swap(engine, candidate, strict),
            Some(state) => game.swap_with(engine, candidate, state, strict),
        };
        let to = game.hash();
        let has_broken = game.is_broken() && !was_broken;
        self.slot.game = Some(game);
        if let (true, Err(refused)) = (has_broken, &done) {
            self.broken(
                format!("the state was moved to a version that failed ({refused}), and could not be restored"),
                refused.trap(),
            );
        }
        let swap = done?;
        if was_broken {
            self.timeline.restart(self.parts.clock.now());
        }
        self.timings.pause.record(swap.pause);
        self.expect_state();
        self.fetch_requests();
        self.await_first_frame(&stages, ready);
        self.slot.history.leaves(outcome, None);
        self.note_arrival(Some(&swap));
        Ok(CompletedSwap { from, to, swap })
    }

    /// Records in the history that the running version has just taken over.
    fn note_arrival(&mut self, swap: Option<&Swap>) {
        self.slot.came_in = Instant::now();
        self.slot.left_source = None;
        if swap.is_some() {
            self.timings.recent.mark();
        }
        let Some(game) = &self.slot.game else { return };
        self.slot.history.arrived(Arrival {
            schema: game.schema_hash(),
            frame: game.frame(),
            swap: swap.map(|swap| (swap.outcome(), swap.mode, swap.pause)),
            hash: game.hash(),
            binary: Arc::clone(game.program().binary()),
        });
    }

    /// Recovers from a failure of the running version, and reports the outcome.
    pub(super) fn failed(&mut self, trap: Trap, in_update: bool) {
        let Some(game) = &mut self.slot.game else {
            return;
        };
        let step = in_update.then_some(&self.step);
        let outcome = game.fail(&self.parts.engine, trap.clone(), step);
        let to = game.hash();
        if let Some(pipeline) = &self.parts.pipeline {
            pipeline.has_failed();
        }
        self.first_frame = None;
        if self.slot.history.current() != Some(&*to.to_string()) {
            self.slot.came_in = Instant::now();
            self.slot.history.fell_back(trap.with_place());
        }
        match outcome {
            FailureOutcome::RolledBack { from } => {
                let event = ReportEvent::Rollback {
                    from,
                    to,
                    reason: RollbackReason::Failed(trap.clone()),
                    location: SourceLocation::default(),
                    requested: None,
                };
                self.report_located(event, Some(&trap));
            }
            FailureOutcome::Broken(trap) => self.broken(trap.to_string(), Some(&trap)),
        }
    }

    /// Reports a break. The session ends if nobody is there to repair it.
    fn broken(&mut self, message: String, trap: Option<&Trap>) {
        let reason = trap.map_or(message.clone(), Trap::with_place);
        self.slot
            .history
            .leaves(VersionOutcome::Broke, Some(reason));
        let event = ReportEvent::Break {
            message,
            location: SourceLocation::default(),
            waits: self.options.mendable,
        };
        self.report_located(event, trap);
        if !self.options.mendable {
            self.exit = Some(1);
        }
    }

    /// Reports a refusal.
    pub(super) fn refuse(
        &mut self,
        guest: Option<PathBuf>,
        to: Option<CodeHash>,
        refused: &SwapError,
    ) {
        if to.is_some() && to == self.slot.left_source {
            self.slot.left_source = None;
        }
        let trap = refused.trap();
        let event = ReportEvent::Refused {
            guest,
            to,
            reason: refused.reason(),
            message: trap.map_or_else(|| refused.to_string(), ToString::to_string),
            location: SourceLocation::default(),
            waits: self.waits_without_version(),
        };
        self.report_located(event, trap);
    }

    /// Fetches the guest's requests to the window and the speaker, and carries them out.
    pub(super) fn fetch_requests(&mut self) {
        let Some(game) = &mut self.slot.game else {
            return;
        };
        let requests = game.instance().take_requests();
        self.apply_requests(requests);
    }

    pub(super) fn apply_requests(&mut self, requests: GuestRequests) {
        if let Some(title) = requests.title {
            self.title = title;
        }
        if let Some(fixed) = requests.picture {
            self.parts.renderer.fix_size(Some(fixed));
            self.step.size = self.parts.renderer.size();
        }
        if let Some(speaker) = &self.parts.speaker {
            speaker.play(requests.sounds);
        }
    }

    /// Holds sounds while the game stands still, and resumes them afterwards.
    pub(super) fn hold_sounds(&mut self) {
        let is_paused = self.timeline.pace().is_paused();
        let stands = is_paused || self.slot.game.as_ref().is_some_and(Game::is_broken);
        if std::mem::replace(&mut self.sounds_held, stands) != stands
            && let Some(speaker) = &self.parts.speaker
        {
            speaker.play(vec![Command::Hold(stands)]);
        }
    }

    /// Tells the pipeline which state the next candidate will be given.
    pub(super) fn expect_state(&self) {
        if let (Some(pipeline), Some(game)) = (&self.parts.pipeline, &self.slot.game) {
            pipeline.expect_state(game.expected_state());
        }
    }

    fn await_first_frame(&mut self, stages: &Stages, ready: Instant) {
        self.first_frame = self.slot.game.as_ref().map(|game| FirstFrame {
            hash: game.hash(),
            ready,
            before: stages.watch + stages.build + stages.prepare(),
        });
    }
}
