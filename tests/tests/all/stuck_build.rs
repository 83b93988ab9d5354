//! A build that never ends: the next save stops it, and so does a key.

use std::fs;
use std::path::PathBuf;

use vblank_tests::{Demo, Run, Typed};

/// A demo whose build waits as long as a file is there.
fn demo() -> (Demo, PathBuf) {
    let demo = Demo::copy("hello");
    let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=stuck\");\n    while std::path::Path::new(\"stuck\").exists() {\n        std::thread::sleep(std::time::Duration::from_millis(10));\n    }\n}\n";
    fs::write(demo.folder().join("build.rs"), script).expect("a file can be written");
    let stuck = demo.folder().join("stuck");
    (demo, stuck)
}

fn write(file: &PathBuf) {
    fs::write(file, "").expect("a file can be written");
}

#[test]
fn the_next_save_stops_it() {
    let (demo, stuck) = demo();
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .start();
    host.event("first-frame");
    write(&stuck);
    host.run_on(std::time::Duration::from_secs(1));
    demo.replace("300.0 };", "310.0 };");
    host.run_on(std::time::Duration::from_secs(1));
    fs::remove_file(&stuck).expect("it is there");
    host.event("swap");
    let ended = host.stop().exits(0).without(&["refused"]);
    assert!(ended.all("build").iter().all(|build| build["ok"] == true));
}

#[test]
fn a_key_stops_it_and_the_next_save_is_built() {
    let (demo, stuck) = demo();
    let folder = demo.beside("");
    let mut host = Typed::run(&folder, ["hello", "--headless", "--renderer", "null"], &[]);
    host.event("first-frame");
    host.event("autosave");
    write(&stuck);
    host.shows(&["building for"]);
    host.press("c");
    let build = host.event("build");
    assert_eq!(build["ok"], false, "{build}");
    assert_eq!(build["message"], "the build was stopped");
    host.shows(&["running; the newest source's build was stopped"]);
    fs::remove_file(&stuck).expect("it is there");
    demo.replace("300.0 };", "310.0 };");
    host.event("swap");
    host.shows(&["this is the newest source"]);
    host.press("cq");
    let screen = host.end();
    assert!(
        screen.contains("the build was stopped; waiting for a change"),
        "{screen}"
    );
    assert!(screen.contains("code 0"), "{screen}");
}
