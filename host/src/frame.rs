//! The order of a frame, and the times of its phases. This module knows no game and no renderer.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::report::Percentiles;

/// The phases of a frame, in order. [`Session::turn`](crate::session::Session::turn) walks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Events from outside are handled, and the number of due updates is determined.
    Begin,
    /// The guest makes the due updates. Each is a fixed step with the input since the last one.
    Update,
    /// The guest records a command list.
    Draw,
    /// The renderer turns the command list into a picture.
    Submit,
    /// The picture is shown.
    Present,
    /// Code may be replaced here, and nowhere else.
    Boundary,
}

impl Phase {
    /// The phases in the order of a frame.
    pub const ORDER: [Self; 6] = [
        Self::Begin,
        Self::Update,
        Self::Draw,
        Self::Submit,
        Self::Present,
        Self::Boundary,
    ];
}

/// Times of many frames. Recording one takes some nanoseconds and no memory.
#[derive(Debug)]
pub struct Timings {
    /// Times of single updates.
    pub update: Times,
    /// Times of calls of `draw`.
    pub draw: Times,
    /// Times of replaying the commands and passing them to the GPU.
    pub submit: Times,
    /// Times of whole frames, without presenting and waiting.
    pub frame: Times,
    /// Times of the last frames, one by one.
    pub recent: Recent,
    /// Pauses for swaps.
    pub pause: Times,
    /// Times of taking an image of the state for recovery.
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
    /// Adds all times of `other`, except the recent ones.
    pub fn add(&mut self, other: &Self) {
        self.update.add(&other.update);
        self.draw.add(&other.draw);
        self.submit.add(&other.submit);
        self.frame.add(&other.frame);
        self.pause.add(&other.pause);
        self.image.add(&other.image);
    }
}

/// Times of the last frames, one by one, with a mark on the first frame of each version. Recording
/// takes no memory.
#[derive(Debug)]
pub struct Recent {
    times: [(Duration, bool); Self::MOST],
    /// Index of the next entry.
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
    /// Number of frames that are kept: five seconds of most games.
    pub const MOST: usize = 300;

    /// Records the time of a frame.
    pub fn record(&mut self, time: Duration) {
        self.times[self.next] = (time, std::mem::take(&mut self.is_first));
        self.next = (self.next + 1) % Self::MOST;
        self.count = (self.count + 1).min(Self::MOST);
    }

    /// Marks the next frame as the first of a new version.
    pub fn mark(&mut self) {
        self.is_first = true;
    }

    /// Returns the frames, oldest first, each with its mark.
    pub fn iter(&self) -> impl Iterator<Item = (Duration, bool)> {
        let begin = self.next + Self::MOST - self.count;
        (begin..begin + self.count).map(|at| self.times[at % Self::MOST])
    }
}

/// Times of one phase.
#[derive(Debug)]
pub struct Times(Histogram<u64>);

impl Times {
    /// Makes an empty histogram for 1 ns to one minute, with three significant digits.
    fn new() -> Self {
        const MINUTE: u64 = 60_000_000_000;
        Self(Histogram::new_with_bounds(1, MINUTE, 3).expect("the bounds are constant and valid"))
    }

    /// Records one time.
    pub fn record(&mut self, time: Duration) {
        self.0
            .saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Records the time since `begun`.
    pub fn record_since(&mut self, begun: Instant) {
        self.record(begun.elapsed());
    }

    /// Adds all times of `other`.
    pub fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// Returns the sum of all times.
    #[must_use]
    pub fn sum(&self) -> Duration {
        let nanoseconds = self.0.mean() * self.0.len() as f64;
        Duration::from_nanos(nanoseconds as u64)
    }

    /// Returns the number of times.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns percentiles in microseconds, which are zero if nothing was recorded.
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
