//! `--optimise`: the version that runs gives way to the same source with optimisations, once nothing has
//! changed for a while.

use std::time::Duration;

use vblank_tests::{Demo, Run};

#[test]
fn the_same_source_comes_in_optimised_and_an_edit_is_quick_again() {
    let demo = Demo::copy("hello");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --optimise=0.2")
        // Whatever differs will do, and this is quick to build.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .start();
    let first = host.event("start")["hash"].clone();
    let optimised = host.event("swap");
    assert_eq!(optimised["from"], first);
    assert_eq!(optimised["verdict"], "identical");
    let optimised = optimised["to"].clone();
    // Optimised code is not built over and over.
    host.run_on(Duration::from_secs(2));
    // Nothing new, and nothing to swap: what runs is the newest source.
    let source = std::fs::read_to_string(demo.source()).expect("it is there");
    std::fs::write(demo.source(), source).expect("it can be written");
    let same = host.event("same-code");
    assert_eq!(same["hash"], optimised);
    assert_eq!(same["runs"], true);
    demo.replace("300.0 };", "310.0 };");
    let edited = host.event("swap");
    assert_eq!(edited["from"], optimised);
    let edited = edited["to"].clone();
    let again = host.event("swap");
    assert_eq!(again["from"], edited);
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    assert_eq!(ended.all("swap").len(), 3, "{ended:#?}");
}

#[test]
fn what_was_rolled_back_is_not_optimised() {
    let demo = Demo::copy("hello");
    let release = demo.target().join("wasm32-unknown-unknown/release");
    // The builds of the demos are copied along.
    let _ = std::fs::remove_dir_all(&release);
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --optimise=3")
        .start();
    host.event("first-frame");
    demo.replace(
        "    fn update(&mut self, frame: &Frame) {",
        "    fn update(&mut self, frame: &Frame) {\n        assert!(frame.dt > 1.0);",
    );
    host.event("rollback");
    host.run_on(Duration::from_secs(6));
    let ended = host.stop().exits(0);
    assert_eq!(ended.all("swap").len(), 1, "{ended:#?}");
    assert!(!release.exists(), "no optimised build was begun");
}

#[test]
fn it_is_for_the_folder_of_a_crate() {
    for wrong in ["--release", "--no-build"] {
        let demo = Demo::copy_cold("hello");
        let ended = Run::headless(&demo.folder())
            .args("--optimise")
            .args(wrong)
            .to_end();
        let _ = ended.exits(2);
    }
}
