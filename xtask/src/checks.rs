//! `cargo xtask test`: every check, in the order in which they are quick to fail, and one line at
//! the end that counts the tests.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::process::{Failure, announce, run};
use crate::{cargo, quieten_mesa, root};

/// Format, clippy, docs, guests, tests. A filter leaves only the tests whose names contain it.
pub fn all(filter: &[&str]) -> Result<(), Failure> {
    let features = crate::setup::sound_and_gamepads();
    if filter.is_empty() {
        format_and_lint(features)?;
    }
    announce("host and tests");
    // All at once: with other packages, shared dependencies would be built with other features again.
    run(cargo()
        .args(["build", "--release", "--workspace", "--bins", "--tests"])
        .args(features))?;
    announce("demos");
    run(demos().args(["build", "--target", crate::setup::TARGET]))?;
    let languages = languages();
    announce("tests");
    let mut tests = cargo();
    tests.args(["test", "--release", "--workspace", "--no-fail-fast"]);
    tests.args(features).arg("--").args(filter);
    quieten_mesa(&mut tests);
    if !languages {
        return count([&mut tests]);
    }
    tests.args(["--skip", FOUR_LANGUAGES]);
    let mut four = cargo();
    four.args(["test", "--release", "--workspace", "--test", "all"]);
    four.args(features).args(["--", "--ignored"]).args(filter);
    count([&mut tests, &mut four])
}

/// In the names of the tests that are ignored where there are no compilers for C, JavaScript and Python.
const FOUR_LANGUAGES: &str = "four_languages";

/// Whether there are plugins in all languages to test with. Where their tools cannot be had, the sum at the
/// end counts their tests as skipped.
fn languages() -> bool {
    match crate::languages::build() {
        Ok(()) => true,
        Err(Failure { message, .. }) => {
            announce(&format!(
                "plugins in C, JavaScript and Python are not tested: {message}"
            ));
            false
        }
    }
}

/// A million random pairs of schemas with values, the fuzz targets, and the library without games.
pub fn nightly() -> Result<(), Failure> {
    announce("the host's library for plugins alone");
    let mut alone = cargo();
    alone.args(["clippy", "--release", "--package", "vblank-host", "--lib"]);
    run(alone.args(["--no-default-features", "--", "--deny", "warnings"]))?;
    announce("laws of migration, a million cases");
    let mut laws = cargo();
    laws.args(["test", "--release", "--package", "vblank-state"])
        .args(["--features", "glam", "--test", "laws"])
        // Of each of five laws.
        .env("PROPTEST_CASES", "200000");
    run(&mut laws)?;
    announce("fuzzing");
    run(&mut Command::new(root().join("fuzz/run")))
}

fn format_and_lint(features: &[&str]) -> Result<(), Failure> {
    announce("format");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    let demos = root().join("demos");
    run(cargo().current_dir(demos).args(["fmt", "--all", "--check"]))?;
    announce("clippy");
    let deny = ["--", "--deny", "warnings"];
    // With the tests' profile, so that build scripts and macros are built once.
    run(cargo()
        .args(["clippy", "--release", "--workspace", "--all-targets"])
        .args(features)
        .args(deny))?;
    announce("docs");
    let mut docs = cargo();
    docs.args(["doc", "--release", "--workspace", "--no-deps"]);
    docs.args(features);
    run(docs.env("RUSTDOCFLAGS", "--deny warnings"))?;
    announce("book");
    crate::book::build().map(drop)
}

/// cargo for guests: the fallback toolchain where that is what there is.
fn demos() -> Command {
    let mut command = if crate::setup::has_target(&mut Command::new("rustc")) {
        Command::new("cargo")
    } else {
        let mut command = Command::new("rustup");
        command.args(["run", "vblank-guest", "cargo"]);
        command
    };
    command.current_dir(root().join("demos"));
    command
}

/// Run cargo's tests, pass on what they print, and end with their sum.
fn count<const N: usize>(runs: [&mut Command; N]) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::from(format!("cannot run cargo test: {error}"));
    let mut sum = [0_u64; 3];
    let mut all_passed = true;
    for tests in runs {
        let mut child = tests.stdout(Stdio::piped()).spawn().map_err(cannot)?;
        let lines = child.stdout.take().map(BufReader::new);
        for line in lines.into_iter().flat_map(BufRead::lines) {
            let line = line.map_err(cannot)?;
            println!("{line}");
            if let Some(result) = line.strip_prefix("test result: ") {
                for (total, name) in sum.iter_mut().zip([" passed", " failed", " ignored"]) {
                    *total += number_before(result, name);
                }
            }
        }
        all_passed &= child.wait().map_err(cannot)?.success();
    }
    let [passed, failed, skipped] = sum;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if all_passed {
        Ok(())
    } else {
        Err("not all checks passed".to_owned().into())
    }
}

/// 12 in `ok. 12 passed; 0 failed`.
fn number_before(text: &str, name: &str) -> u64 {
    let before = text.split(name).next().unwrap_or_default();
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
