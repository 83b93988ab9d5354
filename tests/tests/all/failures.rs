//! A version that fails never takes over, and what it did is undone.

use std::path::PathBuf;

use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Ended, Guest, Run, show_state};

/// A counter and a folder with the versions that it meets.
struct Scene {
    folder: TempDir,
    game: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let game = folder.path().join("game.wasm");
        Guest::of::<Counter>().write(&game);
        Self { folder, game }
    }

    /// A run of 200 frames in which this version is let in at frame 20.
    fn swap(&self, version: &Guest) -> Ended {
        let next = self.folder.path().join("next.wasm");
        version.write(&next);
        self.run()
            .arg("--swap-at")
            .arg(format!("20={}", next.display()))
            .to_end()
    }

    fn run(&self) -> Run {
        Run::headless(&self.game).args("--fast --frames 200 --renderer null")
    }
}

/// Checks that a run reached its end, and that the failed version left no trace in its state.
#[track_caller]
fn as_if_it_had_never_been(scene: &Scene, ended: Ended) -> Ended {
    let ended = ended.exits(0).without(&["break"]);
    assert_eq!(ended.frames(), 200);
    let alone = scene.run().to_end().exits(0);
    assert_eq!(ended.state_hash(), alone.state_hash());
    ended
}

#[test]
fn a_good_version_takes_over() {
    let scene = Scene::new();
    let ended = scene.swap(&Guest::of::<Counter>().step(10)).exits(0);
    assert_eq!(ended.only("swap")["verdict"], "identical");
    let alone = scene.run().to_end();
    assert_ne!(
        ended.state_hash(),
        alone.state_hash(),
        "20 steps of 1 and 180 of 10"
    );
}

#[test]
fn migrate_refuses_the_state() {
    let scene = Scene::new();
    let ended = scene.swap(&Guest::of::<Counter>().refuse_state("I do not like it"));
    let ended = as_if_it_had_never_been(&scene, ended).without(&["swap", "rollback"]);
    let refused = ended.only("refused");
    assert_eq!(
        (&refused["reason"], &refused["frame"]),
        (&"migrate".into(), &20.into())
    );
    let _ = ended.says_once(&["refused", "I do not like it"]);
}

#[test]
fn migrate_or_resume_trap() {
    let scene = Scene::new();
    for export in ["migrate", "resume"] {
        let ended = scene.swap(&Guest::of::<Counter>().before(export, "unreachable"));
        let ended = as_if_it_had_never_been(&scene, ended).without(&["swap", "rollback"]);
        assert_eq!(ended.only("refused")["reason"], "trap", "{export}");
    }
}

#[test]
fn migrate_never_returns() {
    let scene = Scene::new();
    let hangs = Guest::of::<Counter>().before("migrate", "(loop $for_ever (br $for_ever))");
    let ended = as_if_it_had_never_been(&scene, scene.swap(&hangs));
    let _ = ended.says_once(&["refused", "migrate ran longer than 500 ms"]);
}

#[test]
fn the_limits_are_flags() {
    let scene = Scene::new();
    let hangs = Guest::of::<Counter>().before("migrate", "(loop $for_ever (br $for_ever))");
    let next = scene.folder.path().join("next.wasm");
    hangs.write(&next);
    let swap = format!("20={}", next.display());
    let ended = scene.run().args("--swap-limit 30 --swap-at").arg(&swap);
    let ended = ended.to_end().exits(0);
    let _ = ended.says_once(&["refused", "migrate ran longer than 30 ms"]);

    // Both versions may have two mebibytes; the new one takes more at once.
    let devours = "(drop (memory.grow (i32.const 64))) (memory.fill (i32.const 4000000) (i32.const 0) (i32.const 8))";
    Guest::of::<Counter>()
        .before("migrate", devours)
        .write(&next);
    let ended = scene.run().args("--memory-limit 2 --swap-at").arg(&swap);
    let ended = ended.to_end().exits(0);
    let _ = ended.says_once(&["refused", "migrate wanted more memory than allowed"]);
}

#[test]
fn a_trap_in_the_first_frames_is_rolled_back() {
    let scene = Scene::new();
    let ended = scene.swap(&Guest::of::<Counter>().step(10).trap_at(50));
    let ended = as_if_it_had_never_been(&scene, ended);
    let (swap, rollback) = (ended.only("swap"), ended.only("rollback"));
    assert_eq!(rollback["from"], swap["to"]);
    assert_eq!(rollback["to"], swap["from"]);
    let _ = ended.says_once(&["rollback", "update trapped"]);
}

#[test]
fn a_trap_while_it_draws_is_rolled_back() {
    let scene = Scene::new();
    let ended = scene.swap(
        &Guest::of::<Counter>()
            .step(10)
            .before("draw", "unreachable"),
    );
    let ended = as_if_it_had_never_been(&scene, ended);
    let _ = ended.says_once(&["rollback", "draw trapped"]);
}

#[test]
fn a_hang_in_the_first_frames_is_rolled_back() {
    let scene = Scene::new();
    let ended = scene.swap(&Guest::of::<Counter>().step(10).hang_at(50));
    let ended = as_if_it_had_never_been(&scene, ended);
    let _ = ended.says_once(&["rollback", "update ran longer than 1000 ms"]);
}

#[test]
fn exhausted_memory_is_rolled_back() {
    // A thousand pages more in each turn, until there are none.
    let devours = "(loop $more (br_if $more
        (i32.ne (memory.grow (i32.const 1000)) (i32.const -1)))) unreachable";
    let scene = Scene::new();
    let ended = scene.swap(&Guest::of::<Counter>().step(10).at_frame(50, devours));
    let ended = as_if_it_had_never_been(&scene, ended);
    let _ = ended.says_once(&["rollback", "wanted more memory than allowed"]);
}

#[test]
fn a_state_that_cannot_be_saved_is_rolled_back() {
    let scene = Scene::new();
    let ended = scene.swap(&Guest::of::<Counter>().step(10).instead("save", ""));
    let ended = as_if_it_had_never_been(&scene, ended);
    let _ = ended.says_once(&["rollback", "save returned without lending a state"]);
}

#[test]
fn a_later_trap_is_a_break_and_ends_a_script() {
    let scene = Scene::new();
    Guest::of::<Counter>()
        .step(3)
        .trap_at(100)
        .write(&scene.game);
    let image = scene.folder.path().join("last.vbs");
    let ended = scene
        .run()
        .file("--state-out", &image, "")
        .to_end()
        .exits(1);
    assert_eq!(ended.only("break")["frame"], 100);
    assert_eq!(ended.frames(), 100);
    assert_eq!(
        show_state(&image)["count"],
        300,
        "the state of the last good frame"
    );
    let _ = ended.says_once(&["break", "at frame 100", "update trapped"]);
}

#[test]
fn after_a_break_the_next_good_build_goes_on() {
    let demo = Demo::copy("hello");
    demo.replace(
        "self.x += speed",
        "assert!(frame.number != 90, \"ninety\");\n        self.x += speed",
    );
    let image = demo.beside("last.vbs");
    let mut host = Run::headless(&demo.folder())
        .args("--frames 150 --renderer null")
        .file("--state-out", &image, "")
        .start();
    let stopped = host.event("break");
    assert_eq!(stopped["frame"], 90);
    let message = stopped["message"].to_string();
    assert!(message.contains("ninety"), "{message}");
    assert!(
        stopped["location"].to_string().contains("src/lib.rs:"),
        "{stopped}"
    );

    demo.replace("assert!(frame.number != 90, \"ninety\");\n        ", "");
    let swap = host.event("swap");
    assert_eq!(swap["frame"], 90, "it goes on from the last good frame");
    let ended = host.end().exits(0);
    assert_eq!(ended.frames(), 150);

    // The repaired code alone has the same state, as if no version had broken.
    let alone = Run::headless(&demo.wasm())
        .args("--fast --frames 150 --renderer null")
        .to_end();
    assert_eq!(ended.state_hash(), alone.exits(0).state_hash());
    assert!(show_state(&image)["x"].as_f64().is_some_and(|x| x > 0.0));
}
