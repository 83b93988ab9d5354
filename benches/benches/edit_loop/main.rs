//! The loop of an edit, by the size of the program: from saved file to first new frame, beside `cargo
//! build` alone and beside a reloaded dylib. Also the costs and gains of each choice in a guest's
//! profile. Prints the tables of `docs/edit-loop.md`.
//!
//! `cargo bench -p vblank-benches --bench edit_loop [-- sizes | choices] [--quick]`, after
//! `cargo build --release`. Half an hour for all of it, two minutes with `--quick`.

mod choices;
mod rival;
mod sizes;

use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;
use vblank_benches::generated::{Flavour, Program};
use vblank_tests::cargo_for_guests;

/// Number of repetitions of each measurement.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Edits of each program of [`sizes`].
    pub edits: usize,
    /// Edits of each program of [`choices`].
    pub rounds: usize,
    /// Lines of the programs.
    pub sizes: &'static [usize],
}

const FULL: Effort = Effort {
    edits: 20,
    rounds: 3,
    sizes: &[100, 1_000, 10_000],
};
const QUICK: Effort = Effort {
    edits: 3,
    rounds: 1,
    sizes: &[100, 1_000],
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_given = |name: &str| arguments.iter().any(|argument| argument == name);
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if is_given("--test") {
        return;
    }
    let effort = if is_given("--quick") { QUICK } else { FULL };
    let dependencies = Dependencies::build();
    let is_all = !is_given("sizes") && !is_given("choices");
    if is_all || is_given("sizes") {
        sizes::measure(effort, &dependencies);
    }
    if is_all || is_given("choices") {
        choices::measure(effort, &dependencies);
    }
}

/// Dependencies of a guest, built once and copied into each program's target folder.
pub struct Dependencies {
    program: Program,
    _folder: TempDir,
}

impl Dependencies {
    fn build() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let program = Program::write(folder.path(), Flavour::Guest, 1);
        for settings in [&[][..], &["release"], &["incremental=false"]] {
            build(&program, settings);
        }
        Self {
            program,
            _folder: folder,
        }
    }

    /// Copies the dependencies with their times, by which cargo decides what to rebuild.
    fn put_into(&self, program: &Program) {
        for part in ["target", "Cargo.lock"] {
            let status = Command::new("cp")
                .arg("-a")
                .arg(self.program.folder().join(part))
                .arg(program.folder())
                .status();
            assert!(status.expect("cp starts").success());
        }
    }
}

/// Runs `cargo build` as the host does, with settings of the profile. Returns the milliseconds.
fn build(program: &Program, settings: &[&str]) -> f64 {
    let mut cargo = cargo_for_guests();
    cargo
        .args([
            "build",
            "--quiet",
            "--lib",
            "--target",
            "wasm32-unknown-unknown",
        ])
        .current_dir(program.folder());
    for setting in settings {
        match *setting {
            "release" => cargo.arg("--release"),
            setting => cargo.args(["--config", &format!("profile.dev.{setting}")]),
        };
    }
    let begun = Instant::now();
    assert!(cargo.status().expect("cargo starts").success());
    begun.elapsed().as_secs_f64() * 1e3
}

/// Returns the median.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
