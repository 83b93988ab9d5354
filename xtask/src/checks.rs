//! The checks: the fast ones, all of them, and the nightly ones. Each list begins with the checks that
//! fail soonest.

use std::process::Command;

use crate::process::{Failure, announce, run};
use crate::tools::Tool;
use crate::workspace::{cargo, quieten_mesa, root};
use crate::{book, compiler, languages, setup, tally};

/// Part of the names of the tests that need compilers for C, JavaScript and Python. Plain `cargo test`
/// ignores these tests.
const FOUR_LANGUAGES: &str = "four_languages";

const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    prints: "cargo-deny ",
    flags: &[],
};

/// Runs format, clippy, unit tests and the rules for sources. Installs nothing, and builds no guest.
pub fn fast() -> Result<(), Failure> {
    let features = setup::sound_and_gamepads();
    format_and_lint(features)?;
    announce("unit tests");
    let mut tests = cargo();
    // With the whole workspace, dependencies have the features with which the other checks build them.
    tests.args([
        "test",
        "--release",
        "--workspace",
        "--lib",
        "--bins",
        "--test",
        "tidy",
    ]);
    tests.args(["--no-fail-fast"]).args(features);
    quieten_mesa(&mut tests);
    tally::run([&mut tests])
}

/// Runs format, clippy, docs, guests and tests. A filter leaves only the tests whose names contain it.
pub fn all(filter: &[&str]) -> Result<(), Failure> {
    let features = setup::sound_and_gamepads();
    if filter.is_empty() {
        format_and_lint(features)?;
        docs(features)?;
    }
    announce("host and tests");
    // One command builds everything: a build of fewer packages would build shared dependencies again
    // with other features.
    run(cargo()
        .args(["build", "--release", "--workspace", "--bins", "--tests"])
        .args(features))?;
    announce("demos");
    run(demos().args(["build", "--target", compiler::TARGET]))?;
    // The tests build this demo alone, whose dependencies have fewer features then.
    run(demos().args(["build", "--target", compiler::TARGET, "--package", "hello"]))?;
    // The tests run the tests of guests, whose dependencies are built once here and copied.
    run(demos().args(["test", "--package", "hello", "--no-run"]))?;
    let languages = has_languages();
    announce("tests");
    let threads = format!("--test-threads={}", test_threads());
    let mut tests = cargo();
    tests.args(["test", "--release", "--workspace", "--no-fail-fast"]);
    tests.args(features).arg("--").arg(&threads).args(filter);
    quieten_mesa(&mut tests);
    if !languages {
        return tally::run([&mut tests]);
    }
    tests.args(["--skip", FOUR_LANGUAGES]);
    let mut four = cargo();
    four.args(["test", "--release", "--workspace", "--test", "all"]);
    four.args(features);
    four.args(["--", "--ignored", &threads]).args(filter);
    tally::run([&mut tests, &mut four])
}

/// Checks licences and sources, the libraries without features, a million random pairs of schemas with
/// values, and the fuzz targets for five minutes each.
pub fn nightly() -> Result<(), Failure> {
    announce("licences, bans and sources of all dependencies");
    let mut deny = Command::new(CARGO_DENY.get()?);
    deny.current_dir(root());
    run(deny.args(["check", "licenses", "bans", "sources"]))?;
    announce("the library for plugins and the host's library without features");
    for package in ["vblank-runtime", "vblank-host"] {
        let mut alone = cargo();
        alone.args(["clippy", "--release", "--lib", "--no-default-features"]);
        run(alone.args(["--package", package, "--", "--deny", "warnings"]))?;
    }
    announce("laws of migration, a million cases");
    let mut laws = cargo();
    laws.args(["test", "--release", "--package", "vblank-state"])
        .args(["--features", "glam", "--test", "laws"])
        // Cases for each of the five laws.
        .env("PROPTEST_CASES", "200000");
    run(&mut laws)?;
    announce("fuzzing, five minutes for each target");
    let mut fuzz = cargo();
    fuzz.args(["test", "--release", "--workspace", "--test", "fuzz"])
        .args(setup::sound_and_gamepads())
        .args(["--", "--nocapture"])
        .env("VBLANK_FUZZ_SECONDS", "300");
    run(&mut fuzz)?;
    // It needs a nightly compiler, and finds by coverage what the harness does not.
    if Command::new("cargo-fuzz")
        .arg("--version")
        .output()
        .is_err()
    {
        announce("libFuzzer is left out: cargo-fuzz is not installed");
        return Ok(());
    }
    announce("libFuzzer");
    run(&mut Command::new(root().join("fuzz/libfuzzer/run")))
}

fn format_and_lint(features: &[&str]) -> Result<(), Failure> {
    announce("format");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    let demos = root().join("demos");
    run(cargo().current_dir(demos).args(["fmt", "--all", "--check"]))?;
    announce("clippy");
    // The tests' profile is used here too, so that build scripts and macros are built once.
    run(cargo()
        .args(["clippy", "--release", "--workspace", "--all-targets"])
        .args(features)
        .args(["--", "--deny", "warnings"]))
}

fn docs(features: &[&str]) -> Result<(), Failure> {
    announce("docs");
    let mut docs = cargo();
    docs.args(["doc", "--release", "--workspace", "--no-deps"]);
    docs.args(features);
    run(docs.env("RUSTDOCFLAGS", "--deny warnings"))?;
    announce("book");
    book::build().map(drop)
}

/// Returns the number of tests that run at once: three for two cores, since a test waits for a third of its
/// time, for watchers and for frames.
fn test_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores + cores.div_ceil(2)
}

/// Builds the guests in C, JavaScript and Python. Returns false if their compilers cannot be installed.
/// The tally at the end then counts their tests as skipped.
fn has_languages() -> bool {
    match languages::build() {
        Ok(()) => true,
        Err(Failure { message, .. }) => {
            announce(&format!(
                "plugins in C, JavaScript and Python are not tested: {message}"
            ));
            false
        }
    }
}

/// Returns cargo for guests, from the fallback toolchain if there is no other.
fn demos() -> Command {
    let mut command = if compiler::has_target(&mut Command::new("rustc")) {
        Command::new("cargo")
    } else {
        let mut command = Command::new("rustup");
        command.args(["run", "vblank-guest", "cargo"]);
        command
    };
    command.current_dir(root().join("demos"));
    command
}
