//! Requests of other processes through the control channel, answered between two frames. This module
//! knows no sockets.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use vblank_runtime::guest::{CodeHash, SourceLocation};
use vblank_runtime::history::{ArchivedState, Back, BackError, GoBack, StateOf, VersionOutcome};

use super::Session;
use super::versions::CompletedSwap;
use crate::control::{self, Answer, Reply, Request, RollbackDone};
use crate::game::Game;
use crate::report::{ReportEvent, RequestedRollback, RollbackReason};

const NO_PIPELINE: &str = "this host prepares no versions while it runs";

/// A rollback that was requested and waits until the version is ready for the boundary.
pub(super) struct PendingRollback {
    state: StateOf,
    /// Reply channel of the request.
    reply: Reply,
    /// The version, once it is ready.
    back: Option<Back>,
}

impl Session {
    pub(super) fn answer(&mut self, request: Request, reply: Reply) {
        match request {
            Request::Status => {
                // A process that requests the status usually reads the history next.
                let status = Answer::Status(self.control_status());
                self.slot.history.when_written(move || reply.send(status));
            }
            Request::Rollback { hash, state } => {
                match self.start_rollback(hash.as_deref(), state) {
                    Ok(()) => {
                        let back = None;
                        self.slot.rollback = Some(PendingRollback { state, reply, back });
                    }
                    Err(message) => reply.fail(message),
                }
            }
            Request::Allow { capability } => match &self.parts.pipeline {
                Some(pipeline) => pipeline.allow(
                    capability,
                    Box::new(move |done| match done {
                        Ok(is_new) => reply.send(Answer::Allowed { is_new }),
                        Err(error) => reply.fail(error),
                    }),
                ),
                None => reply.fail(NO_PIPELINE),
            },
            Request::Revoke { capability } => {
                let was_granted = self.parts.engine.revoke(&capability);
                if was_granted {
                    self.notice(format!(
                        "`{capability}` is revoked; the running version keeps it until it is replaced"
                    ));
                }
                reply.send(Answer::Revoked { was_granted });
            }
        }
    }

    fn control_status(&self) -> control::Status {
        let slot = &self.slot;
        let since = self.since.duration_since(UNIX_EPOCH);
        control::Status {
            guest: self.options.guest.clone(),
            pid: std::process::id(),
            since_ms: since.ok().map(|since| since.as_millis() as u64),
            run: slot.history.run().to_owned(),
            hash: slot.hash().map(|hash| hash.to_string()),
            frame: slot.next_update(),
            is_broken: slot.game.as_ref().is_some_and(Game::is_broken),
            newer: self.newer_source().map(|hash| hash.to_string()),
        }
    }

    /// Finds the version and has the pipeline prepare it.
    fn start_rollback(&self, prefix: Option<&str>, state: StateOf) -> Result<(), String> {
        let game = self.slot.game.as_ref().ok_or("no version runs yet")?;
        let pipeline = self.parts.pipeline.as_ref();
        let pipeline = pipeline.ok_or(NO_PIPELINE)?;
        if self.slot.rollback.is_some() {
            return Err("another rollback is under way".to_owned());
        }
        let to = self.slot.history.find(prefix);
        let to = to.map_err(|error| error.to_string())?;
        if to == game.hash() && state == StateOf::Now {
            return Err(format!("{} is what runs", to.short()));
        }
        pipeline.go_back(GoBack {
            to,
            file: self.slot.history.code_of(to),
            state: (state == StateOf::AtReplacement).then(|| archived_state(game, to)),
        });
        Ok(())
    }

    /// Stores the prepared version of the pending rollback, or answers with the reason why there is
    /// none.
    pub(super) fn rollback_prepared(&mut self, back: Result<Back, BackError>) {
        let Some(mut rollback) = self.slot.rollback.take() else {
            return;
        };
        match back {
            Ok(back) => {
                rollback.back = Some(back);
                self.slot.rollback = Some(rollback);
            }
            Err(error) => rollback.reply.fail(error),
        }
    }

    /// Rolls back if a rollback is pending and its version is ready. To be called between two frames
    /// only.
    pub(super) fn roll_back_if_ready(&mut self) {
        let is_ready = |rollback: &mut PendingRollback| rollback.back.is_some();
        let Some(rollback) = self.slot.rollback.take_if(is_ready) else {
            return;
        };
        let PendingRollback { state, reply, back } = rollback;
        let (Some(back), Some(game)) = (back, self.slot.game.take()) else {
            return;
        };
        let candidate = *back.candidate;
        let wanted = candidate.version.hash();
        let left_before = self.slot.left_source;
        let image = back.state.as_deref();
        match self.complete_swap(game, candidate, image, VersionOutcome::RolledBack) {
            Ok(CompletedSwap { from, to, swap }) => {
                let newest = self.newer_source();
                let is_left = |newest: &CodeHash| *newest == from || left_before == Some(*newest);
                self.slot.left_source = newest.filter(is_left);
                let requested = RequestedRollback::new(state, &swap);
                reply.send(Answer::RolledBack(RollbackDone {
                    from: from.to_string(),
                    to: to.to_string(),
                    state,
                    verdict: requested.verdict.to_string(),
                    pause_us: requested.pause_us,
                    parked: requested.parked.clone(),
                    frame: self.slot.next_update(),
                    newer: self.newer_source().map(|hash| hash.to_string()),
                }));
                self.report(ReportEvent::Rollback {
                    from,
                    to,
                    reason: RollbackReason::Requested,
                    location: SourceLocation::default(),
                    requested: Some(requested),
                });
            }
            Err(refused) => {
                self.refuse(None, Some(wanted), &refused);
                reply.fail(refused);
            }
        }
    }
}

/// Returns the state that a version had when it was replaced. During probation the replaced version
/// still exists, with its state at the swap.
fn archived_state(game: &Game, version: CodeHash) -> ArchivedState {
    match game.state_before(version) {
        Some(image) => ArchivedState::Here(Arc::new(image)),
        None => ArchivedState::In(game.state_archive()),
    }
}
