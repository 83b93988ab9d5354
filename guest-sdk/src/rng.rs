//! `Rng`: a random number generator that is part of the state.

use std::ops::Range;

use vblank_derive::State;

/// A small, fast random number generator (wyrand), whose whole state is one `u64`.
///
/// The generator continues across a swap, and a replay draws the same numbers. Not for secrets.
///
/// ```
/// # use vblank_guest::Rng;
/// let mut rng = Rng::new(7);
/// let speed = rng.range(10.0..20.0);
/// assert!((10.0..20.0).contains(&speed));
/// assert_eq!(Rng::new(7).range(10.0..20.0), speed);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default, State)]
#[state(crate = vblank_state)]
pub struct Rng {
    seed: u64,
}

impl Rng {
    /// Makes a generator from a seed, such as `Setup::seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn with<T>(&mut self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let value = draw(&mut rng);
        self.seed = rng.get_seed();
        value
    }

    /// Returns a number from 0 up to, but not including, 1.
    pub fn unit(&mut self) -> f32 {
        self.with(fastrand::Rng::f32)
    }

    /// Returns a number in the range.
    pub fn range(&mut self, range: Range<f32>) -> f32 {
        range.start + (range.end - range.start) * self.unit()
    }

    /// Returns an integer from 0 up to, but not including, `bound`. Returns 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.with(|rng| rng.u32(0..bound.max(1)))
    }

    /// Returns true with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }
}
