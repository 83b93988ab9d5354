//! The timeline of a session: the fixed step, the pace of the game's time, and the due times of turns.
//!
//! The timeline knows times and counts, and no game.

use std::time::{Duration, Instant};

use crate::clock::{FixedStep, Pace};

/// Largest number of updates in one frame when the clock has run ahead.
const MOST_CATCH_UP: u32 = 5;
/// Interval of turns while there is no game yet.
const WAITING: Duration = Duration::from_millis(5);

/// Motion of the game, as far as it affects the next turn's due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    /// There is no game yet.
    NoGame,
    /// The game moves.
    Moving,
    /// The game stands still after a failure.
    Broken,
}

/// The timeline of a session.
pub(super) struct Timeline {
    fixed: FixedStep,
    /// Relation of the game's time to the clock's. The fixed step follows the game's time.
    pace: Pace,
    /// Single updates that were requested while the game is paused.
    single_steps: u32,
    turn_begun: Instant,
    /// Start of this turn, on the session's clock.
    turn_at: Duration,
    /// Interval of pictures, if it is shorter than that of updates.
    picture_every: Option<Duration>,
}

impl Timeline {
    /// Starts the timeline at `now`, on the session's clock, with `hz` updates a second.
    pub(super) fn new(hz: f64, now: Duration) -> Self {
        Self {
            fixed: FixedStep::new(hz, MOST_CATCH_UP, now),
            pace: Pace::new(now),
            single_steps: 0,
            turn_begun: Instant::now(),
            turn_at: now,
            picture_every: None,
        }
    }

    pub(super) fn begin_turn(&mut self, now: Duration) {
        self.turn_begun = Instant::now();
        self.turn_at = now;
    }

    /// Time since the turn began.
    pub(super) fn turn_took(&self) -> Duration {
        self.turn_begun.elapsed()
    }

    /// The relation of the game's time to the clock's.
    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(super) fn pace_mut(&mut self) -> &mut Pace {
        &mut self.pace
    }

    /// Pauses the game and requests one update.
    pub(super) fn step_once(&mut self, now: Duration) {
        self.pace.set_paused(true, now);
        self.single_steps += 1;
    }

    /// Number of updates that are due now.
    pub(super) fn take_updates(&mut self, now: Duration) -> u32 {
        if self.pace.is_paused() && self.single_steps > 0 {
            self.single_steps -= 1;
            return 1;
        }
        self.fixed.take(self.pace.game_time(now))
    }

    /// Returns updates that a later turn will make.
    pub(super) fn put_back(&mut self, updates: u32) {
        (0..updates).for_each(|_| self.fixed.put_back());
    }

    /// Forgets the time in which the game stood still.
    pub(super) fn restart(&mut self, now: Duration) {
        self.fixed.restart(self.pace.game_time(now));
    }

    /// Fraction of an update that has passed since the last one, for drawing in between.
    pub(super) fn alpha(&self, now: Duration) -> f32 {
        self.fixed.alpha(self.pace.game_time(now))
    }

    /// Sets the interval at which the screen shows pictures. Ignored unless updates are clearly rarer.
    pub(super) fn show_every(&mut self, interval: Option<Duration>) {
        let step = self.fixed.step();
        self.picture_every = interval.filter(|interval| *interval < step.mul_f64(0.9));
    }

    /// Time at which the next turn is due, on the session's clock.
    pub(super) fn next_turn(&self, motion: Motion) -> Duration {
        let steady = self.turn_at + self.fixed.step();
        match (motion, self.picture_every) {
            (Motion::NoGame, _) => self.turn_at + WAITING,
            // Pictures continue, also while the game stands still.
            (Motion::Broken, _) => steady,
            (Motion::Moving, Some(interval)) => self.turn_at + interval,
            (Motion::Moving, None) => match self.pace.clock_time(self.fixed.due()) {
                Some(due) if self.pace.speed() == 1.0 => due,
                _ => steady,
            },
        }
    }
}
