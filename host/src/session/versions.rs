//! What happens to the guest's code: news of candidates, the first version, swaps, failures.

use std::sync::Arc;
use std::time::Instant;

use vblank_render::sound::commands::Command;
use vblank_runtime::build::News;
use vblank_runtime::error::{SwapError, Trap};
use vblank_runtime::guest::CodeHash;
use vblank_runtime::guest::SourceLocation;
use vblank_runtime::history::{Arrival, VersionOutcome};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::{FailureOutcome, Candidate, Supervisor, Stages, Swap};

use crate::game::GuestRequests;
use crate::game::Setup;
use crate::report::{StageTimes, What, words};
use super::{FirstFrame, ScriptedSwap, Session, millis};

/// A swap that was made.
pub(super) struct Exchange {
    /// Code that ran.
    pub(super) from: String,
    /// Code that runs.
    pub(super) to: String,
    pub(super) swap: Swap,
}

impl Session {
    pub(super) fn hear(&mut self, news: News) {
        self.told.hear(&news);
        match news {
            News::Notice(message) => self.tell(What::Notice { message }),
            // Known from what was told.
            News::Changed
            | News::Building
            | News::Preparing(_)
            | News::Optimising
            | News::NotOptimised => {}
            News::Built { took, warnings } => self.tell(What::Build {
                ok: true,
                ms: millis(took),
                message: warnings,
            }),
            News::BuildFailed { took, error } => {
                self.tell(What::Build {
                    ok: false,
                    ms: millis(took),
                    message: error.to_string(),
                });
                self.not_started();
            }
            News::SameCode(hash) => self.tell_same(hash),
            News::Refused { file, to, refused } => {
                self.newest = to.or(self.newest);
                let hash = to.map(|hash| hash.to_string());
                self.refuse(Some(file.display().to_string()), hash, &refused);
                self.not_started();
            }
            News::Ready(candidate) => {
                let hash = candidate.version.hash();
                self.newest = Some(hash);
                let running = self.game.as_ref();
                if running.is_some_and(|game| game.hash() == hash && !game.is_broken()) {
                    // What failed was taken back: the source is what runs, and nothing is to be replaced.
                    self.candidate = None;
                    self.tell_same(hash);
                } else {
                    // Of several that wait, the newest counts.
                    self.candidate = Some(candidate);
                }
            }
            News::Back(back) => self.wish_can_be_granted(back),
        }
    }

    /// The newest source is code that was seen before.
    fn tell_same(&mut self, hash: CodeHash) {
        let running = self.game.as_ref().map(Supervisor::hash);
        self.tell(What::SameCode {
            hash: hash.to_string(),
            runs: running == Some(hash),
        });
    }

    /// A first version could not be had. With nobody to mend it, that is the end.
    pub(super) fn not_started(&mut self) {
        if self.game.is_none() && !self.options.mendable {
            self.exit = Some(1);
        }
    }

    pub(super) fn scripted_swap(&mut self) {
        let frame = self.game.as_ref().map(Supervisor::frame);
        match frame.and_then(|frame| self.parts.script.remove(&frame)) {
            Some(ScriptedSwap::Ready(candidate)) => self.let_in(*candidate),
            Some(ScriptedSwap::Refused { file, to, refused }) => {
                let hash = to.map(|hash| hash.to_string());
                self.refuse(Some(file.display().to_string()), hash, &refused);
            }
            None => {}
        }
    }

    pub(super) fn let_in(&mut self, candidate: Candidate) {
        let to = candidate.version.hash().to_string();
        let done = match self.game.take() {
            None => self.start(candidate),
            Some(game) => self.swap(game, candidate),
        };
        if let Err(refused) = done {
            self.refuse(None, Some(to), &refused);
            self.not_started();
        }
    }

    pub(super) fn start(&mut self, candidate: Candidate) -> Result<(), SwapError> {
        let (stages, ready) = (candidate.stages, candidate.ready);
        let setup = Setup {
            seed: self.options.seed,
            size: self.step.size,
            hz: self.options.hz as f32,
        };
        let game = match &self.options.state_in {
            None => Supervisor::fresh(candidate, setup)?,
            Some(path) => {
                let image = Image::read(path).map_err(|error| SwapError::Image(error.to_string()))?;
                Supervisor::from_image(candidate, &image, self.options.strict)?
            }
        };
        let hash = game.hash().to_string();
        self.began_at = game.frame();
        self.began = Instant::now();
        self.game = Some(game);
        self.tell_state_size();
        self.hear_wishes();
        self.fixed
            .restart(self.pace.game_time(self.parts.clock.now()));
        self.await_first_frame(&stages, ready);
        self.note_arrival(None);
        self.tell(What::Start {
            hash,
            renderer: self.parts.renderer.kind(),
            cached: stages.cached,
            stages: StageTimes::from(&stages),
        });
        Ok(())
    }

    pub(super) fn swap(&mut self, game: Supervisor, candidate: Candidate) -> Result<(), SwapError> {
        let stages = candidate.stages;
        let Exchange { from, to, swap } = self.exchange(game, candidate, None, VersionOutcome::Replaced)?;
        self.swaps += 1;
        let which = (self.swaps, self.options.name());
        self.tell(What::swap(which, (from, to), &swap, &stages));
        Ok(())
    }

    /// A swap and all that follows from it but telling of it. The new version goes on with `state`
    /// where that is given, and with the present state otherwise; `fate` is the old version's.
    pub(super) fn exchange(
        &mut self,
        mut game: Supervisor,
        candidate: Candidate,
        state: Option<&Image>,
        fate: VersionOutcome,
    ) -> Result<Exchange, SwapError> {
        let (stages, ready) = (candidate.stages, candidate.ready);
        let from = game.hash().to_string();
        let was_broken = game.is_broken();
        let strict = self.options.strict;
        let engine = &self.parts.engine;
        let done = match state {
            None => game.swap(engine, candidate, strict),
            Some(state) => game.swap_with(engine, candidate, state, strict),
        };
        let to = game.hash().to_string();
        let has_broken = game.is_broken() && !was_broken;
        self.game = Some(game);
        if let (true, Err(refused)) = (has_broken, &done) {
            self.broken(
                format!("the state was moved to a version that failed ({refused}), and could not be made anew"),
                refused.trap(),
            );
        }
        let swap = done?;
        if was_broken {
            self.fixed
                .restart(self.pace.game_time(self.parts.clock.now()));
        }
        self.timings.pause.record(swap.pause);
        self.tell_state_size();
        self.hear_wishes();
        self.await_first_frame(&stages, ready);
        self.history.leaves(fate, None);
        self.note_arrival(Some(&swap));
        Ok(Exchange { from, to, swap })
    }

    /// For the history: the version that runs has just come in.
    fn note_arrival(&mut self, swap: Option<&Swap>) {
        self.came_in = Instant::now();
        if swap.is_some() {
            self.timings.recent.mark();
        }
        let Some(game) = &self.game else { return };
        self.history.arrived(Arrival {
            schema: game.schema_hash(),
            frame: game.frame(),
            swap: swap.map(|swap| {
                let (verdict, path) = words(swap);
                (verdict, path, swap.pause.as_secs_f64() * 1e6)
            }),
            hash: game.hash(),
            binary: Arc::clone(game.program().binary()),
        });
    }

    pub(super) fn failed(&mut self, trap: Trap, in_update: bool) {
        let Some(game) = &mut self.game else { return };
        let step = in_update.then_some(&self.step);
        let aftermath = game.fail(&self.parts.engine, trap.clone(), step);
        let to = game.hash().to_string();
        if let Some(pipeline) = &self.parts.pipeline {
            pipeline.has_failed();
        }
        self.first_frame = None;
        if self.history.current() != Some(&*to) {
            self.came_in = Instant::now();
            self.history.fell_back(trap.with_place());
        }
        match aftermath {
            FailureOutcome::RolledBack { from } => {
                let what = What::Rollback {
                    from: from.to_string(),
                    to,
                    reason: trap.to_string(),
                    place: SourceLocation::default(),
                    asked: None,
                };
                self.tell_placed(what, Some(&trap));
            }
            FailureOutcome::Broken(trap) => self.broken(trap.to_string(), Some(&trap)),
        }
    }

    /// The game stands still. With nobody to mend it, that is the end.
    fn broken(&mut self, message: String, trap: Option<&Trap>) {
        let reason = trap.map_or(message.clone(), Trap::with_place);
        self.history.leaves(VersionOutcome::Broke, Some(reason));
        let place = SourceLocation::default();
        self.tell_placed(What::Break { message, place }, trap);
        if !self.options.mendable {
            self.exit = Some(1);
        }
    }

    pub(super) fn refuse(&mut self, guest: Option<String>, to: Option<String>, refused: &SwapError) {
        let trap = refused.trap();
        let what = What::Refused {
            guest,
            to,
            reason: refused.reason(),
            message: trap.map_or_else(|| refused.to_string(), ToString::to_string),
            place: SourceLocation::default(),
        };
        self.tell_placed(what, trap);
    }

    /// The game, if there is one and it does not stand still.
    pub(super) fn moving(&mut self) -> Option<&mut Supervisor> {
        self.game.as_mut().filter(|game| !game.is_broken())
    }

    pub(super) fn hear_wishes(&mut self) {
        let Some(game) = &mut self.game else { return };
        let wishes = game.instance().take_requests();
        self.grant_wishes(wishes);
    }

    pub(super) fn grant_wishes(&mut self, wishes: GuestRequests) {
        if let Some(title) = wishes.title {
            self.title = title;
        }
        if let Some(fixed) = wishes.picture {
            self.parts.renderer.fix_size(Some(fixed));
            self.step.size = self.parts.renderer.size();
        }
        if let Some(speaker) = &self.parts.speaker {
            speaker.play(wishes.sounds);
        }
    }

    /// Sounds stand still with the game.
    pub(super) fn hold_sounds(&mut self) {
        let stands = self.pace.is_paused() || self.game.as_ref().is_some_and(Supervisor::is_broken);
        if std::mem::replace(&mut self.sounds_held, stands) != stands
            && let Some(speaker) = &self.parts.speaker
        {
            speaker.play(vec![Command::Hold(stands)]);
        }
    }

    /// So that the next candidate is warm.
    pub(super) fn tell_state_size(&self) {
        if let (Some(pipeline), Some(game)) = (&self.parts.pipeline, &self.game) {
            pipeline.set_state_bytes(game.bytes_to_copy());
        }
    }

    pub(super) fn await_first_frame(&mut self, stages: &Stages, ready: Instant) {
        self.first_frame = self.game.as_ref().map(|game| FirstFrame {
            hash: game.hash().to_string(),
            ready,
            before: stages.watch + stages.build + stages.prepare(),
        });
    }
}
