//! The guest's slot in a session: the game, the candidate that waits for it, and its history. It does
//! not know how a swap is made.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use vblank_runtime::guest::CodeHash;
use vblank_runtime::history::History;
use vblank_runtime::supervisor::Candidate;

use super::requests::PendingRollback;
use super::timeline::Motion;
use crate::control::Answer;
use crate::game::Game;

/// The guest's slot in a session.
pub(super) struct GuestSlot {
    pub(super) game: Option<Game>,
    /// The candidate that waits for the boundary.
    pub(super) candidate: Option<Box<Candidate>>,
    pub(super) history: History,
    /// Number of swaps so far.
    pub(super) swaps: u64,
    /// The rollback that another process or a person waits for.
    pub(super) rollback: Option<PendingRollback>,
    /// Reply channel of a rollback that a command asked for.
    pub(super) rollback_answer: Option<Receiver<Answer>>,
    /// Code of the newest source, if it ran until a person went back to an older version.
    pub(super) left_source: Option<CodeHash>,
    /// Time at which the running version took over.
    pub(super) came_in: Instant,
    /// Number of the first update of this session: 0, or that of the image it resumed from.
    pub(super) began_at: u64,
    /// Time at which the session's first version took over.
    pub(super) began: Instant,
}

impl GuestSlot {
    pub(super) fn new(history: History) -> Self {
        Self {
            game: None,
            candidate: None,
            history,
            swaps: 0,
            rollback: None,
            rollback_answer: None,
            left_source: None,
            came_in: Instant::now(),
            began_at: 0,
            began: Instant::now(),
        }
    }

    /// The game, if there is one and it does not stand still after a failure.
    pub(super) fn moving(&mut self) -> Option<&mut Game> {
        self.game.as_mut().filter(|game| !game.is_broken())
    }

    pub(super) fn motion(&self) -> Motion {
        match &self.game {
            None => Motion::NoGame,
            Some(game) if game.is_broken() => Motion::Broken,
            Some(_) => Motion::Moving,
        }
    }

    /// The code that runs.
    pub(super) fn hash(&self) -> Option<CodeHash> {
        self.game.as_ref().map(Game::hash)
    }

    /// The number of the next update; 0 before the first version.
    pub(super) fn next_update(&self) -> u64 {
        self.game.as_ref().map_or(0, Game::frame)
    }

    /// Number of updates made in this session.
    pub(super) fn updates_made(&self) -> u64 {
        let next = self.game.as_ref().map_or(self.began_at, Game::frame);
        next - self.began_at
    }
}
