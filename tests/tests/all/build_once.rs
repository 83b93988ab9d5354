//! `host build`: what it leaves, what it says, and how it fails.

use std::path::Path;
use std::process::Output;

use vblank_tests::{Demo, Run, host};

#[track_caller]
fn build(demo: &Demo, arguments: &[&str]) -> Output {
    build_in(demo, &demo.folder(), arguments)
}

#[track_caller]
fn build_in(demo: &Demo, folder: &Path, arguments: &[&str]) -> Output {
    host(&demo.beside("home"))
        .arg("build")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the host starts")
}

/// The text behind this word at the beginning of a line.
#[track_caller]
fn fact<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in: {text}"))
        .trim()
}

#[test]
fn it_builds_what_a_run_starts_with() {
    let demo = Demo::copy("hello");
    let output = build(&demo, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Finished"), "cargo speaks for itself: {said}");

    let text = String::from_utf8_lossy(&output.stdout);
    let file = Path::new(fact(&text, "file"));
    let same = |a: &Path, b: &Path| a.canonicalize().ok() == b.canonicalize().ok();
    assert!(same(file, &demo.wasm()), "{text}");
    let bytes = file.metadata().expect("the file is there").len();
    assert_eq!(fact(&text, "size"), format!("{} KiB", bytes.div_ceil(1024)));

    let run = Run::headless(&demo.folder())
        .args("--no-build --fast --frames 1 --renderer null")
        .to_end()
        .exits(0);
    assert_eq!(run.only("start")["hash"], fact(&text, "hash"));
}

#[test]
fn an_error_of_the_compiler_is_shown_once_and_is_exit_code_1() {
    let demo = Demo::copy("hello");
    demo.replace("300.0 };", "\"fast\" };");
    let output = build(&demo, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("error[E0308]").count(), 1, "{said}");
    assert!(said.contains("src/lib.rs:18:"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn a_folder_without_a_guest_is_exit_code_1_and_says_what_to_do() {
    let demo = Demo::copy_cold("hello");
    std::fs::remove_file(demo.folder().join("Cargo.toml")).expect("the manifest is there");
    let output = build(&demo, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("has no Cargo.toml; give the folder"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_library_that_is_no_guest_is_named() {
    let demo = Demo::copy("hello");
    std::fs::write(demo.source(), "//! Nothing.\n").expect("the source can be written");
    let output = build(&demo, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("hello.wasm is not a guest"), "{said}");
}
