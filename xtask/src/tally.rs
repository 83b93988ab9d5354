//! The tally of test runs: how many tests passed, failed and were skipped.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::process::Failure;

/// Mark of a line that a test prints if something that it needs is missing. The test harness counts
/// that test as passed.
const SKIPPED: &str = "test skipped: ";

/// Numbers of tests.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    /// Counts one line of the output of `cargo test`.
    fn hear(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
            self.skipped += number_before(result, " ignored");
        } else if line.contains(SKIPPED) {
            self.skipped += 1;
            // The line of a skipped test comes before the result that counts it as passed.
            self.passed = self.passed.wrapping_sub(1);
        }
    }
}

/// Runs cargo's tests, passes on their output, and prints the tally.
pub fn run<const N: usize>(runs: [&mut Command; N]) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::from(format!("cannot run cargo test: {error}"));
    let mut tally = Tally::default();
    let mut all_passed = true;
    for tests in runs {
        let mut child = tests.stdout(Stdio::piped()).spawn().map_err(cannot)?;
        let lines = child.stdout.take().map(BufReader::new);
        for line in lines.into_iter().flat_map(BufRead::lines) {
            let line = line.map_err(cannot)?;
            println!("{line}");
            tally.hear(&line);
        }
        all_passed &= child.wait().map_err(cannot)?.success();
    }
    let Tally {
        passed,
        failed,
        skipped,
    } = tally;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if all_passed {
        Ok(())
    } else {
        Err("not all checks passed".to_owned().into())
    }
}

/// Returns the number before a word: 12 in `ok. 12 passed; 0 failed`.
fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn a_skipped_test_has_not_passed() {
        let mut tally = Tally::default();
        for line in [
            "test sound::music ... test skipped: sound::music: no libasound",
            "test sound::music ... ok",
            "test result: ok. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        ] {
            tally.hear(line);
        }
        let expected = Tally {
            passed: 14,
            failed: 1,
            skipped: 3,
        };
        assert_eq!(tally, expected);
    }
}
