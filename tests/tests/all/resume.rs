//! The host is killed, and the next one continues from the autosaved image.

use std::path::Path;

use tempfile::TempDir;
use vblank_tests::{Counter, Guest, Run};

fn run(guest: &Path, data: &TempDir) -> Run {
    Run::headless(guest)
        .args("--renderer null")
        .env("XDG_DATA_HOME", data.path())
}

/// True if the file is whole that the host saves by itself: until then it has another ending.
fn autosaved(data: &TempDir) -> bool {
    std::fs::read_dir(data.path().join("vblank/autosave")).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "vbs")
        })
    })
}

#[test]
fn a_killed_game_goes_on() {
    let data = TempDir::new().expect("a temporary folder can be made");
    let guest = data.path().join("game.wasm");
    Guest::of::<Counter>().write(&guest);
    let mut host = run(&guest, &data).start();
    host.event("start");
    host.event("autosave");
    assert!(autosaved(&data));
    drop(host); // SIGKILL

    let ended = run(&guest, &data)
        .args("--resume --frames 5")
        .to_end()
        .exits(0);
    let start = ended.only("start");
    let frame = start["frame"].as_u64().expect("a frame");
    assert!(frame > 0, "it began anew: {start}");

    // The end was saved as well.
    let ended = run(&guest, &data)
        .args("--resume --frames 1")
        .to_end()
        .exits(0);
    assert_eq!(ended.only("start")["frame"], frame + 5);
}

#[test]
fn a_fresh_start_keeps_the_image_of_the_run_before() {
    let data = TempDir::new().expect("a temporary folder can be made");
    let guest = data.path().join("game.wasm");
    Guest::of::<Counter>().write(&guest);
    for frames in [7, 1] {
        let run = run(&guest, &data).args(&format!("--frames {frames}"));
        let _ = run.to_end().exits(0);
    }
    let folder = data.path().join("vblank/autosave");
    let entries = std::fs::read_dir(folder)
        .expect("the folder was made")
        .flatten();
    let kept = entries
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(".previous.vbs"))
        .expect("the image before is kept");
    let ended = run(&guest, &data)
        .args("--frames 1")
        .file("--state-in", &kept, "")
        .to_end()
        .exits(0);
    assert_eq!(ended.only("start")["frame"], 7);
}

#[test]
fn two_hosts_of_one_guest_save_in_two_files() {
    let data = TempDir::new().expect("a temporary folder can be made");
    let guest = data.path().join("game.wasm");
    Guest::of::<Counter>().write(&guest);
    let mut first = run(&guest, &data).args("--hz 200").start();
    first.event("autosave");
    let second = run(&guest, &data).args("--frames 3").to_end().exits(0);
    let words = ["another host runs this guest", ".2.vbs", "--state-in"];
    let second = second.says_once(&words);
    let last = first.stop().exits(0).frames();
    assert!(last > 3);

    // The file of the guest is that of the first host, whoever ended last.
    let resumed = run(&guest, &data).args("--resume --frames 1").to_end();
    assert_eq!(resumed.exits(0).only("start")["frame"], last);
    let folder = data.path().join("vblank/autosave");
    let own = std::fs::read_dir(folder)
        .expect("the folder was made")
        .flatten();
    let own = own.map(|entry| entry.path());
    let mut own = own.filter(|path| path.to_string_lossy().ends_with(".2.vbs"));
    let own = own.next().expect("the second host has saved its state");
    let again = run(&guest, &data)
        .args("--frames 1")
        .file("--state-in", &own, "");
    let again = again.to_end().exits(0);
    assert_eq!(again.only("start")["frame"], 3);
    assert!(!again.said.contains("another host"), "{}", again.said);
    drop(second);
}

#[test]
fn without_autosave_nothing_is_written() {
    let data = TempDir::new().expect("a temporary folder can be made");
    let guest = data.path().join("game.wasm");
    Guest::of::<Counter>().write(&guest);
    let ended = run(&guest, &data).args("--autosave 0 --frames 5").to_end();
    let _ = ended.exits(0).without(&["autosave"]);
    assert!(!autosaved(&data));
}

#[test]
fn there_is_nothing_to_go_on_from() {
    let data = TempDir::new().expect("a temporary folder can be made");
    let guest = data.path().join("game.wasm");
    Guest::of::<Counter>().write(&guest);
    let ended = run(&guest, &data)
        .args("--resume --frames 1")
        .to_end()
        .exits(1);
    assert!(ended.said.contains("has not run before"), "{}", ended.said);
}
