//! Time: the clocks that a session can run by, and the fixed timestep.

use std::time::{Duration, Instant};

/// What tells the time and waits. Times are since an arbitrary beginning.
pub trait Clock {
    /// Now.
    fn now(&self) -> Duration;
    /// How long there is to wait until this time, on the wall.
    fn left(&self, time: Duration) -> Duration;
    /// Return at this time, or at once if it is past.
    fn wait_until(&mut self, time: Duration);
}

/// The wall's.
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

/// One that only moves when it is waited for: the game runs as fast as it goes, and every run is the
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

/// The fixed timestep: how many updates are due, so that the game's time keeps up with the clock's.
/// See Gaffer on Games, "Fix Your Timestep!".
#[derive(Clone, Debug)]
pub struct FixedStep {
    step: Duration,
    /// When the next update is due.
    due: Duration,
    most: u32,
}

impl FixedStep {
    /// `hz` updates a second, beginning now; at most `most` at once, and what is late beyond that is
    /// let go.
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

    /// When the next update is due.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.due
    }

    /// Take the updates that are due now.
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

    /// Put back an update that was taken and not made.
    pub fn put_back(&mut self) {
        self.due = self.due.saturating_sub(self.step);
    }

    /// Where between the last update and the next one `now` lies: 0 to 1.
    #[must_use]
    pub fn alpha(&self, now: Duration) -> f32 {
        let ahead = self.due.saturating_sub(now).as_secs_f32() / self.step.as_secs_f32();
        (1.0 - ahead).clamp(0.0, 1.0)
    }

    /// Nothing was due while the game stood still.
    pub fn restart(&mut self, now: Duration) {
        self.due = now;
    }
}

/// How the game's time follows the clock's: as fast, slower, faster, or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    speed: f64,
    is_paused: bool,
    /// At this time of the clock, the game's was `game`.
    clock: Duration,
    game: Duration,
}

impl Pace {
    /// As fast as the clock, from now on.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            speed: 1.0,
            is_paused: false,
            clock: now,
            game: now,
        }
    }

    /// The game's time at a time of the clock.
    #[must_use]
    pub fn game_time(&self, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.clock);
        match self.is_paused {
            true => self.game,
            // To the nanosecond, so that a run by a clock of its own repeats to the bit.
            false if self.speed == 1.0 => self.game + passed,
            false => self.game + passed.mul_f64(self.speed),
        }
    }

    /// The clock's time at which the game's will be this; none while it stands still.
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

    /// Whether the game's time stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Go on so much faster or slower: a hundredth to a hundred times as fast as the clock.
    pub fn set_speed(&mut self, speed: f64, now: Duration) {
        self.rest(now);
        self.speed = speed.clamp(0.01, 100.0);
    }

    /// Stand still, or go on.
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
