//! `host bench`: what it measures, what it swaps, and what it is content with.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Demo, Guest, host, workspace};

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
    let output = bench(folder.path())
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
    assert!(said.contains("\npause "), "{said}");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(!shown.contains("swap 1"), "one summary is enough: {shown}");
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
fn a_swap_that_fails_is_shown() {
    let (folder, one, two) = guests();
    Guest::tally(1 << 14).trap_at(70).write(&two);
    let output = bench(folder.path())
        .args(["bench", "--renderer", "null", "--frames", "200"])
        .args(["--swap-every", "50", "--swap-with", "two.wasm"])
        .arg(&one)
        .output()
        .expect("the host starts");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("rollback"), "{shown}");
}

#[test]
fn a_crate_that_was_never_built_is_built_before_it_is_swapped() {
    let demo = Demo::copy("hello");
    let json = demo.beside("out.json");
    let mut host = bench(&demo.beside(""));
    // A build that takes less time.
    for (name, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "0")] {
        host.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    let output = host
        .args(["bench", "--renderer", "null", "--frames", "100"])
        .args(["--swap-every", "10", "--json"])
        .arg(&json)
        .arg(demo.folder())
        .output()
        .expect("the host starts");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}");
    let figures: Value =
        serde_json::from_slice(&std::fs::read(&json).expect("it was written")).expect("it is JSON");
    assert!(figures["swaps"].as_u64() >= Some(9), "{figures}");
}

#[test]
fn a_budget_that_is_missed_is_named_and_ends_with_1() {
    let (folder, one, _) = guests();
    let output = bench(folder.path())
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
        let output = bench(folder.path())
            .args(["bench", "--budget", wrong])
            .arg(&one)
            .output()
            .expect("the host starts");
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn two_games_by_turns_are_told_apart() {
    let (folder, one, _) = guests();
    let slow = folder.path().join("slow.wasm");
    burning(100_000).write(&slow);
    let (json, csv) = (
        folder.path().join("out.json"),
        folder.path().join("out.csv"),
    );
    let compare = |budget: &str| {
        let output = bench(folder.path())
            .args(["bench", "--renderer", "null", "--frames", "200"])
            .arg(&slow)
            .arg("--compare")
            .arg(&one)
            .args(["--budget", budget])
            .arg("--json")
            .arg(&json)
            .arg("--csv")
            .arg(&csv)
            .output()
            .expect("the host starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = compare("ratio-update=1.5");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("over budget: ratio-update=1.5"), "{said}");
    let figures: Value =
        serde_json::from_slice(&std::fs::read(&json).expect("it was written")).expect("it is JSON");
    let beside = &figures["compare"];
    assert!(beside["pairs"].as_u64() >= Some(20), "{beside}");
    assert_eq!(
        figures["frames"], beside["other"]["frames"],
        "the same work"
    );
    let update = &beside["ratios"][0];
    assert_eq!(update["phase"], "update");
    assert_eq!(update["verdict"], "slower", "{update}");
    assert!(update["low"].as_f64() <= update["ratio"].as_f64());
    let csv = std::fs::read_to_string(&csv).expect("it was written");
    let head = csv.lines().next().unwrap_or_default();
    assert!(head.ends_with("other_max_us,ratio,low,high"), "{head}");
    assert!(
        csv.lines()
            .all(|line| line.split(',').count() == head.split(',').count()),
        "{csv}"
    );
    let (code, said) = compare("ratio-update=1e9");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_game_beside_itself_is_in_the_same_state() {
    let (folder, one, _) = guests();
    let json = folder.path().join("out.json");
    let output = bench(folder.path())
        .args(["bench", "--renderer", "null", "--seconds", "0.3"])
        .arg(&one)
        .arg("--compare")
        .arg(&one)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("the host starts");
    assert!(output.status.success());
    let figures: Value =
        serde_json::from_slice(&std::fs::read(&json).expect("it was written")).expect("it is JSON");
    assert!(figures["state_hash"].is_string(), "{figures}");
    assert_eq!(
        figures["state_hash"],
        figures["compare"]["other"]["state_hash"]
    );
}

#[test]
fn a_profile_names_the_guests_functions() {
    let (folder, ..) = guests();
    let busy = folder.path().join("busy.wasm");
    // Each update is longer than the time between two samples.
    burning(20_000_000).write(&busy);
    let profile = |file: &str| {
        let output = bench(folder.path())
            .args(["bench", "--renderer", "null", "--frames", "10"])
            .args(["--call-limit", "600000", "--profile", file])
            .arg(&busy)
            .output()
            .expect("the host starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("%  vblank:guest/lifecycle"), "{said}");
        std::fs::read_to_string(folder.path().join(file)).expect("it was written")
    };
    let stacks = profile("busy.folded");
    assert!(
        stacks
            .lines()
            .any(|line| line.starts_with("vblank:guest/lifecycle@0.1.0#update ")),
        "{stacks}"
    );
    let picture = profile("busy.svg");
    assert!(picture.starts_with("<?xml") && picture.contains("#update"));
}

#[test]
fn a_guest_that_hangs_is_stopped_while_it_is_profiled_as_well() {
    let (folder, ..) = guests();
    let hung = folder.path().join("hung.wasm");
    Guest::tally(1 << 14).hang_at(5).write(&hung);
    let output = bench(folder.path())
        .args(["bench", "--renderer", "null", "--frames", "10"])
        .args(["--call-limit", "100", "--profile", "hung.svg"])
        .arg(&hung)
        .output()
        .expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("longer than 100 ms"), "{said}");
    assert!(!folder.path().join("hung.svg").exists());
}

#[test]
fn what_makes_no_sense_together_is_a_mistake_on_the_command_line() {
    let (folder, one, _) = guests();
    for wrong in [
        "--frames 5 --seconds 5",
        "--seconds 0",
        "--compare one.wasm --hz 60",
        "--compare one.wasm --swap-every 5",
        "--compare one.wasm --profile a.svg",
        "--swap-every 5 --profile a.svg",
        "--swap-every 10 --frames 10",
        "--swap-with one.wasm",
        "--profile a.png",
        "--budget ratio-frame=1.05",
        "--budget max-pause=1ms",
        "--compare one.wasm --budget ratio-pause=1",
        "--compare one.wasm --budget ratio-frame=-1",
        "--json a.svg --profile a.svg",
    ] {
        let output = bench(folder.path())
            .arg("bench")
            .args(wrong.split(' '))
            .arg(&one)
            .output()
            .expect("the host starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {said}");
    }
    let left = std::fs::read_dir(folder.path()).expect("it is there");
    assert_eq!(left.count(), 2, "nothing was written");
}

/// Every command of the manual, on two small games.
#[test]
fn the_manuals_commands_run() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    for (name, step) in [("game.wasm", 1), ("before.wasm", 2)] {
        Guest::tally(1 << 14)
            .step(step)
            .write(&folder.path().join(name));
    }
    let manual = std::fs::read_to_string(workspace().join("docs/bench.md")).expect("it is there");
    let lines = manual.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix("- run: ").unwrap_or(line)
    });
    let commands: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("host "))
        .filter(|command| command.starts_with("bench ") || command.starts_with("check "))
        .collect();
    assert_eq!(commands.len(), 6, "{commands:?}");
    for command in commands {
        let output = bench(folder.path())
            .args(command.split(' '))
            .output()
            .expect("the host starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_ne!(output.status.code(), Some(2), "{command}: {said}");
        if !command.contains("--profile") {
            // Its updates may be too short to be met in a sample.
            assert!(output.status.success(), "{command}: {said}");
        }
    }
}

/// The host, in the folder of the guests.
fn bench(folder: &Path) -> Command {
    let mut host = host(folder);
    host.current_dir(folder);
    host
}

/// A guest whose update goes round so often.
fn burning(rounds: u32) -> Guest {
    Guest::tally(1 << 14).before(
        "update",
        &format!(
            "(local $rounds i32)
             (local.set $rounds (i32.const {rounds}))
             (loop $more
               (i32.store (i32.const 1000) (local.get $rounds))
               (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
               (br_if $more (local.get $rounds)))"
        ),
    )
}
