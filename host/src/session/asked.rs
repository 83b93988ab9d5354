//! What another process asks for through the control channel, met between two frames.

use std::sync::Arc;

use FIXME::Then;
use vblank_runtime::guest::CodeHash;
use vblank_runtime::guest::SourceLocation;
use vblank_runtime::history::{Back, BackError, GoBack, StateOf};
use vblank_runtime::history::VersionOutcome;
use vblank_runtime::supervisor::Supervisor;

use crate::control::{self, Answer, Reply, Request, RolledBack};
use crate::report::{RequestedRollback, What, words};
use super::Session;
use super::versions::Exchange;

const NO_PIPELINE: &str = "this host prepares no versions while it runs";

/// A rollback that somebody waits for, until the version is ready for the boundary.
pub(super) struct Wish {
    state: StateOf,
    reply: Reply,
    /// Once it is ready.
    back: Option<Back>,
}

impl Session {
    pub(super) fn asked(&mut self, request: Request, reply: Reply) {
        match request {
            Request::Status => {
                // Whoever asks this reads the history next.
                let status = Answer::Status(self.standing());
                self.history.when_written(move || reply.send(status));
            }
            Request::Rollback { hash, state } => match self.way_back(hash.as_deref(), state) {
                Ok(()) => {
                    let back = None;
                    self.wish = Some(Wish { state, reply, back });
                }
                Err(message) => reply.fail(message),
            },
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
        }
    }

    fn standing(&self) -> control::Status {
        control::Status {
            guest: self.options.guest.clone(),
            pid: std::process::id(),
            run: self.history.run().to_owned(),
            hash: self.game.as_ref().map(|game| game.hash().to_string()),
            frame: self.game.as_ref().map_or(0, Supervisor::frame),
            is_broken: self.game.as_ref().is_some_and(Supervisor::is_broken),
            newer: self.newer_source().map(|hash| hash.to_string()),
        }
    }

    /// Find the version, and have it made ready.
    fn way_back(&self, prefix: Option<&str>, state: StateOf) -> Result<(), String> {
        let game = self.game.as_ref().ok_or("no version runs yet")?;
        let pipeline = self.parts.pipeline.as_ref();
        let pipeline = pipeline.ok_or(NO_PIPELINE)?;
        if self.wish.is_some() {
            return Err("another rollback is under way".to_owned());
        }
        let to = self.history.find(prefix);
        let to = to.map_err(|error| error.to_string())?;
        if to == game.hash() && state == StateOf::Now {
            return Err(format!("{} is what runs", to.short()));
        }
        pipeline.go_back(GoBack {
            to,
            file: self.history.code_of(to),
            then: (state == StateOf::AtReplacement).then(|| state_of_then(game, to)),
        });
        Ok(())
    }

    /// The version that is wished for is ready, or cannot be had.
    pub(super) fn wish_can_be_granted(&mut self, back: Result<Back, BackError>) {
        let Some(mut wish) = self.wish.take() else {
            return;
        };
        match back {
            Ok(back) => {
                wish.back = Some(back);
                self.wish = Some(wish);
            }
            Err(error) => wish.reply.fail(error),
        }
    }

    /// Go back, if there is a wish and all is ready. To be called between two frames only.
    pub(super) fn grant_wish(&mut self) {
        let ready = |wish: &mut Wish| wish.back.is_some();
        let Some(Wish { state, reply, back }) = self.wish.take_if(ready) else {
            return;
        };
        let (Some(back), Some(game)) = (back, self.game.take()) else {
            return;
        };
        let candidate = *back.candidate;
        let wanted = candidate.version.hash().to_string();
        let image = back.state.as_deref();
        match self.exchange(game, candidate, image, VersionOutcome::RolledBack) {
            Ok(Exchange { from, to, swap }) => {
                let asked = RequestedRollback::new(state, &swap);
                reply.send(Answer::RolledBack(RolledBack {
                    from: from.clone(),
                    to: to.clone(),
                    state,
                    verdict: words(&swap).0.to_owned(),
                    pause_us: asked.pause_us,
                    parked: asked.parked.clone(),
                    frame: self.game.as_ref().map_or(0, Supervisor::frame),
                    newer: self.newer_source().map(|hash| hash.to_string()),
                }));
                self.tell(What::Rollback {
                    from,
                    to,
                    reason: "asked for".to_owned(),
                    place: SourceLocation::default(),
                    asked: Some(asked),
                });
            }
            Err(refused) => {
                self.refuse(None, Some(wanted), &refused);
                reply.fail(refused);
            }
        }
    }
}

/// In probation the version before is still there, as it was at the swap.
fn state_of_then(game: &Supervisor, version: CodeHash) -> Then {
    match game.state_before(version) {
        Some(image) => Then::Here(Arc::new(image)),
        None => Then::Checkpoint(game.state_archive()),
    }
}
