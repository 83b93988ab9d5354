//! Keys in the terminal, through a terminal of their own: `script` gives the host one.

use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Guest, Typed};

/// A game that runs in a terminal.
fn start(folder: &TempDir) -> Typed {
    let game = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&game);
    let flags = ["game.wasm", "--headless", "--renderer", "null"];
    let mut host = Typed::run(folder.path(), flags, &[]);
    host.event("first-frame");
    host
}

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

/// The frame of a paused game, once two images in a row agree on it.
#[track_caller]
fn frame_at_rest(host: &mut Typed) -> u64 {
    let mut last = None;
    loop {
        host.press("i");
        let saved = host.event("image")["saved"].as_u64().expect("a number");
        if last.replace(saved) == Some(saved) {
            return saved;
        }
    }
}

/// Checks that the terminal's settings are restored.
#[track_caller]
fn is_restored(said: &str) {
    let modes: Vec<&str> = said.split_whitespace().collect();
    for mode in ["icanon", "echo"] {
        assert!(
            modes.iter().any(|word| word.trim_end_matches(';') == mode),
            "no {mode} in {said}"
        );
    }
}

#[test]
fn keys_are_commands_and_the_terminal_is_as_it_was() {
    let folder = folder();
    let mut host = start(&folder);
    host.press("?i");
    let image = host.event("image");
    assert!(
        image["file"]
            .as_str()
            .is_some_and(|file| file.ends_with(".vbs"))
    );
    // Standing still: two steps from one image to the next.
    host.press("p");
    let before = frame_at_rest(&mut host);
    host.press("ss");
    assert_eq!(frame_at_rest(&mut host), before + 2);
    host.press("0");
    let _ = host.event("reset");
    host.press("r");
    let notice = host.event("notice");
    assert!(
        notice["message"].to_string().contains("not rolled back"),
        "{notice}"
    );
    host.press("b");
    let same = host.event("same-code");
    assert_eq!(same["runs"], true);
    host.press("q");
    let _ = host.event("end");
    let said = host.end();
    assert!(said.contains("keys: b rebuild"), "{said}");
    assert!(said.contains("code 0"), "{said}");
    is_restored(&said);
}

#[test]
fn the_terminal_is_as_it_was_after_ctrl_c() {
    let folder = folder();
    let mut host = start(&folder);
    host.press("\u{3}");
    let _ = host.event("end");
    is_restored(&host.end());
}

#[test]
fn the_first_builds_own_lines_have_the_terminal_for_themselves() {
    let demo = Demo::copy("hello");
    let flags = ["hello", "--headless", "--renderer", "null"];
    let mut host = Typed::run(&demo.beside(""), flags, &[]);
    host.event("first-frame");
    // The line is back once cargo is done.
    host.shows(&["this is the newest source"]);
    host.press("q");
    let said = host.end();
    assert!(said.contains("Compiling hello"), "{said}");
    let (build, _) = said.split_once("Finished").expect("cargo ends with it");
    assert!(!build.contains("building for"), "{build}");
}
