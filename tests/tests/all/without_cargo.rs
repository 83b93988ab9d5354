//! An edit of the guest's own sources is compiled without cargo, once cargo has shown how. Whatever else
//! changes goes through cargo.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use vblank_tests::{Demo, Host, Run};

/// A running demo whose builds by cargo are counted.
struct Scene {
    demo: Demo,
    /// Has a line for each build by cargo.
    builds: PathBuf,
    host: Host,
    by_cargo: usize,
}

impl Scene {
    /// Starts the demo, and makes the first edit, which cargo builds.
    fn new() -> Self {
        let demo = Demo::copy("hello");
        let (bin, builds) = (demo.beside("bin"), demo.beside("builds"));
        fs::create_dir(&bin).expect("a folder can be made");
        let path = std::env::var("PATH").expect("there is a PATH");
        let cargo = format!(
            "#!/bin/sh\ncase \"$*\" in *\"build --lib\"*) echo >> '{}' ;; esac\nPATH='{path}' exec cargo \"$@\"\n",
            builds.display()
        );
        let file = bin.join("cargo");
        fs::write(&file, cargo).expect("a file can be written");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&file, mode).expect("a file can be made a program");
        let mut host = Run::headless(&demo.folder())
            .args("--renderer null")
            .env("PATH", format!("{}:{path}", bin.display()))
            .start();
        host.event("first-frame");
        let mut scene = Self {
            demo,
            builds,
            host,
            by_cargo: 0,
        };
        assert_eq!(scene.newly_by_cargo(), 1);
        scene.edit("300.0 };", "310.0 };");
        let _ = scene.swapped();
        assert_eq!(scene.newly_by_cargo(), 1);
        scene
    }

    #[track_caller]
    fn edit(&self, old: &str, new: &str) {
        self.demo.replace(old, new);
    }

    /// Waits for the next version.
    #[track_caller]
    fn swapped(&mut self) -> Value {
        let event = self.host.event_of(&["swap", "refused", "rollback"]);
        assert_eq!(event["event"], "swap", "{event}");
        event
    }

    /// Returns how often cargo has built since the last call.
    fn newly_by_cargo(&mut self) -> usize {
        let builds = fs::read_to_string(&self.builds).unwrap_or_default();
        let all = builds.lines().count();
        all - std::mem::replace(&mut self.by_cargo, all)
    }
}

#[test]
fn an_edit_of_a_source_is_compiled_without_cargo() {
    let mut scene = Scene::new();
    for speed in [310, 320, 330] {
        scene.edit(&format!("{speed}.0 }};"), &format!("{}.0 }};", speed + 10));
        let _ = scene.swapped();
    }
    assert_eq!(scene.newly_by_cargo(), 0);
    // What cargo makes of the same source is the same.
    let direct = fs::read(scene.demo.wasm()).expect("it was built");
    scene.demo.build();
    let by_cargo = fs::read(scene.demo.wasm()).expect("it was built");
    assert!(direct == by_cargo);
    let _ = scene.host.stop().exits(0).without(&["refused"]);
}

#[test]
fn cargo_explains_a_mistake_and_its_correction_needs_no_cargo() {
    let mut scene = Scene::new();
    scene.edit("310.0 };", "\"310.0\" };");
    let build = scene.host.event("build");
    assert_eq!(build["ok"], false);
    let message = build["message"].as_str().expect("a text");
    for part in ["incompatible types", "could not compile `hello`"] {
        assert!(message.contains(part), "{message}");
    }
    for noise in ["Running", "CARGO_", "Caused by", "Compiling"] {
        assert!(!message.contains(noise), "{message}");
    }
    assert_eq!(scene.newly_by_cargo(), 1);
    scene.edit("\"310.0\" };", "320.0 };");
    let _ = scene.swapped();
    assert_eq!(scene.newly_by_cargo(), 0);
    let _ = scene.host.stop().exits(0);
}

#[test]
fn a_warning_is_shown_as_by_cargo() {
    let mut scene = Scene::new();
    scene.edit("310.0 };", "320.0 };\n        let spare = 1;");
    let _ = scene.swapped();
    assert_eq!(scene.newly_by_cargo(), 0);
    scene.host.says("unused variable: `spare`");
    scene
        .host
        .says("warning: `hello` (lib) generated 1 warning");
    let said = scene.host.said();
    assert!(!said.contains("1 warning emitted"), "{said}");
    let _ = scene.host.stop().exits(0);
}

#[test]
fn what_is_no_source_goes_through_cargo() {
    let mut scene = Scene::new();
    // A new file beside the sources may be a module, or not.
    let pace = scene.demo.folder().join("src/pace.rs");
    fs::write(&pace, "pub const PACE: f32 = 320.0;\n").expect("a file can be written");
    let _ = scene.host.event("same-code");
    assert_eq!(scene.newly_by_cargo(), 1);
    let source = fs::read_to_string(scene.demo.source()).expect("there is a source");
    let source = source.replace("310.0 };", "pace::PACE };") + "\nmod pace;\n";
    fs::write(scene.demo.source(), source).expect("a file can be written");
    let _ = scene.swapped();
    fs::write(&pace, "pub const PACE: f32 = 330.0;\n").expect("a file can be written");
    let _ = scene.swapped();
    assert_eq!(scene.newly_by_cargo(), 0);
    // A manifest may change everything.
    let manifest = scene.demo.folder().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("there is a manifest");
    fs::write(&manifest, text + "\n[features]\nfaster = []\n").expect("a file can be written");
    let _ = scene.host.event_of(&["same-code", "swap"]);
    assert_eq!(scene.newly_by_cargo(), 1);
    let _ = scene.host.stop().exits(0);
}

#[test]
fn cargo_builds_what_the_compiler_alone_cannot() {
    let mut scene = Scene::new();
    // As if the dependencies had been cleaned away.
    let deps = scene
        .demo
        .target()
        .join("wasm32-unknown-unknown/debug/deps");
    let mut removed = 0;
    for entry in fs::read_dir(deps).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("libvblank_guest-")
        {
            fs::remove_file(entry.path()).expect("a file can be removed");
            removed += 1;
        }
    }
    assert!(removed > 0);
    scene.edit("310.0 };", "320.0 };");
    let _ = scene.swapped();
    assert_eq!(scene.newly_by_cargo(), 1);
    let _ = scene.host.stop().exits(0).without(&["refused"]);
}
