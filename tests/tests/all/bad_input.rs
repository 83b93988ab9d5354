//! Mistakes in what a person gives the host: each has an exit code, and one clear message.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Ended, Guest, Reads, Run, component_of};

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// Runs these bytes as a guest.
fn run_bytes(bytes: &[u8]) -> Ended {
    let folder = folder();
    let file = folder.path().join("game.wasm");
    write(&file, bytes);
    Run::headless(&file)
        .args("--fast --frames 5 --renderer null")
        .to_end()
}

/// Checks that the bytes are refused once, for this reason and with these words.
#[track_caller]
fn is_refused(bytes: &[u8], reason: &str, words: &[&str]) {
    let ended = run_bytes(bytes).exits(1).without(&["start"]);
    let refused = ended.only("refused");
    assert_eq!(refused["reason"], reason, "{refused}");
    let message = refused["message"].as_str().unwrap_or_default().to_owned();
    assert!(!message.is_empty(), "{refused}");
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    assert_eq!(ended.frames(), 0);
    let _ = ended.says_once(&["refused", &message]);
}

#[test]
fn no_such_file() {
    let folder = folder();
    let file = folder.path().join("nothing.wasm");
    let ended = Run::headless(&file)
        .to_end()
        .exits(1)
        .without(&["start", "end"]);
    assert_eq!(
        ended.said,
        format!("error: no such file or folder: {}\n", file.display())
    );
}

#[test]
fn a_folder_without_a_manifest() {
    let folder = folder();
    let path = folder.path().display().to_string();
    let ended = Run::headless(folder.path()).to_end().exits(1);
    assert_eq!(ended.said.lines().count(), 1, "{}", ended.said);
    let _ = ended.says_once(&["error:", &path, "has no Cargo.toml", "a .wasm file"]);
}

#[test]
fn a_crate_that_makes_no_wasm() {
    let demo = Demo::copy_cold("hello");
    let manifest = demo.folder().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("the demo has a manifest");
    write(
        &manifest,
        text.replace("crate-type = [\"cdylib\"]\n", "").as_bytes(),
    );
    let ended = Run::headless(&demo.folder())
        .arg("--exit-on-break")
        .to_end()
        .exits(1);
    let _ = ended.says_once(&["builds no cdylib", "hello", "crate-type = [\"cdylib\"]"]);
}

#[test]
fn a_mistake_on_the_command_line() {
    for (arguments, word) in [
        ("--swap-at 20", "FRAME=GUEST"),
        ("--hz 0", "1 to 10000"),
        ("--autosave soon", "seconds from 0 to 86400"),
        ("--allow everything", "unknown capability `everything`"),
        ("--size big", "--size"),
    ] {
        let ended = Run::headless(Path::new("game.wasm"))
            .args(arguments)
            .to_end()
            .exits(2);
        assert!(ended.said.contains(word), "{arguments}: {}", ended.said);
    }
}

#[test]
fn text_named_wasm() {
    let text = b"not a game, only its name";
    is_refused(
        text,
        "not-wasm",
        &[
            "not WebAssembly",
            "is text",
            "not a game",
            "give a component",
        ],
    );
}

#[test]
fn an_empty_file() {
    is_refused(b"", "not-wasm", &["not WebAssembly", "is empty"]);
}

#[test]
fn cut_short() {
    let game = Guest::of::<Counter>();
    for whole in [game.component(), game.module()] {
        for part in [9, whole.len() / 2, whole.len() - 1] {
            let message = &["damaged or cut short", "offset"];
            is_refused(&whole[..part], "not-wasm", message);
        }
    }
}

#[test]
fn a_module_that_is_no_guest() {
    let missing = ["vblank:guest/lifecycle", "vblank:guest/state"];
    is_refused(b"\0asm\x01\0\0\0", "wrong-world", &missing);
}

#[test]
fn a_component_of_another_world() {
    let component = component_of(
        "package shop:till@1.0.0; \
         interface drawer { open: func(); } \
         world till { import drawer; export ring: func(); }",
        r#"(module (import "shop:till/drawer@1.0.0" "open" (func)) (func (export "ring")))"#,
    );
    let problems = [
        "it imports `shop:till/drawer@1.0.0`",
        "it does not export `vblank:guest/lifecycle`",
        "it does not export `vblank:guest/state`",
    ];
    is_refused(&component, "wrong-world", &problems);
}

#[test]
fn an_import_that_is_not_offered() {
    let game = Guest::of::<Counter>()
        .contract(
            "interface log {",
            "interface teleport { jump: func(); }\ninterface log {",
        )
        .contract("import log;", "import log; import teleport;");
    let problem = ["it imports `vblank:guest/teleport@0.1.0`", "does not offer"];
    is_refused(&game.component(), "wrong-world", &problem);
    is_refused(&game.module(), "wrong-world", &problem);
}

#[test]
fn an_export_that_is_missing() {
    let game = Guest::of::<Counter>().contract("export state;", "");
    is_refused(
        &game.component(),
        "wrong-world",
        &["it does not export `vblank:guest/state`"],
    );
}

#[test]
fn an_export_of_another_type() {
    let game = Guest::of::<Counter>().contract("shutdown: func();", "shutdown: func(why: u32);");
    is_refused(
        &game.component(),
        "wrong-world",
        &["its exports do not fit"],
    );
}

#[test]
fn a_contract_from_the_future() {
    let words = [
        "built for vblank:guest 0.2.0",
        "this host speaks 0.1.0",
        "update the host",
    ];
    let game = Guest::of::<Counter>();
    is_refused(&game.clone().stamp("0.2.0").module(), "abi", &words);
    let named = game.contract("@0.1.0", "@0.2.0");
    is_refused(&named.component(), "abi", &words);
    is_refused(&named.module(), "abi", &words);
}

#[test]
fn a_contract_from_the_past() {
    let game = Guest::of::<Counter>().stamp("0.0.9");
    is_refused(
        &game.module(),
        "abi",
        &["built for vblank:guest 0.0.9", "a newer SDK"],
    );
}

#[test]
fn wasi_has_to_be_granted() {
    let game = Guest::of::<Counter>().import(
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
    );
    is_refused(
        &game.module(),
        "capability",
        &["imports wasi:", "--allow wasi"],
    );

    let folder = folder();
    let file = folder.path().join("game.wasm");
    game.write(&file);
    let granted = Run::headless(&file).args("--fast --frames 5 --renderer null --allow wasi");
    assert_eq!(granted.to_end().exits(0).frames(), 5);
}

#[test]
fn init_traps() {
    let game = Guest::of::<Counter>().before("init", "unreachable");
    is_refused(&game.module(), "trap", &["init trapped", "unreachable"]);
}

#[test]
fn a_state_that_is_not_lent() {
    let game = Guest::of::<Counter>().instead("save", "");
    is_refused(
        &game.module(),
        "trap",
        &["save returned without lending a state"],
    );
}

#[test]
fn a_schema_that_is_none() {
    let game =
        Guest::of::<Counter>().before("schema", "(i32.store8 (i32.const 1024) (i32.const 255))");
    is_refused(
        &game.module(),
        "malformed",
        &["the guest's schema is malformed"],
    );
}

#[test]
fn a_guest_that_does_not_compile_at_first() {
    let demo = Demo::copy("hello");
    demo.replace("300.0 };", "\"fast\" };");
    let mut host = Run::headless(&demo.folder())
        .args("--frames 10 --renderer null")
        .start();
    let build = host.event("build");
    assert_eq!(build["ok"], false);
    host.says("waiting for a change");
    demo.replace("\"fast\" };", "300.0 };");
    host.event("start");
    let ended = host.end().exits(0);
    assert_eq!(ended.frames(), 10);
    let _ = ended
        .says_once(&["error[E0308]"])
        .says_once(&["build failed"]);
}

#[test]
fn new_panics() {
    let demo = Demo::copy("hello");
    demo.replace("Self::default()", "panic!(\"no ball today\")");
    let place = format!("src/lib.rs:{}:", line_of(&demo.source(), "no ball today"));
    let mut host = Run::headless(&demo.folder())
        .args("--frames 10 --renderer null")
        .start();
    let refused = host.event("refused");
    assert_eq!(refused["reason"], "trap");

    // For a folder, the host waits for a repair. For a single file, which scripts run, it ends.
    let file = demo.keep_wasm("panics.wasm");
    let ended = Run::headless(&file)
        .args("--renderer null")
        .to_end()
        .exits(1);
    let message = ["init panicked: no ball today", &place];
    let _ = ended.says_once(&message);

    demo.replace("panic!(\"no ball today\")", "Self::default()");
    host.event("start");
    let ended = host.end().exits(0);
    assert_eq!(ended.frames(), 10);
    let _ = ended.says_once(&message);
}

fn line_of(file: &Path, text: &str) -> usize {
    let source = std::fs::read_to_string(file).expect("the source can be read");
    let found = source.lines().position(|line| line.contains(text));
    found.expect("the text is in the source") + 1
}

#[test]
fn a_target_folder_that_cannot_be_written() {
    let demo = Demo::copy_cold("hello");
    // A file takes the folder's place, because root may write in any folder.
    write(&demo.target(), b"");
    let run = || {
        Run::headless(&demo.folder())
            .args("--frames 10 --renderer null")
            .env("XDG_CACHE_HOME", demo.beside("cache"))
    };
    let mut host = run().start();
    let notice = host.event("notice");
    let _ = host.stop().exits(0);
    let message = notice["message"].as_str().unwrap_or_default();
    let (_, place) = message.rsplit_once(' ').unwrap_or_default();
    assert!(
        Path::new(place).starts_with(demo.beside("cache")),
        "{message}"
    );

    // The dependencies, which take long to build, are put there; the rest is for the host.
    Demo::seed(Path::new(place));
    let ended = run().to_end().exits(0);
    assert_eq!(ended.frames(), 10);
    let _ = ended.says_once(&["target folder cannot be written", message]);
}

/// A counter that runs from a file, to which things happen.
fn started() -> (TempDir, PathBuf, vblank_tests::Host) {
    let folder = folder();
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file).args("--renderer null").start();
    host.event("first-frame");
    (folder, file, host)
}

#[test]
fn deleted_while_it_runs_and_put_back() {
    let (_folder, file, mut host) = started();
    std::fs::remove_file(&file).expect("the file is there");
    let refused = host.event("refused");
    assert_eq!(refused["reason"], "unreadable");

    Guest::of::<Counter>().step(2).write(&file);
    host.event("swap");
    host.event("first-frame");
    let ended = host.stop().exits(0).without(&["rollback", "break"]);
    let _ = ended.only("swap");
    let path = file.display().to_string();
    let _ = ended.says_once(&["refused", "cannot read", &path]);
}

#[test]
fn written_in_two_parts() {
    let (_folder, file, mut host) = started();
    let new = Guest::of::<Counter>().step(2).module();
    let (first, second) = new.split_at(new.len() / 2);
    let mut writer = std::fs::File::create(&file).expect("the file can be cut short");
    let reads = Reads::of(&file);
    std::io::Write::write_all(&mut writer, first).expect("it can be written");
    // The host has seen the first part, and waits a moment for the rest.
    reads.wait();
    std::io::Write::write_all(&mut writer, second).expect("it can be written");
    drop(writer);
    host.event("swap");
    host.event("first-frame");
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break", "notice"]);
    let _ = ended.only("swap");
}

#[test]
fn left_half_written() {
    let (_folder, file, mut host) = started();
    let new = Guest::of::<Counter>().step(2).module();
    write(&file, &new[..new.len() / 2]);
    let refused = host.event("refused");
    assert_eq!(refused["reason"], "not-wasm");
    write(&file, &new);
    host.event("swap");
    let ended = host.stop().exits(0);
    let _ = ended.says_once(&["refused", "cut short"]);
}
