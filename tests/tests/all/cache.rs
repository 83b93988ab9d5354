//! Compiled code is cached between runs, and a damaged cache harms nobody.

use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use vblank_tests::{Counter, Ended, Guest, Run};

/// A guest, and a cache folder that its runs share.
struct Scene {
    folder: TempDir,
    game: PathBuf,
}

impl Scene {
    fn new(guest: &Guest) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let game = folder.path().join("game.wasm");
        guest.write(&game);
        Self { folder, game }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("compiled")
    }

    fn run(&self) -> Run {
        Run::headless(&self.game)
            .args("--fast --frames 5 --renderer null")
            .env("VBLANK_CACHE", self.cache())
    }

    /// The files that were kept.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.cache()).expect("the folder was made");
        let paths = entries.flatten().map(|entry| entry.path());
        // The key of the checksums lies there too.
        paths.filter(|path| !path.ends_with("key")).collect()
    }
}

#[track_caller]
fn is_cached(ended: &Ended) -> bool {
    let start = ended.only("start");
    let cached = start["cached"].as_bool().expect("it says so");
    if cached {
        assert_eq!(start["stages"]["componentise_ms"], 0.0, "{start}");
    }
    cached
}

#[test]
fn the_second_start_compiles_nothing() {
    let scene = Scene::new(&Guest::of::<Counter>());
    let first = scene.run().to_end().exits(0);
    assert!(!is_cached(&first));
    assert_eq!(scene.files().len(), 1);
    let second = scene.run().arg("-v").to_end().exits(0);
    assert!(is_cached(&second));
    assert_eq!(first.state_hash(), second.state_hash());
    let _ = second.says_once(&["componentise", "(known)"]);
}

#[test]
fn a_damaged_file_is_compiled_again() {
    let scene = Scene::new(&Guest::of::<Counter>());
    let _ = scene.run().to_end().exits(0);
    let [file] = &scene.files()[..] else {
        panic!("one file is wanted: {:?}", scene.files());
    };
    let good = std::fs::read(file).expect("the file can be read");
    let mut bent = good.clone();
    bent[good.len() / 2] ^= 1;
    for bad in [bent, good[..good.len() / 2].to_vec(), Vec::new()] {
        std::fs::write(file, bad).expect("the file can be written");
        assert!(!is_cached(&scene.run().to_end().exits(0)));
        assert!(is_cached(&scene.run().to_end().exits(0)), "kept anew");
    }
}

#[test]
fn a_folder_that_cannot_be_used_changes_nothing() {
    let scene = Scene::new(&Guest::of::<Counter>());
    std::fs::write(scene.cache(), "a file").expect("a file can be written");
    for cache in [scene.cache().as_path(), Path::new("off")] {
        for _ in 0..2 {
            let ended = scene.run().env("VBLANK_CACHE", cache).to_end().exits(0);
            assert!(!is_cached(&ended));
            assert_eq!(ended.said.lines().count(), 2, "{}", ended.said);
        }
    }
}

/// Known code is checked against what is granted now.
#[test]
fn known_code_gets_no_more_than_is_granted() {
    let scene = Scene::new(&Guest::of::<Counter>().import(
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
    ));
    let granted = || scene.run().args("--allow wasi").to_end().exits(0);
    assert!(!is_cached(&granted()));
    let ended = scene.run().to_end().exits(1).without(&["start"]);
    assert_eq!(ended.only("refused")["reason"], "capability");
    assert!(is_cached(&granted()));
}

/// The code is found in memory, with nothing on disk.
#[test]
fn going_back_in_a_run_compiles_nothing() {
    let scene = Scene::new(&Guest::of::<Counter>());
    let mut host = Run::headless(&scene.game)
        .args("--renderer null")
        .env("VBLANK_CACHE", "off")
        .start();
    host.event("first-frame");
    Guest::of::<Counter>().step(2).write(&scene.game);
    assert_eq!(host.event("swap")["cached"], json!(false));
    Guest::of::<Counter>().write(&scene.game);
    assert_eq!(host.event("swap")["cached"], json!(true));
    let _ = host.stop().exits(0);
}
