//! A guest gets nothing beyond its world but what the user grants, and a new version gets no more than
//! the one that it replaces.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::json;
use tempfile::TempDir;
use vblank_tests::{Counter, Guest, Host, Run, host};

/// A counter, and beside it a version that wants to write to standard output.
struct Scene {
    home: TempDir,
    game: PathBuf,
    next: PathBuf,
}

fn greedy() -> Guest {
    Guest::of::<Counter>().step(10).import(
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
    )
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        let (game, next) = (home.path().join("game.wasm"), home.path().join("next.wasm"));
        Guest::of::<Counter>().write(&game);
        greedy().write(&next);
        Self { home, game, next }
    }

    /// 200 frames, in which the next version is to come in at frame 20.
    fn scripted(&self) -> Run {
        self.alone()
            .arg("--swap-at")
            .arg(format!("20={}", self.next.display()))
    }

    fn alone(&self) -> Run {
        Run::headless(&self.game).args("--fast --frames 200 --renderer null")
    }
}

fn allow(home: &Path, capability: &str) -> Output {
    ask(home, "allow", capability)
}

fn ask(home: &Path, command: &str, capability: &str) -> Output {
    let mut host = host(home);
    host.args([command, capability]);
    host.output().expect("the host starts")
}

/// Starts the scene's game, which stops with exit code 1 if it breaks.
fn start(scene: &Scene) -> Host {
    let mut host = Run::headless(&scene.game)
        .args("--renderer null --hz 500")
        .home(scene.home.path())
        .start();
    host.event("first-frame");
    host
}

#[test]
fn a_folder_that_is_not_there_is_not_granted() {
    let scene = Scene::new();
    let mut host = start(&scene);
    for grant in ["read=/no/such", "write=/dev/null", "read=/etc/passwd"] {
        let output = allow(scene.home.path(), grant);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let folder = grant.split_once('=').expect("it names a folder").1;
        assert!(
            said.contains("cannot open the folder") && said.contains(folder),
            "{said}"
        );
    }
    // Nothing was granted, so the next version is not refused for it.
    Guest::of::<Counter>().step(3).write(&scene.game);
    host.event("swap");
    let _ = host.stop().exits(0).without(&["notice", "refused"]);

    let at_start = scene
        .alone()
        .args("--allow read=/no/such")
        .to_end()
        .exits(1);
    let _ = at_start.says_once(&["error:", "cannot open the folder /no/such"]);
}

#[test]
fn a_recovery_needs_no_granted_folder() {
    let scene = Scene::new();
    let folder = scene.home.path().join("granted");
    std::fs::create_dir(&folder).expect("a folder can be made");
    let case = vblank_tests::workspace().join("tests/cases/hostile/trap250.wasm");
    std::fs::copy(case, &scene.game).expect("the case can be read");
    let mut host = start(&scene);
    let grant = format!("read={}::/data", folder.display());
    assert!(allow(scene.home.path(), &grant).status.success());
    // The folder stays the one that was granted, although its name is gone.
    std::fs::remove_dir(&folder).expect("it is empty");
    let broken = host.event("break");
    assert_eq!(broken["frame"], 250, "no frame before the failure is lost");
    let _ = host.stop().without(&["refused"]);
}

#[test]
fn a_grant_is_taken_back() {
    let scene = Scene::new();
    let mut host = start(&scene);
    let home = scene.home.path();
    assert!(allow(home, "wasi").status.success());
    greedy().write(&scene.game);
    host.event("swap");
    let revoked = ask(home, "revoke", "wasi");
    assert!(revoked.status.success(), "{revoked:?}");
    let said = String::from_utf8_lossy(&revoked.stdout);
    assert!(said.contains("until it is replaced"), "{said}");
    greedy().step(20).write(&scene.game);
    let refused = host.event("refused");
    assert_eq!(refused["reason"], "capability");

    let again = ask(home, "revoke", "wasi");
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("wasi is not granted"), "{said}");
    // Versions that were linked with the grant can still be gone back to.
    let mut back = vblank_tests::host(home);
    let back = back.arg("rollback").output().expect("the host starts");
    assert!(back.status.success(), "{back:?}");
    let _ = host.stop().exits(0).without(&["break"]);
}

#[test]
fn a_save_that_wants_more_waits_for_a_grant() {
    let scene = Scene::new();
    let mut host = Run::headless(&scene.game)
        .args("--renderer null")
        .home(scene.home.path())
        .start();
    host.event("first-frame");
    greedy().write(&scene.game);
    let refused = host.event("refused");
    assert_eq!(refused["reason"], "capability");
    let message = refused["message"].as_str().expect("a message");
    for words in ["imports wasi:", "--allow wasi", "host allow wasi"] {
        assert!(message.contains(words), "no {words:?} in: {message}");
    }
    let frame = refused["frame"].as_u64().expect("a frame");

    let granted = allow(scene.home.path(), "wasi");
    assert!(granted.status.success(), "{granted:?}");
    // By itself, without another save, and without being compiled again.
    let swap = host.event("swap");
    assert_eq!(swap["to"], refused["to"]);
    assert_eq!(swap["cached"], json!(true));
    assert!(
        swap["frame"].as_u64() >= Some(frame),
        "the old version ran on"
    );
    host.event("first-frame");

    let again = allow(scene.home.path(), "wasi");
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(said.contains("was granted before"), "{said}");
    let ended = host.stop().exits(0).without(&["rollback", "break"]);
    let notice = ended.only("notice")["message"].to_string();
    assert!(notice.contains("`wasi` is granted"), "{notice}");
}

#[test]
fn a_script_that_wants_more_is_refused() {
    let scene = Scene::new();
    let alone = scene.alone().to_end().exits(0);
    let ended = scene.scripted().to_end().exits(0).without(&["swap"]);
    let refused = ended.only("refused");
    assert_eq!(
        (&refused["reason"], &refused["frame"]),
        (&json!("capability"), &json!(20))
    );
    assert!(refused["to"].is_string(), "{refused}");
    assert_eq!(ended.state_hash(), alone.state_hash());
    let _ = ended.says_once(&["refused", "imports wasi:", "--allow wasi"]);

    let ended = scene.scripted().args("--allow wasi").to_end().exits(0);
    assert_eq!(ended.only("swap")["frame"], 20);
}

#[test]
fn a_script_with_something_else() {
    let scene = Scene::new();
    std::fs::write(&scene.next, "no game").expect("the file can be written");
    let ended = scene.scripted().to_end().exits(0).without(&["swap"]);
    assert_eq!(ended.only("refused")["reason"], "not-wasm");

    std::fs::remove_file(&scene.next).expect("the file is there");
    let ended = scene.scripted().to_end().exits(1).without(&["start"]);
    let path = scene.next.display().to_string();
    let _ = ended.says_once(&["error:", "--swap-at 20", "cannot read", &path]);
}

#[test]
fn a_grant_that_cannot_be_given() {
    let home = TempDir::new().expect("a temporary folder can be made");
    let output = allow(home.path(), "wasi");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no host runs"), "{said}");
    let output = allow(home.path(), "everything");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("unknown capability `everything`"), "{said}");
}
