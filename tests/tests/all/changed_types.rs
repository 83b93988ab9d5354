//! The state's type changes between two versions: what crosses by itself, what is kept aside, and what
//! is refused. The table of verdicts has its own tests in `vblank-state`; here the whole program is
//! asked.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use vblank_derive::State;
use vblank_tests::{Counter, Ended, Guest, Run, show_state};

/// Versions of [`Counter`], which go by the same name.
mod with_bonus {
    use super::State;

    #[derive(State, Default)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        pub count: u64,
        #[state(default = 7)]
        pub bonus: u64,
    }
}

mod renamed {
    use super::State;

    #[derive(State, Default)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        #[state(alias = "count")]
        pub total: u64,
    }
}

mod of_text {
    use super::State;

    #[derive(State, Default)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        pub count: String,
    }
}

/// Runs 100 frames from a plain counter, with these versions let in at these frames. Gives what
/// happened and the last state.
fn play(versions: &[(u64, &Guest)], flags: &str) -> (Ended, Value) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let write = |name: &str, guest: &Guest| -> PathBuf {
        let path = folder.path().join(name);
        guest.write(&path);
        path
    };
    let first = write("first.wasm", &Guest::of::<Counter>());
    let last = folder.path().join("last.vbs");
    let mut run = Run::headless(&first)
        .args("--fast --frames 100 --renderer null")
        .args(flags)
        .file("--state-out", &last, "");
    for (frame, guest) in versions {
        let path = write(&format!("{frame}.wasm"), guest);
        run = run
            .arg("--swap-at")
            .arg(format!("{frame}={}", path.display()));
    }
    let ended = run.to_end().exits(0).without(&["rollback", "break"]);
    assert_eq!(ended.frames(), 100);
    let state = show_state(&last);
    (ended, state)
}

#[test]
fn a_new_field_gets_its_default() {
    let next = Guest::of::<with_bonus::Counter>().step(10);
    let (ended, state) = play(&[(40, &next)], "");
    let swap = ended.only("swap");
    assert_eq!(swap["verdict"], "automatic");
    assert!(swap["changes"].to_string().contains("bonus"), "{swap}");
    assert_eq!(state, json!({"count": 40 + 600, "bonus": 7}));
}

#[test]
fn a_removed_field_is_parked_and_comes_back() {
    // Counted up to 57 while it is there; the default would be 7.
    let bonus = "(i64.store (i32.const 72) (i64.add (i64.load (i32.const 72)) (i64.const 1)))";
    let with = Guest::of::<with_bonus::Counter>().before("update", bonus);
    let without = Guest::of::<Counter>().step(2);
    let again = Guest::of::<with_bonus::Counter>();
    let (ended, state) = play(&[(10, &with), (60, &without), (80, &again)], "");
    let swaps = ended.all("swap");
    assert_eq!(swaps.len(), 3);
    assert!(
        swaps[1]["parked"].to_string().contains("bonus"),
        "{}",
        swaps[1]
    );
    assert_eq!(swaps[2]["parked"], json!([]), "it has a place again");
    assert_eq!(state, json!({"count": 60 + 40 + 20, "bonus": 57}));
}

#[test]
fn strict_refuses_what_would_be_parked() {
    let with = Guest::of::<with_bonus::Counter>();
    let without = Guest::of::<Counter>().step(2);
    let (ended, state) = play(&[(10, &with), (60, &without)], "--strict");
    assert_eq!(ended.only("refused")["reason"], "strict");
    assert_eq!(
        state,
        json!({"count": 100, "bonus": 7}),
        "the old version ran on"
    );
    let _ = ended.says_once(&["--strict", "bonus"]);
}

#[test]
fn a_renamed_field_keeps_its_value() {
    let (ended, state) = play(&[(50, &Guest::of::<renamed::Counter>())], "--strict");
    assert_eq!(ended.only("swap")["verdict"], "automatic");
    assert_eq!(state, json!({"total": 100}));
}

#[test]
fn another_type_needs_a_migration() {
    let (ended, state) = play(&[(50, &Guest::of::<of_text::Counter>())], "");
    let refused = ended.only("refused");
    assert_eq!(refused["reason"], "needs-migration");
    let message = refused["message"].as_str().unwrap_or_default();
    for word in ["count", "u64", "string"] {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    assert_eq!(state, json!({"count": 100}), "the old version ran on");
}

/// Writes the state of a counter with a bonus after ten frames, and returns the folder and the image.
fn with_bonus_image() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let (file, image) = (
        folder.path().join("old.wasm"),
        folder.path().join("old.vbs"),
    );
    Guest::of::<with_bonus::Counter>().write(&file);
    let _ = Run::headless(&file)
        .args("--fast --frames 10 --renderer null")
        .file("--state-out", &image, "")
        .to_end()
        .exits(0);
    (folder, image)
}

#[test]
fn a_start_from_another_type_says_what_changed() {
    let (folder, image) = with_bonus_image();
    let file = folder.path().join("new.wasm");
    Guest::of::<Counter>().write(&file);
    let run = || {
        Run::headless(&file)
            .args("--fast --frames 5 --renderer null")
            .file("--state-in", &image, "")
    };
    let ended = run().to_end().exits(0);
    let start = ended.only("start");
    assert_eq!(start["verdict"], "automatic");
    assert_eq!(start["parked"], json!(["bonus"]));
    assert!(start["changes"].to_string().contains("bonus"), "{start}");
    let ended = ended.says_once(&["saved state: automatic"]);
    let _ = ended.says_once(&["Counter.bonus", "u64", "parked"]);

    // The same type: no lines, and the fields are there.
    Guest::of::<with_bonus::Counter>().step(2).write(&file);
    let ended = run().to_end().exits(0);
    assert_eq!(ended.only("start")["verdict"], "identical");
    assert_eq!(ended.only("start")["changes"], json!([]));
    assert!(!ended.said.contains("Counter.bonus"), "{}", ended.said);

    // A start without a state has no such fields.
    let ended = Run::headless(&file)
        .args("--fast --frames 5 --renderer null")
        .to_end()
        .exits(0);
    assert_eq!(ended.only("start").get("verdict"), None);
}

#[test]
fn a_refused_start_says_that_it_waits() {
    let (folder, image) = with_bonus_image();
    let (file, source) = (folder.path().join("new.wasm"), folder.path().join("source"));
    Guest::of::<Counter>().write(&source);
    let run = || {
        let command = format!("cp '{}' '{}'", source.display(), file.display());
        Run::headless(&file)
            .args("--strict --renderer null --frames 5 --build")
            .arg(command)
            .file("--watch", &source, "")
            .file("--state-in", &image, "")
    };
    let mut host = run().start();
    host.event("refused");
    host.says("no version runs; waiting for a change (--exit-on-break ends the run instead)");
    Guest::of::<with_bonus::Counter>().write(&source);
    host.event("start");
    let _ = host.end().exits(0);

    Guest::of::<Counter>().write(&source);
    let ended = run().arg("--exit-on-break").to_end().exits(1);
    assert_eq!(ended.only("refused")["reason"], "strict");
    assert!(!ended.said.contains("waiting"), "{}", ended.said);
}
