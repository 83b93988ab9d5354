//! Profile of a game: its time by function, as a flame graph or as stacks in text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use inferno::flamegraph;
use vblank_runtime::guest::{Frame, Sample};

/// Interval between two samples of the guest's stack.
pub(super) const EVERY: Duration = Duration::from_millis(1);

/// Output file of a profile, with its format.
#[derive(Clone, Debug)]
pub(super) struct ProfileFile {
    pub(super) path: PathBuf,
    is_picture: bool,
}

impl FromStr for ProfileFile {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let path = PathBuf::from(path);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_picture = match extension {
            Some("svg") => true,
            Some("folded" | "txt") => false,
            _ => {
                return Err(
                    "write a name that ends in .svg (a flame graph) or .folded (the stacks as text)"
                        .to_owned(),
                );
            }
        };
        Ok(Self { path, is_picture })
    }
}

/// Writes the profile to its file and prints the functions with the most samples.
pub(super) fn write(file: &ProfileFile, guest: &Path, samples: &[Sample]) -> anyhow::Result<()> {
    let stacks = fold(samples);
    let all: u64 = stacks.values().sum();
    if all == 0 {
        bail!(
            "--profile: the guest was never met running in samples of {} ms; measure longer",
            EVERY.as_millis()
        );
    }
    let lines: Vec<String> = stacks
        .iter()
        .map(|(stack, times)| format!("{stack} {times}"))
        .collect();
    let written = if file.is_picture {
        picture(guest, &lines).and_then(|picture| Ok(std::fs::write(&file.path, picture)?))
    } else {
        let text = lines.join("\n") + "\n";
        std::fs::write(&file.path, text).map_err(anyhow::Error::from)
    };
    written.with_context(|| format!("cannot write {}", file.path.display()))?;
    outln!("");
    outln!("{all} samples in {}", file.path.display());
    for (name, times) in hottest(&stacks) {
        outln!("{:>5.1}%  {name}", 100.0 * times as f64 / all as f64);
    }
    Ok(())
}

/// Counts the samples of each stack. A stack is text, with the outermost function first. Samples without
/// names share one stack, `(no names in the file)`.
fn fold(samples: &[Sample]) -> BTreeMap<String, u64> {
    let mut stacks = BTreeMap::new();
    for sample in samples {
        let names: Vec<String> = sample.frames.iter().rev().map(name).collect();
        let stack = if names.is_empty() {
            "(no names in the file)".to_owned()
        } else {
            names.join(";")
        };
        *stacks.entry(stack).or_default() += sample.times;
    }
    stacks
}

/// Returns the name of a function without `;` and line breaks, which separate names and stacks.
fn name(frame: &Frame) -> String {
    frame.function.replace(';', ",").replace('\n', " ")
}

/// Returns the functions that were innermost in the most samples, with the numbers of samples.
fn hottest(stacks: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    const MOST: usize = 8;
    let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
    for (stack, times) in stacks {
        let innermost = stack.rsplit(';').next().unwrap_or(stack);
        *by_name.entry(innermost).or_default() += times;
    }
    let mut hottest: Vec<(&str, u64)> = by_name.into_iter().collect();
    hottest.sort_by_key(|(name, times)| (std::cmp::Reverse(*times), *name));
    hottest.truncate(MOST);
    hottest
}

fn picture(guest: &Path, lines: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut options = flamegraph::Options::default();
    let name = guest.file_name().unwrap_or(guest.as_os_str());
    options.title = name.to_string_lossy().into_owned();
    options.subtitle = Some("time in the guest; wider is more, callers are below".to_owned());
    options.count_name = "ms".to_owned();
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(functions: &[&str], times: u64) -> Sample {
        let frame = |function: &&str| Frame {
            function: (*function).to_owned(),
            file: None,
            line: None,
            column: None,
        };
        Sample {
            frames: functions.iter().map(frame).collect(),
            times,
        }
    }

    #[test]
    fn stacks_begin_at_the_outermost_and_are_counted_together() {
        let samples = [
            sample(&["inner", "update"], 2),
            sample(&["inner", "update"], 3),
            sample(&["<[u8; 4] as X>::y", "update"], 1),
            sample(&[], 1),
        ];
        let stacks = fold(&samples);
        let told: Vec<String> = stacks.iter().map(|(s, n)| format!("{s} {n}")).collect();
        assert_eq!(
            told,
            [
                "(no names in the file) 1",
                "update;<[u8, 4] as X>::y 1",
                "update;inner 5"
            ]
        );
        assert_eq!(hottest(&stacks)[0], ("inner", 5));
        let svg = String::from_utf8(picture(Path::new("a/game.wasm"), &told).unwrap()).unwrap();
        assert!(svg.contains("<title>inner (5 ms, 71.43%)</title>"), "{svg}");
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        for (name, is_fine) in [
            ("a.svg", true),
            ("a.folded", true),
            ("a.png", false),
            ("a", false),
        ] {
            assert_eq!(name.parse::<ProfileFile>().is_ok(), is_fine, "{name}");
        }
    }
}
