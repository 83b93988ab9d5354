//! The checks: the fast ones, all of them, and those that take longer. Each list is in the order in which
//! they are quick to fail.

use std::process::Command;

use crate::process::{Failure, announce, run};
use crate::tools::Tool;
use crate::workspace::{cargo, quieten_mesa, root};
use crate::{book, compiler, languages, setup, tally};

/// In the names of the tests that need compilers for C, JavaScript and Python. They are ignored by plain
/// `cargo test`.
const FOUR_LANGUAGES: &str = "four_languages";

const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    prints: "cargo-deny ",
    flags: &[],
};

/// Format, clippy, unit tests and the rules for sources. Nothing is set up, and no guest is built.
pub fn fast() -> Result<(), Failure> {
    let features = setup::sound_and_gamepads();
    format_and_lint(features)?;
    announce("unit tests");
    let mut tests = cargo();
    // With the whole workspace, so that dependencies have the features that the other checks build them with.
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

/// Format, clippy, docs, guests, tests. A filter leaves only the tests whose names contain it.
pub fn all(filter: &[&str]) -> Result<(), Failure> {
    let features = setup::sound_and_gamepads();
    if filter.is_empty() {
        format_and_lint(features)?;
        docs(features)?;
    }
    announce("host and tests");
    // All at once: with other packages, shared dependencies would be built with other features again.
    run(cargo()
        .args(["build", "--release", "--workspace", "--bins", "--tests"])
        .args(features))?;
    announce("demos");
    run(demos().args(["build", "--target", compiler::TARGET]))?;
    let languages = has_languages();
    announce("tests");
    let mut tests = cargo();
    tests.args(["test", "--release", "--workspace", "--no-fail-fast"]);
    tests.args(features).arg("--").args(filter);
    quieten_mesa(&mut tests);
    if !languages {
        return tally::run([&mut tests]);
    }
    tests.args(["--skip", FOUR_LANGUAGES]);
    let mut four = cargo();
    four.args(["test", "--release", "--workspace", "--test", "all"]);
    four.args(features).args(["--", "--ignored"]).args(filter);
    tally::run([&mut tests, &mut four])
}

/// Licences and sources, the library without games, a million random pairs of schemas with values, and the
/// fuzz targets.
pub fn nightly() -> Result<(), Failure> {
    announce("licences, bans and sources of all dependencies");
    let mut deny = Command::new(CARGO_DENY.get()?);
    deny.current_dir(root());
    run(deny.args(["check", "licenses", "bans", "sources"]))?;
    announce("the host's library for plugins alone");
    let mut alone = cargo();
    alone.args(["clippy", "--release", "--package", "vblank-host", "--lib"]);
    run(alone.args(["--no-default-features", "--", "--deny", "warnings"]))?;
    announce("laws of migration, a million cases");
    let mut laws = cargo();
    laws.args(["test", "--release", "--package", "vblank-state"])
        .args(["--features", "glam", "--test", "laws"])
        // For each of five laws.
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
    // With the tests' profile, so that build scripts and macros are built once.
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

/// Build the guests in C, JavaScript and Python. Returns whether they are there: where their compilers cannot be
/// had, the sum at the end counts their tests as skipped.
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

/// cargo for guests, from the fallback toolchain where there is no other.
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
