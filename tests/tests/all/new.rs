//! `host new`, as a person uses it: what it makes builds, runs and passes its own test, alone and in
//! a workspace; and what cannot be made is said in one message.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use vblank_tests::{Demo, Run, host, workspace};

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

#[track_caller]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

#[track_caller]
fn write(path: &Path, text: &str) {
    let parent = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, text))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// `host new ARGUMENTS`, typed in this folder.
fn new(folder: &Path, arguments: &str) -> Output {
    host(folder)
        .arg("new")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("the host starts")
}

/// Checks that the command succeeds, and returns its output.
#[track_caller]
fn makes(folder: &Path, arguments: &str) -> String {
    let output = new(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "host new {arguments}: {said}");
    assert_eq!(said, "");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Checks that the command fails with this exit code and these words.
#[track_caller]
fn is_refused(folder: &Path, arguments: &str, code: i32, words: &[&str]) {
    let output = new(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
}

/// Dependencies as the demos have them, which are there and may be compiled already.
#[track_caller]
fn lock(folder: &Path) {
    let lock = read(&workspace().join("demos/Cargo.lock"));
    write(&folder.join("Cargo.lock"), &lock);
}

/// Builds the crate, runs it for a second of its time, and runs its tests.
#[track_caller]
fn works(crate_folder: &Path, target: &Path) {
    let ended = Run::headless(crate_folder)
        .args("--fast --frames 60 --renderer null --exit-on-break")
        .env("CARGO_TARGET_DIR", target)
        .to_end()
        .exits(0)
        .without(&["refused", "break"]);
    assert_eq!(ended.frames(), 60);
    assert!(!ended.said.contains("warning"), "{}", ended.said);
    passes_its_test(crate_folder, target);
}

/// `cargo test`, in the crate.
#[track_caller]
fn passes_its_test(crate_folder: &Path, target: &Path) {
    let tested = Command::new("cargo")
        .arg("test")
        .current_dir(crate_folder)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&tested.stderr);
    assert!(tested.status.success(), "its test fails: {said}");
    assert!(!said.contains("warning"), "{said}");
    let passed = String::from_utf8_lossy(&tested.stdout);
    assert!(passed.contains("test tests::"), "{passed}");
}

/// Returns the profile that the command prints for crates in a workspace.
#[track_caller]
fn lines_to_add(said: &str) -> &str {
    let (_, lines) = said.split_once("added:\n\n").expect("there are lines");
    let (lines, _) = lines.split_once("\n\n  ").expect("more is said after them");
    lines
}

#[test]
fn what_is_made_builds_runs_and_passes_its_test() {
    let folder = folder();
    let target = folder.path().join("target");
    Demo::seed(&target);
    for template in ["empty", "game2d"] {
        let name = format!("my-{template}");
        let said = makes(folder.path(), &format!("{name} --template {template}"));
        assert!(said.contains(&format!("run {name}\n")), "{said}");
        let made = folder.path().join(&name);
        lock(&made);
        works(&made, &target);
    }

    let root = folder.path().join("workspace");
    let manifest = "[workspace]\nresolver = \"3\"\nmembers = []\n";
    write(&root.join("Cargo.toml"), manifest);
    let said = makes(&root, "pong --path games/pong");
    let manifest = read(&root.join("Cargo.toml"));
    let manifest = format!("{manifest}\n{}", lines_to_add(&said));
    write(&root.join("Cargo.toml"), &manifest);
    lock(&root);
    works(&root.join("games/pong"), &target);
}

#[test]
fn a_plugin_builds_is_shown_and_is_no_game() {
    let folder = folder();
    let target = folder.path().join("target");
    Demo::seed(&target);
    let said = makes(folder.path(), "lines --template plugin");
    assert!(said.contains("build lines --release"), "{said}");
    let made = folder.path().join("lines");
    assert!(read(&made.join("README.md")).lines().count() <= 12);
    // All of the contract lies beside what the application asks.
    let contract = std::fs::read_dir(workspace().join("wit")).expect("the contract is there");
    for file in contract.flatten().map(|entry| entry.file_name()) {
        let copy = made.join("wit/deps/vblank-guest").join(&file);
        assert_eq!(read(&copy), read(&workspace().join("wit").join(&file)));
    }
    lock(&made);
    passes_its_test(&made, &target);

    let run = |arguments: &str| -> Output {
        let mut command = host(folder.path());
        command.args(arguments.split_whitespace());
        command.current_dir(&made).env("CARGO_TARGET_DIR", &target);
        command.output().expect("the host starts")
    };
    let built = run("build");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    let facts = String::from_utf8_lossy(&built.stdout);
    let file = facts.lines().find_map(|line| line.strip_prefix("file "));
    let file = file.expect("the file is told").trim();
    let shown = run(&format!("inspect {file}"));
    let shown = String::from_utf8_lossy(&shown.stdout);
    for fact in [
        "world      vblank:guest/plugin",
        "exports    transform",
        "record lines",
        "seen: u64",
    ] {
        assert!(shown.contains(fact), "no {fact:?} in: {shown}");
    }
    let refused = run(&format!("run {file} --headless"));
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(said.matches("it is a plugin").count(), 1, "{said}");
    assert!(said.contains("embedding.md"), "{said}");
}

/// A guest has no standard output, so its source names what has.
#[test]
fn every_source_says_how_to_write_to_the_terminal() {
    for template in ["empty", "game2d", "plugin"] {
        let folder = folder();
        makes(folder.path(), &format!("pong --template {template}"));
        let source = read(&folder.path().join("pong/src/lib.rs"));
        for word in ["log::info!", "`println!`", "`dbg!`"] {
            assert!(source.contains(word), "no {word} in {source}");
        }
    }
}

#[test]
fn in_a_workspace_it_becomes_a_member() {
    let folder = folder();
    let root = folder.path().join("Cargo.toml");
    let before =
        "[workspace] # games\nresolver = \"3\"\nmembers = [\n  \"tools/*\", # not games\n]\n";
    write(&root, before);
    let said = makes(folder.path(), "pong --path games/pong");
    assert!(said.contains("[profile.dev]"), "{said}");
    let after = before.replace("games\n]", "games\n  \"games/pong\",\n]");
    assert_eq!(read(&root), after);
    let manifest = read(&folder.path().join("games/pong/Cargo.toml"));
    assert!(!manifest.contains("profile"), "{manifest}");

    // With the lines that it says, there is nothing more to say.
    let with_lines = format!("{after}\n{}\n", lines_to_add(&said));
    write(&root, &with_lines);
    let again = makes(folder.path(), "particles-2 --path tools/particles");
    assert!(!again.contains("[profile.dev]"), "{again}");
    assert!(again.contains("as its patterns say"), "{again}");
    assert_eq!(read(&root), with_lines);
}

#[test]
fn in_the_clone_of_the_host_it_is_a_workspace_of_its_own() {
    let folder = folder();
    let root = folder.path().join("Cargo.toml");
    let manifest = read(&workspace().join("Cargo.toml"));
    write(&root, &manifest);
    let said = makes(folder.path(), "pong");
    assert!(said.contains("workspace of its own"), "{said}");
    assert_eq!(read(&root), manifest);

    // cargo agrees.
    let made = folder.path().join("pong");
    lock(&made);
    let output = Command::new("cargo")
        .args(["locate-project", "--workspace", "--message-format=plain"])
        .current_dir(&made)
        .output()
        .expect("cargo starts");
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(found.trim().ends_with("pong/Cargo.toml"), "{found}");
    assert!(read(&made.join("Cargo.toml")).contains("[profile.dev]"));
}

#[test]
fn what_a_workspace_has_for_its_games_is_used() {
    let folder = folder();
    let root = folder.path().join("Cargo.toml");
    let manifest = "[workspace]\nmembers = [\"a\"]\nexclude = [\"alone\"]\n\n[workspace.dependencies]\nvblank-guest = \"0.1\"\n\n[profile.dev]\nopt-level = 2\n";
    write(&root, manifest);
    let config = "[target.wasm32-unknown-unknown]\nrustflags = [\"-Ctarget-feature=+simd128\"]\n";
    write(&folder.path().join(".cargo/config.toml"), config);

    let _ = makes(folder.path(), "b");
    let made = folder.path().join("b");
    assert!(read(&made.join("Cargo.toml")).contains("vblank-guest = { workspace = true }"));
    assert!(!made.join(".cargo").exists());
    assert_eq!(read(&root), manifest.replace("[\"a\"]", "[\"a\", \"b\"]"));

    let _ = makes(folder.path(), "alone");
    let manifest = read(&folder.path().join("alone/Cargo.toml"));
    assert!(manifest.contains("[profile.dev]"), "{manifest}");
    assert!(!read(&root).contains("\"alone\", "));
}

#[test]
fn names_that_no_crate_can_have() {
    let folder = folder();
    for name in ["fn", "proc-macro", "vblank-guest", "std"] {
        is_refused(folder.path(), name, 2, &[name, "taken", "try"]);
    }
    for name in ["9lives", "Pong", "pöng", "po.ng", "_pong"] {
        is_refused(folder.path(), name, 2, &[name, "lower-case letter"]);
    }
    is_refused(folder.path(), "games/pong", 2, &["games/pong", "--path"]);
    let left = std::fs::read_dir(folder.path()).expect("the folder is there");
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_folder_that_is_taken_stays_as_it_is() {
    let folder = folder();
    let note = folder.path().join("pong/note.txt");
    write(&note, "mine");
    is_refused(folder.path(), "pong", 1, &["pong", "not empty", "--path"]);
    let entries = std::fs::read_dir(folder.path().join("pong")).expect("the folder is there");
    assert_eq!(entries.count(), 1);
    assert_eq!(read(&note), "mine");

    is_refused(folder.path(), "pong --path pong/note.txt", 1, &["note.txt"]);
    std::fs::create_dir(folder.path().join("empty")).expect("a folder can be made");
    let _ = makes(folder.path(), "pong --path empty");
}

#[test]
fn a_workspace_that_cannot_be_read_is_named() {
    let folder = folder();
    write(&folder.path().join("Cargo.toml"), "[workspace\n");
    is_refused(folder.path(), "pong", 1, &["Cargo.toml", "above"]);
    write(
        &folder.path().join("Cargo.toml"),
        "[workspace]\nmembers = 3\n",
    );
    is_refused(folder.path(), "ping", 1, &["members", "no list"]);
}
