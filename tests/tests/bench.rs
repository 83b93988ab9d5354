//! `host bench`: what it measures, what it swaps, and what it is content with.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Guest, host};

/// A folder with two versions of a guest that counts.
fn guests() -> (TempDir, PathBuf, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let (one, two) = (
        folder.path().join("one.wasm"),
        folder.path().join("two.wasm"),
    );
    Guest::tally(1 << 14).write(&one);
    Guest::tally(1 << 14).step(2).write(&two);
    (folder, one, two)
}

#[test]
fn swaps_are_made_and_measured_and_figures_written() {
    let (folder, one, two) = guests();
    let (json, csv) = (
        folder.path().join("out.json"),
        folder.path().join("out.csv"),
    );
    let output = host(folder.path())
        .args([
            "bench",
            "--renderer",
            "null",
            "--frames",
            "1000",
            "--warmup",
            "100",
        ])
        .args(["--swap-every", "100", "--budget", "p99-frame=10s"])
        .arg("--swap-with")
        .arg(&two)
        .arg("--json")
        .arg(&json)
        .arg("--csv")
        .arg(&csv)
        .arg(&one)
        .output()
        .expect("the host starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("9 swaps") || said.contains("10 swaps"),
        "{said}"
    );
    let figures: Value =
        serde_json::from_slice(&std::fs::read(&json).expect("it was written")).expect("it is JSON");
    assert!(figures["swaps"].as_u64() >= Some(9), "{figures}");
    assert!(figures["pause_us"]["p50"].as_f64() > Some(0.0));
    assert_eq!(figures["frames"], 1100);
    let csv = std::fs::read_to_string(&csv).expect("it was written");
    let names: Vec<&str> = csv
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    let phases = [
        "phase", "update", "draw", "submit", "frame", "image", "pause",
    ];
    assert_eq!(names, phases);
}

#[test]
fn a_budget_that_is_missed_is_named_and_ends_with_1() {
    let (folder, one, _) = guests();
    let output = host(folder.path())
        .args(["bench", "--renderer", "null", "--frames", "200"])
        .args(["--budget", "max-update=1ns", "--budget", "p50-frame=10s"])
        .arg(&one)
        .output()
        .expect("the host starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("over budget: max-update=1ns"), "{said}");
    assert!(!said.contains("p50-frame"), "{said}");
}

#[test]
fn a_budget_that_is_none_is_a_mistake_on_the_command_line() {
    let (folder, one, _) = guests();
    for wrong in [
        "frame=4ms",
        "p98-frame=4ms",
        "p99-lunch=4ms",
        "p99-frame=soon",
    ] {
        let output = host(folder.path())
            .args(["bench", "--budget", wrong])
            .arg(&one)
            .output()
            .expect("the host starts");
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}
