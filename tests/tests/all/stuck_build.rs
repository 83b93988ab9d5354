//! A build that never ends: the next save stops it, and so does a key.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use vblank_tests::{Demo, Run, Typed};

/// A demo whose build waits as long as a file is there.
struct Scene {
    demo: Demo,
    /// The build waits while this is there.
    stuck: PathBuf,
    /// File that the build makes when it begins to wait, in a folder that is not watched.
    begun: PathBuf,
    _elsewhere: TempDir,
}

fn scene() -> Scene {
    let demo = Demo::copy("hello");
    let elsewhere = TempDir::new().expect("a temporary folder can be made");
    let begun = elsewhere.path().join("begun");
    let script = format!(
        r#"fn main() {{
            println!("cargo::rerun-if-changed=stuck");
            if std::path::Path::new("stuck").exists() {{
                std::fs::write({begun:?}, "").unwrap();
            }}
            while std::path::Path::new("stuck").exists() {{
                std::thread::sleep(std::time::Duration::from_millis(10));
            }}
        }}"#
    );
    fs::write(demo.folder().join("build.rs"), script).expect("a file can be written");
    Scene {
        stuck: demo.folder().join("stuck"),
        demo,
        begun,
        _elsewhere: elsewhere,
    }
}

fn write(file: &PathBuf) {
    fs::write(file, "").expect("a file can be written");
}

#[test]
fn the_next_save_stops_it() {
    let Scene {
        demo, stuck, begun, ..
    } = &scene();
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .start();
    host.event("first-frame");
    write(stuck);
    host.file(begun);
    fs::remove_file(begun).expect("it is there");
    demo.replace("300.0 };", "310.0 };");
    // The build of that is another one.
    host.file(begun);
    fs::remove_file(stuck).expect("it is there");
    host.event("swap");
    let ended = host.stop().exits(0).without(&["refused"]);
    assert!(ended.all("build").iter().all(|build| build["ok"] == true));
}

#[test]
fn a_key_stops_it_and_the_next_save_is_built() {
    let Scene { demo, stuck, .. } = &scene();
    let folder = demo.beside("");
    let mut host = Typed::run(&folder, ["hello", "--headless", "--renderer", "null"], &[]);
    host.event("first-frame");
    host.event("autosave");
    write(stuck);
    host.shows(&["building for"]);
    host.press("c");
    let build = host.event("build");
    assert_eq!(build["ok"], false, "{build}");
    assert_eq!(build["message"], "the build was stopped");
    host.shows(&["running; the newest source's build was stopped"]);
    fs::remove_file(stuck).expect("it is there");
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
