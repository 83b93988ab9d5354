//! Budgets: upper limits of figures, as written on the command line. The module knows no session.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::compare::Comparison;
use super::figures::Figures;
use crate::report::Percentiles;

/// Upper limit of one figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Budget {
    /// Limit of a time, such as `p99-frame=4ms`.
    Time {
        which: Which,
        phase: String,
        most: Duration,
    },
    /// Limit of the ratio to the other game's time (`--compare`), such as `ratio-frame=1.05`.
    Ratio { phase: String, most: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Which {
    P50,
    P99,
    Max,
}

/// Phases that a budget can limit. `pause` needs `--swap-every`.
const PHASES: [&str; 6] = ["update", "draw", "submit", "frame", "image", "pause"];

impl Budget {
    /// Returns true for a limit of pauses, which needs swaps.
    pub(super) fn is_of_swaps(&self) -> bool {
        matches!(self, Self::Time { phase, .. } if phase == "pause")
    }

    /// Returns true for a limit of a ratio, which needs a game to compare with.
    pub(super) fn is_ratio(&self) -> bool {
        matches!(self, Self::Ratio { .. })
    }

    /// Returns true if the figures are within the budget. A ratio is over its budget only if its whole
    /// interval is, so that noise does not count as a regression.
    pub(super) fn holds(&self, figures: &Figures, comparison: Option<&Comparison>) -> bool {
        match self {
            Self::Time { which, phase, most } => {
                let phases = figures.phases();
                let times = phases.iter().find(|(name, _)| name == phase);
                times.is_some_and(|(_, times)| which.of(times) <= most.as_secs_f64() * 1e6)
            }
            Self::Ratio { phase, most } => comparison
                .and_then(|comparison| comparison.ratio(phase))
                .is_some_and(|ratio| ratio.low <= *most),
        }
    }
}

impl Which {
    fn of(self, times: &Percentiles) -> f64 {
        match self {
            Self::P50 => times.p50,
            Self::P99 => times.p99,
            Self::Max => times.max,
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time { which, phase, most } => {
                let which = match which {
                    Which::P50 => "p50",
                    Which::P99 => "p99",
                    Which::Max => "max",
                };
                let most = humantime::format_duration(*most);
                write!(f, "{which}-{phase}={most}")
            }
            Self::Ratio { phase, most } => write!(f, "ratio-{phase}={most}"),
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!(
                "{text:?} is no budget; write p50, p99 or max of update, draw, submit, frame, image or \
                 pause, such as p99-frame=4ms, or with --compare ratio of the first four, such as \
                 ratio-frame=1.05"
            )
        };
        let (figure, most) = text.split_once('=').ok_or_else(wanted)?;
        let (which, phase) = figure.split_once('-').ok_or_else(wanted)?;
        let which = match which {
            "p50" => Which::P50,
            "p99" => Which::P99,
            "max" => Which::Max,
            "ratio" if PHASES[..4].contains(&phase) => {
                let most = most.parse().ok();
                let most = most.filter(|most: &f64| *most > 0.0 && most.is_finite());
                return Ok(Self::Ratio {
                    phase: phase.to_owned(),
                    most: most.ok_or_else(wanted)?,
                });
            }
            _ => return Err(wanted()),
        };
        if !PHASES.contains(&phase) {
            return Err(wanted());
        }
        Ok(Self::Time {
            which,
            phase: phase.to_owned(),
            most: humantime::parse_duration(most).map_err(|error| format!("{text:?}: {error}"))?,
        })
    }
}
