//! Time: the clocks of a session, the fixed timestep, and the pace of the game's time. This module
//! knows no game.

use std::time::{Duration, Instant};

/// A clock that measures time and waits. Times count from an arbitrary start.
pub trait Clock {
    /// Returns the present time.
    fn now(&self) -> Duration;
    /// Returns the real time that is left until `time`.
    fn left(&self, time: Duration) -> Duration;
    /// Waits until `time`. Returns at once if it has passed.
    fn wait_until(&mut self, time: Duration);
}

/// A clock that follows real time.
#[derive(Debug)]
pub struct RealClock(Instant);

impl Default for RealClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn left(&self, time: Duration) -> Duration {
        time.saturating_sub(self.now())
    }

    fn wait_until(&mut self, time: Duration) {
        std::thread::sleep(self.left(time));
    }
}

/// A clock that moves only when it is waited for. The game runs as fast as it can, and every run is the
/// same.
#[derive(Debug, Default)]
pub struct FreeClock(Duration);

impl Clock for FreeClock {
    fn now(&self) -> Duration {
        self.0
    }

    fn left(&self, _: Duration) -> Duration {
        Duration::ZERO
    }

    fn wait_until(&mut self, time: Duration) {
        self.0 = self.0.max(time);
    }
}

/// The fixed timestep: decides how many updates are due, so that the game's time keeps up with the
/// clock's. See Gaffer on Games, "Fix Your Timestep!".
#[derive(Clone, Debug)]
pub struct FixedStep {
    step: Duration,
    /// Time at which the next update is due.
    due: Duration,
    most: u32,
}

impl FixedStep {
    /// Makes a timestep with `hz` updates a second, of which the first is due at `now`. At most `most`
    /// updates are due at once, and later ones are dropped.
    #[must_use]
    pub fn new(hz: f64, most: u32, now: Duration) -> Self {
        Self {
            step: Duration::from_secs_f64(1.0 / hz),
            due: now,
            most,
        }
    }

    /// Time between two updates.
    #[must_use]
    pub fn step(&self) -> Duration {
        self.step
    }

    /// Returns the time at which the next update is due.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.due
    }

    /// Takes the updates that are due at `now`, and returns their number.
    pub fn take(&mut self, now: Duration) -> u32 {
        let mut updates = 0;
        while self.due <= now {
            if updates == self.most {
                self.due = now + self.step;
                break;
            }
            self.due += self.step;
            updates += 1;
        }
        updates
    }

    /// Returns an update that was taken and not made.
    pub fn put_back(&mut self) {
        self.due = self.due.saturating_sub(self.step);
    }

    /// Fraction of an update that has passed at `now` since the last one: 0 to 1.
    #[must_use]
    pub fn alpha(&self, now: Duration) -> f32 {
        let ahead = self.due.saturating_sub(now).as_secs_f32() / self.step.as_secs_f32();
        (1.0 - ahead).clamp(0.0, 1.0)
    }

    /// Makes the next update due at `now`, and drops the time in which the game stood still.
    pub fn restart(&mut self, now: Duration) {
        self.due = now;
    }
}

/// Relation of the game's time to the clock's: equal, slower, faster, or paused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    speed: f64,
    is_paused: bool,
    /// Time of the clock at which the game's time was `game`.
    clock: Duration,
    game: Duration,
}

impl Pace {
    /// Makes a pace that follows the clock from `now` on.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            speed: 1.0,
            is_paused: false,
            clock: now,
            game: now,
        }
    }

    /// Returns the game's time at a time of the clock.
    #[must_use]
    pub fn game_time(&self, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.clock);
        match self.is_paused {
            true => self.game,
            // No rounding happens at normal speed, so a run on a free clock repeats bit by bit.
            false if self.speed == 1.0 => self.game + passed,
            false => self.game + passed.mul_f64(self.speed),
        }
    }

    /// Returns the clock's time at which the game's time will be `game`, or `None` while it is paused.
    #[must_use]
    pub fn clock_time(&self, game: Duration) -> Option<Duration> {
        let left = game.saturating_sub(self.game);
        match self.is_paused {
            true => None,
            false if self.speed == 1.0 => Some(self.clock + left),
            false => Some(self.clock + left.div_f64(self.speed)),
        }
    }

    /// Seconds of the game in a second of the clock.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Returns true if the game's time stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Sets the speed, from a hundredth to a hundred times that of the clock.
    pub fn set_speed(&mut self, speed: f64, now: Duration) {
        self.rest(now);
        self.speed = speed.clamp(0.01, 100.0);
    }

    /// Pauses the game's time, or lets it continue.
    pub fn set_paused(&mut self, is_paused: bool, now: Duration) {
        self.rest(now);
        self.is_paused = is_paused;
    }

    fn rest(&mut self, now: Duration) {
        self.game = self.game_time(now);
        self.clock = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn updates_keep_up_with_the_clock() {
        let mut steps = FixedStep::new(100.0, 5, Duration::ZERO);
        assert_eq!(steps.take(Duration::ZERO), 1);
        assert_eq!(steps.take(9 * MS), 0);
        assert_eq!(steps.take(10 * MS), 1);
        assert_eq!(steps.take(35 * MS), 2);
        assert!((steps.alpha(35 * MS) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn what_is_too_late_is_let_go() {
        let mut steps = FixedStep::new(100.0, 5, Duration::ZERO);
        assert_eq!(steps.take(1000 * MS), 5);
        assert_eq!(steps.take(1000 * MS), 0);
        assert_eq!(steps.due(), 1010 * MS);
    }

    #[test]
    fn the_games_time_slows_down_stands_still_and_goes_on() {
        let mut pace = Pace::new(100 * MS);
        assert_eq!(pace.game_time(130 * MS), 130 * MS);
        pace.set_speed(0.5, 200 * MS);
        assert_eq!(pace.game_time(300 * MS), 250 * MS);
        assert_eq!(pace.clock_time(250 * MS), Some(300 * MS));
        pace.set_paused(true, 300 * MS);
        assert_eq!(pace.game_time(900 * MS), 250 * MS);
        assert_eq!(pace.clock_time(260 * MS), None);
        pace.set_paused(false, 900 * MS);
        pace.set_speed(1.0, 1000 * MS);
        assert_eq!(pace.game_time(1010 * MS), 310 * MS);
        assert_eq!(pace.clock_time(310 * MS), Some(1010 * MS));
        pace.set_speed(0.0, 1010 * MS);
        assert_eq!(pace.speed(), 0.01, "it never stands still by its speed");
    }

    #[test]
    fn a_free_clock_moves_when_waited_for() {
        let mut clock = FreeClock::default();
        clock.wait_until(20 * MS);
        clock.wait_until(10 * MS);
        assert_eq!(clock.now(), 20 * MS);
    }
}
