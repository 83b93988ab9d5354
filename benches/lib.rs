//! Benchmarks of whole programs. Each is a program in `benches/`: `cargo bench -p vblank-benches`.
//!
//! Here is what they share: many times of one thing, and a table's row of them.

use std::time::Duration;

pub mod generated;

/// Times of one thing, each in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1e6);
    }

    /// All of another.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The time that this share of all does not exceed.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        sorted[(share * last as f64).round() as usize]
    }

    /// The median.
    #[must_use]
    pub fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// `p50 | p99 | max`, in microseconds.
    #[must_use]
    pub fn columns(&self) -> String {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| self.quantile(share));
        format!("{p50:.1} | {p99:.1} | {max:.1}")
    }
}

/// A row of a table of times.
pub fn row(name: &str, times: &Times) {
    println!("| {name} | {} |", times.columns());
}
