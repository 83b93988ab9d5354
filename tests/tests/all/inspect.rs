//! `host inspect` and the other commands that read a guest's file, given the folder of a guest crate.

use std::path::Path;

use serde_json::Value;
use vblank_tests::{Demo, host};

/// Exit code, standard output and standard error of `host ARGUMENTS`.
fn said(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = host(folder).args(arguments).current_dir(folder).output();
    let output = output.expect("the host starts");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_folder_of_a_guest_crate_means_its_last_build() {
    let demo = Demo::copy("hello");
    let folder = demo.folder();
    for command in [&["inspect", "."][..], &["check", ".", "."]] {
        let (code, _, error) = said(&folder, command);
        assert_ne!(code, Some(0), "{command:?}: {error}");
        assert!(error.contains("has not been built yet"), "{error}");
        assert!(error.contains("host build ."), "{error}");
    }
    demo.build();
    let wasm = demo.wasm().canonicalize().expect("it was built");
    let wasm = wasm.to_str().expect("its path is text");
    let (code, text, error) = said(&folder, &["inspect", "."]);
    assert_eq!(code, Some(0), "{error}");
    assert!(text.contains(&format!("file       {wasm}\n")), "{text}");
    assert_eq!(
        said(&folder, &["inspect", wasm]).1,
        text,
        "the file has the same facts"
    );
    let (_, json, _) = said(&folder, &["inspect", ".", "--json"]);
    let facts: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(facts["file"], wasm);
    let (code, text, error) = said(&folder, &["check", ".", wasm]);
    assert_eq!((code, &*text), (Some(0), "identical\n"), "{error}");
    let (code, _, error) = said(&folder, &["build", "--output", "../given.wasm"]);
    assert_eq!(code, Some(0), "{error}");
    let given = std::fs::read(demo.beside("given.wasm")).expect("it was written");
    assert!(given.windows(13).any(|part| part == b"vblank:schema"));
    let (code, text, error) = said(&folder, &["check", "../given.wasm", "."]);
    assert_eq!((code, &*text), (Some(0), "identical\n"), "{error}");
    let (code, _, error) = said(&folder, &["build", "--output", "../nowhere/given.wasm"]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains("cannot write ../nowhere/given.wasm"),
        "{error}"
    );
    // The newer of two builds counts.
    let release = demo.target().join("wasm32-unknown-unknown/release");
    std::fs::create_dir_all(&release).expect("a folder can be made");
    std::fs::write(release.join("hello.wasm"), "no guest").expect("a file can be written");
    let (code, _, error) = said(&folder, &["inspect", "."]);
    assert_eq!(code, Some(1));
    assert!(error.contains("release/hello.wasm"), "{error}");
}

#[test]
fn another_folder_is_none() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (code, _, error) = said(folder.path(), &["inspect", "."]);
    assert_eq!(code, Some(1));
    for word in ["Cargo.toml", "the folder of a guest crate", ".wasm"] {
        assert!(error.contains(word), "no {word:?} in {error}");
    }
}
