//! Comparison of two games, which run by turns in one process.
//!
//! The slices are short, so that other load on the machine affects both games. Each ratio has a 95%
//! confidence interval.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde::Serialize;

use super::figures::Figures;
use super::lane::{Lane, Slice, Until};

/// Ratios of two games' times. The names of the fields are a contract.
#[derive(Serialize)]
pub(super) struct Comparison {
    pub(super) other: Figures,
    /// Number of pairs of slices.
    pub(super) pairs: usize,
    /// Number of updates in each slice.
    pub(super) slice_updates: u64,
    /// Ratios of `update`, `draw`, `submit` and `frame`.
    ratios: [Ratio; 4],
}

/// Ratio of the game's time to the other's, which is the median of the pairs' ratios.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Ratio {
    phase: &'static str,
    pub(super) ratio: f64,
    /// Lower end of the 95% confidence interval.
    pub(super) low: f64,
    /// Upper end of the 95% confidence interval.
    pub(super) high: f64,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Slower,
    Quicker,
    NoDifferenceSeen,
    TooFewPairs,
}

/// Duration of a slice, long enough that a timer's tick or a cold cache does not change its median.
const SLICE: Duration = Duration::from_millis(20);
/// Smallest number of pairs that gives a verdict.
const FEWEST_PAIRS: usize = 8;
const RESAMPLES: usize = 2000;

/// Length of a comparison, and the seed of its random numbers.
pub(super) struct Plan {
    /// End of the comparison. Updates are counted for each game, time for both together.
    pub(super) until: Until,
    pub(super) seed: u64,
}

/// Runs slices of both games by turns and returns the pairs, with the number of updates in a slice. A coin
/// decides which game goes first in a pair. Returns `None` if a game ended by itself.
pub(super) fn alternate(
    [game, other]: [&mut Lane; 2],
    plan: &Plan,
) -> anyhow::Result<Option<(Vec<[Slice; 2]>, u64)>> {
    let Some(updates) = slice_length([&mut *game, &mut *other], plan.until)? else {
        return Ok(None);
    };
    let mut coin = Rng::with_seed(plan.seed);
    let begun = Instant::now();
    let mut pairs = Vec::new();
    let is_over = |pairs: usize| match plan.until {
        Until::Updates(most) => pairs as u64 * updates >= most,
        Until::Time(most) => begun.elapsed() >= most,
    };
    while !is_over(pairs.len()) {
        let lanes: [&mut Lane; 2] = if coin.bool() {
            [&mut *game, &mut *other]
        } else {
            [&mut *other, &mut *game]
        };
        for lane in lanes {
            if lane.run(Until::Updates(updates), |_| Ok(()))?.is_none() {
                return Ok(None);
            }
        }
        pairs.push([game.take_slice(), other.take_slice()]);
    }
    Ok(Some((pairs, updates)))
}

/// Returns the number of updates for which the slower game needs at least 20 ms. A limit of updates makes
/// the slices shorter, so that there are about twenty pairs. Both games are tried with the same numbers of
/// updates, which are not measured. Returns `None` if a game ended by itself.
fn slice_length([game, other]: [&mut Lane; 2], until: Until) -> anyhow::Result<Option<u64>> {
    const PAIRS: u64 = 20;
    let most = match until {
        Until::Updates(most) => most.div_ceil(PAIRS),
        Until::Time(_) => u64::MAX,
    };
    let mut updates = 1;
    loop {
        let mut slower = Duration::ZERO;
        for lane in [&mut *game, &mut *other] {
            let Some(took) = lane.run(Until::Updates(updates), |_| Ok(()))? else {
                return Ok(None);
            };
            slower = slower.max(took);
            lane.forget();
        }
        if slower >= SLICE || updates >= most {
            return Ok(Some(updates));
        }
        updates = (updates * 2).min(most);
    }
}

impl Comparison {
    pub(super) fn of(other: Figures, pairs: &[[Slice; 2]], slice_updates: u64, seed: u64) -> Self {
        let phases = ["update", "draw", "submit", "frame"];
        let ratio = |at: usize| {
            let ratios = pairs.iter().map(|[game, other]| {
                game.medians[at].max(f64::MIN_POSITIVE) / other.medians[at].max(f64::MIN_POSITIVE)
            });
            Ratio::of(phases[at], ratios.collect(), &mut Rng::with_seed(seed))
        };
        Self {
            other,
            pairs: pairs.len(),
            slice_updates,
            ratios: [0, 1, 2, 3].map(ratio),
        }
    }

    /// Returns the ratio of a phase, if the phase is compared.
    pub(super) fn ratio(&self, phase: &str) -> Option<&Ratio> {
        self.ratios.iter().find(|ratio| ratio.phase == phase)
    }

    pub(super) fn print(&self) {
        outln!("");
        outln!("beside {}", self.other.guest.display());
        outln!("{:<8} {:>10} {:>10} {:>10}", "µs", "p50", "p99", "max");
        for (name, times) in &self.other.phases()[..4] {
            outln!(
                "{name:<8} {:>10.1} {:>10.1} {:>10.1}",
                times.p50,
                times.p99,
                times.max
            );
        }
        outln!("");
        outln!(
            "by turns, {} pairs of slices of {} updates",
            self.pairs,
            self.slice_updates
        );
        for ratio in &self.ratios {
            outln!("{ratio}");
        }
    }
}

impl Ratio {
    /// Returns the median of the ratios and its 95% confidence interval. The interval holds 95% of the medians
    /// of resamples, which is the percentile bootstrap (Efron 1979).
    fn of(phase: &'static str, mut ratios: Vec<f64>, chance: &mut Rng) -> Self {
        ratios.sort_by(f64::total_cmp);
        let ratio = median(&ratios);
        let mut resample = vec![0.0; ratios.len()];
        let mut medians: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                resample.fill_with(|| ratios[chance.usize(..ratios.len())]);
                resample.sort_by(f64::total_cmp);
                median(&resample)
            })
            .collect();
        medians.sort_by(f64::total_cmp);
        let at = |share: f64| medians[(share * (RESAMPLES - 1) as f64).round() as usize];
        let (low, high) = (at(0.025), at(0.975));
        let verdict = if ratios.len() < FEWEST_PAIRS {
            Verdict::TooFewPairs
        } else if low > 1.0 {
            Verdict::Slower
        } else if high < 1.0 {
            Verdict::Quicker
        } else {
            Verdict::NoDifferenceSeen
        };
        Self {
            phase,
            ratio,
            low,
            high,
            verdict,
        }
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = match self.verdict {
            Verdict::Slower => "slower",
            Verdict::Quicker => "quicker",
            Verdict::NoDifferenceSeen => "no difference seen",
            Verdict::TooFewPairs => "too few pairs to say; measure longer",
        };
        let Self {
            phase,
            ratio,
            low,
            high,
            ..
        } = self;
        write!(
            f,
            "{phase:<8} {ratio:>8.3} times  (95%: {low:.3} to {high:.3})  {verdict}"
        )
    }
}

/// Returns the median of a sorted list that is not empty.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ratios: impl IntoIterator<Item = f64>) -> Ratio {
        Ratio::of(
            "frame",
            ratios.into_iter().collect(),
            &mut Rng::with_seed(1),
        )
    }

    #[test]
    fn a_difference_is_told_from_noise() {
        // Noise of ±5 hundredths around 1.0, 1.2 and 0.8.
        let noise = |around: f64| (0..40).map(move |at| around + f64::from(at % 11 - 5) / 100.0);
        let same = of(noise(1.0));
        assert_eq!(same.verdict, Verdict::NoDifferenceSeen, "{same}");
        let slower = of(noise(1.2));
        assert_eq!(slower.verdict, Verdict::Slower, "{slower}");
        assert!(slower.low <= 1.2 && 1.2 <= slower.high, "{slower}");
        assert_eq!(of(noise(0.8)).verdict, Verdict::Quicker);
    }

    #[test]
    fn the_interval_is_narrower_with_more_pairs() {
        let mut chance = Rng::with_seed(7);
        let mut width = |pairs: usize| {
            let ratio = of((0..pairs).map(|_| 1.0 + (chance.f64() - 0.5) / 5.0));
            ratio.high - ratio.low
        };
        assert!(width(1000) < width(20) / 2.0);
    }

    #[test]
    fn few_pairs_say_nothing() {
        assert_eq!(of([2.0; 7]).verdict, Verdict::TooFewPairs);
        assert_eq!(of([2.0; 8]).verdict, Verdict::Slower);
    }

    #[test]
    fn the_interval_holds_the_truth_about_as_often_as_it_says() {
        let mut chance = Rng::with_seed(3);
        let holds = (0..400)
            .filter(|_| {
                let ratio = of((0..30).map(|_| 1.0 + chance.f64() - 0.5));
                ratio.low <= 1.0 && 1.0 <= ratio.high
            })
            .count();
        assert!((360..=396).contains(&holds), "{holds} of 400");
    }
}
