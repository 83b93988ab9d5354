//! The order of a frame, and how long its phases take.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::report::Percentiles;

/// The phases of a frame, in order. [`Session::turn`](crate::session::Session::turn) walks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What reached the loop from outside; how many updates are due.
    Begin,
    /// The guest moves on: none, one or several fixed steps, each with the input since the last.
    Update,
    /// The guest says what it shows.
    Draw,
    /// The renderer makes it a picture.
    Submit,
    /// The picture is shown.
    Present,
    /// Between two frames: the only place where code is replaced.
    Boundary,
}

impl Phase {
    /// All, as a frame walks them.
    pub const ORDER: [Self; 6] = [
        Self::Begin,
        Self::Update,
        Self::Draw,
        Self::Submit,
        Self::Present,
        Self::Boundary,
    ];
}

/// Times of many frames. Recording costs some nanoseconds and no memory.
#[derive(Debug)]
pub struct Timings {
    /// One update.
    pub update: Times,
    /// One call of `draw`.
    pub draw: Times,
    /// Replaying the commands and giving them to the GPU.
    pub submit: Times,
    /// The whole frame, but for presenting and waiting.
    pub frame: Times,
    /// The same of the last frames, one by one.
    pub recent: Recent,
    /// The game standing still for a swap.
    pub pause: Times,
    /// Keeping an image of the state, to be able to go back to it.
    pub image: Times,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            update: Times::new(),
            draw: Times::new(),
            submit: Times::new(),
            frame: Times::new(),
            recent: Recent::default(),
            pause: Times::new(),
            image: Times::new(),
        }
    }
}

impl Timings {
    /// Count all of these as well, but for the recent ones.
    pub fn add(&mut self, other: &Self) {
        self.update.add(&other.update);
        self.draw.add(&other.draw);
        self.submit.add(&other.submit);
        self.frame.add(&other.frame);
        self.pause.add(&other.pause);
        self.image.add(&other.image);
    }
}

/// The last frames, one by one, and which of them were the first by a new version. Takes no memory as it
/// goes.
#[derive(Debug)]
pub struct Recent {
    times: [(Duration, bool); Self::MOST],
    /// Where the next one goes.
    next: usize,
    count: usize,
    is_first: bool,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            times: [(Duration::ZERO, false); Self::MOST],
            next: 0,
            count: 0,
            is_first: false,
        }
    }
}

impl Recent {
    /// How many are kept: five seconds of most games.
    pub const MOST: usize = 300;

    /// Note one.
    pub fn record(&mut self, time: Duration) {
        self.times[self.next] = (time, std::mem::take(&mut self.is_first));
        self.next = (self.next + 1) % Self::MOST;
        self.count = (self.count + 1).min(Self::MOST);
    }

    /// The next one is the first by a new version.
    pub fn mark(&mut self) {
        self.is_first = true;
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Duration, bool)> {
        let begin = self.next + Self::MOST - self.count;
        (begin..begin + self.count).map(|at| self.times[at % Self::MOST])
    }
}

/// Times of one phase.
#[derive(Debug)]
pub struct Times(Histogram<u64>);

impl Times {
    /// From 1 ns to a minute, to three digits.
    fn new() -> Self {
        const MINUTE: u64 = 60_000_000_000;
        Self(Histogram::new_with_bounds(1, MINUTE, 3).expect("the bounds are constant and valid"))
    }

    /// Count one.
    pub fn record(&mut self, time: Duration) {
        self.0
            .saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Count the time since.
    pub fn record_since(&mut self, begun: Instant) {
        self.record(begun.elapsed());
    }

    /// Count all of these as well.
    pub fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        let nanoseconds = self.0.mean() * self.0.len() as f64;
        Duration::from_nanos(nanoseconds as u64)
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// In microseconds; zero where nothing was counted.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let us = |nanoseconds: u64| nanoseconds as f64 / 1e3;
        Percentiles {
            p50: us(self.0.value_at_quantile(0.5)),
            p99: us(self.0.value_at_quantile(0.99)),
            max: us(self.0.max()),
        }
    }
}
