//! Benchmarks of whole programs. Each is a program in `benches/`: `cargo bench -p vblank-benches`.
//!
//! This library holds their shared parts: repeated times of one thing, and a row of a table of them.

use std::time::Duration;

pub mod generated;

/// Times of one thing, each in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<f64>);

impl Times {
    /// Adds a time.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1e6);
    }

    /// Adds all times of `other`.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Returns the time that this share of all times does not exceed.
    ///
    /// # Panics
    /// When there are no times.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        sorted[(share * last as f64).round() as usize]
    }

    /// Returns the median.
    #[must_use]
    pub fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Returns `p50 | p99 | max`, in microseconds.
    #[must_use]
    pub fn columns(&self) -> String {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| self.quantile(share));
        format!("{p50:.1} | {p99:.1} | {max:.1}")
    }
}

/// Prints a row of a table of times.
pub fn row(name: &str, times: &Times) {
    println!("| {name} | {} |", times.columns());
}
