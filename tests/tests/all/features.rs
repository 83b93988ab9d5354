//! `--features` and `--no-default-features`, as cargo has them: in what is built and in what is watched.

use std::fs;
use std::path::Path;

use vblank_tests::{Counter, Demo, Guest, Run, host};

fn write(path: &Path, text: &str) {
    fs::write(path, text)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// A demo whose speed comes from a crate that only the feature `quick` asks for, and which does not
/// compile with its default feature.
fn demo() -> Demo {
    let demo = Demo::copy("hello");
    let manifest = demo.folder().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("there is a manifest");
    let features = "quick = { path = \"../quick\", optional = true }\n\n[features]\ndefault = [\"broken\"]\nbroken = []\nquick = [\"dep:quick\"]\n";
    write(&manifest, &format!("{text}{features}"));
    let quick = demo.beside("quick");
    fs::create_dir_all(quick.join("src")).expect("a folder can be made");
    write(
        &quick.join("Cargo.toml"),
        "[package]\nname = \"quick\"\nedition = \"2024\"\n",
    );
    write(&quick.join("src/lib.rs"), "pub const SPEED: f32 = 310.0;\n");
    demo.replace(
        "use vblank_guest::prelude::*;\n",
        "use vblank_guest::prelude::*;\n\n#[cfg(feature = \"broken\")]\ncompile_error!(\"the default feature is on\");\n#[cfg(feature = \"quick\")]\nuse quick::SPEED;\n#[cfg(not(feature = \"quick\"))]\nconst SPEED: f32 = 300.0;\n",
    );
    demo.replace("300.0 };", "SPEED };");
    demo
}

#[test]
fn they_are_built_and_what_they_bring_is_watched() {
    let demo = demo();
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --features quick --no-default-features")
        .start();
    host.event("first-frame");
    write(
        &demo.beside("quick/src/lib.rs"),
        "pub const SPEED: f32 = 320.0;\n",
    );
    let swap = host.event("swap");
    let _ = host.stop().exits(0).without(&["refused"]);
    let built = |flags: &[&str]| {
        let output = vblank_tests::host(&demo.beside(""))
            .arg("build")
            .arg(demo.folder())
            .args(flags)
            .output()
            .expect("the host starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (String::from_utf8_lossy(&output.stdout).into_owned(), said)
    };
    let hash = swap["to"].as_str().expect("a hash is text");
    let (quick, _) = built(&["-F", "quick", "--no-default-features"]);
    assert!(quick.contains(hash), "no {hash} in {quick}");
    let (plain, _) = built(&["--no-default-features"]);
    assert!(plain.contains("hash") && !plain.contains(hash), "{plain}");
    let (_, said) = built(&[]);
    assert!(said.contains("the default feature is on"), "{said}");
}

#[test]
fn one_that_the_crate_does_not_have_is_named() {
    let demo = Demo::copy("hello");
    let ended = Run::headless(&demo.folder())
        .args("--renderer null --exit-on-break --features a,quikc")
        .to_end()
        .exits(1);
    let message = ended.only("build")["message"].to_string();
    assert!(message.contains("quikc"), "{message}");
}

#[test]
fn where_nothing_is_built_they_are_a_mistake() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let ended = Run::headless(&file).args("--features a").to_end().exits(1);
    let _ = ended.says_once(&["--features", "game.wasm", "is none"]);
    let ended = Run::headless(&file)
        .args("--features a --build true --watch .")
        .to_end()
        .exits(2);
    let _ = ended.says_once(&["--build <COMMAND>", "cannot be used with", "--features"]);
    let output = host(folder.path())
        .args(["bench", "game.wasm", "--no-default-features"])
        .current_dir(folder.path())
        .output()
        .expect("the host starts");
    assert_eq!(output.status.code(), Some(1));
}
