//! The results of a benchmark: the figures of a game, and the comparison with another.

use std::fmt::Write;

use serde::Serialize;

use super::compare::Comparison;
use super::figures::Figures;

/// Results of a benchmark. The names of the fields are a contract.
#[derive(Serialize)]
pub(super) struct Results {
    #[serde(flatten)]
    pub(super) figures: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compare: Option<Comparison>,
}

impl Results {
    /// Returns the times as CSV, with one line for each phase.
    pub(super) fn csv(&self) -> String {
        let mut text = "phase,p50_us,p99_us,max_us".to_owned();
        if self.compare.is_some() {
            text += ",other_p50_us,other_p99_us,other_max_us,ratio,low,high";
        }
        text.push('\n');
        for (name, times) in self.figures.phases() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name},{},{},{}", times.p50, times.p99, times.max);
            if let Some(comparison) = &self.compare {
                let of_other = comparison.other.phases();
                let other = of_other.iter().find(|(other, _)| *other == name);
                let [p50, p99, max] =
                    other.map_or([0.0; 3], |(_, times)| [times.p50, times.p99, times.max]);
                let _ = write!(text, ",{p50},{p99},{max},");
                let _ = match comparison.ratio(name) {
                    Some(ratio) => write!(text, "{},{},{}", ratio.ratio, ratio.low, ratio.high),
                    None => write!(text, ",,"),
                };
            }
            text.push('\n');
        }
        text
    }

    pub(super) fn print(&self) {
        self.figures.print();
        if let Some(comparison) = &self.compare {
            comparison.print();
        }
    }
}
