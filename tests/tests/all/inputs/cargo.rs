//! What the user names and where cargo runs: `--watch`, the folder of the guest, its toolchain.

use super::*;

// Paths that the user names.

#[test]
fn a_file_is_watched_beside_the_sources() {
    let scene = Scene::plain();
    let file = scene.path("../levels.txt");
    write(&file, "one");
    let mut host = started(scene.run().file("--watch", &file, ""));
    comes_in(&mut host, || scene.edit(300, 310));
    write(&file, "two");
    host.event("same-code");
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    // Once it is gone, a person hears so.
    std::fs::remove_file(&file).expect("it is there");
    let notice = host.event("notice")["message"].to_string();
    assert!(notice.contains("levels.txt"), "{notice}");
    assert!(notice.contains("no such file"), "{notice}");
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_path_that_is_not_there_is_a_mistake_on_the_command_line() {
    let (_folder, guest) = finished();
    let run = Run::headless(&guest).args("--renderer null --frames 1 --watch /nonexistent");
    let ended = run.to_end().exits(2).without(&["start"]);
    let _ = ended.says_once(&["/nonexistent", "--watch"]);
}

// The folder in which cargo runs.

const TINY: [(&str, &str); 2] = [
    (
        "Cargo.toml",
        "[package]\nname = \"vblank-tiny\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
    ),
    ("src/lib.rs", "pub const SPEED: f32 = 300.0;\n"),
];

/// The guest depends on a crate that only its settings of cargo lead to.
#[track_caller]
fn builds_from_above(dependency: &str, config: &str) {
    let scene = Scene::new("use vblank_tiny::SPEED;", &[(".cargo/config.toml", config)]);
    for (file, text) in TINY {
        scene.write(&format!("crates/vblank-tiny/{file}"), text);
    }
    let checksum = "crates/vblank-tiny/.cargo-checksum.json";
    scene.write(checksum, "{\"files\":{},\"package\":null}");
    scene.append("Cargo.toml", &format!("vblank-tiny = {dependency}\n"));
    // The crate lies in the workspace, and is no part of it.
    let excluded = "[workspace]\nexclude = [\"hello/crates\"]\n";
    scene.replace("../Cargo.toml", "[workspace]\n", excluded);
    for (folder, guest) in [(".", "."), ("..", "hello")] {
        let (code, said) = output_of(scene.build(&scene.path(folder), &[guest]));
        assert_eq!(code, Some(0), "in {folder}: {said}");
    }
    assert!(scene.0.wasm().is_file());
}

#[test]
fn a_vendored_crate_is_found_from_everywhere() {
    let index = "sparse+https://registry.invalid/";
    let config = format!(
        "[registries.tiny]\nindex = \"{index}\"\n[source.tiny]\nregistry = \"{index}\"\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"crates\"\n"
    );
    builds_from_above("{ version = \"1\", registry = \"tiny\" }", &config);
}

#[test]
fn a_patched_crate_is_found_from_everywhere() {
    let config = "[patch.crates-io]\nvblank-tiny = { path = \"crates/vblank-tiny\" }\n";
    builds_from_above("\"1\"", config);
}

// The compiler's messages.

#[test]
fn locations_are_named_as_seen_from_the_working_folder() {
    let scene = Scene::new("const SPEED: f32 = no;", &[]);
    let line = scene.read("src/lib.rs");
    let line = 1 + line
        .lines()
        .take_while(|line| !line.contains("= no;"))
        .count();
    for (folder, guest, file) in [
        ("..", "hello", "hello/src/lib.rs"),
        (".", ".", "src/lib.rs"),
    ] {
        let (code, said) = output_of(scene.build(&scene.path(folder), &[guest]));
        assert_eq!(code, Some(1), "in {folder}: {said}");
        let location = format!("--> {file}:{line}:");
        assert!(said.contains(&location), "no {location:?} in: {said}");
    }
    scene.replace("src/lib.rs", "= no;", "= 300.0;");
    let mut host = scene.start();
    scene.replace("src/lib.rs", "= 300.0;", "= no;");
    let build = host.event("build");
    // The host runs elsewhere.
    let location = format!("--> {}:{line}:", scene.0.source().display());
    let said = build["message"].to_string();
    assert!(said.contains(&location), "no {location:?} in: {said}");
    let _ = host.stop().exits(0);
}

#[track_caller]
fn is_advised(command: Command, words: &[&str]) {
    let (code, said) = output_of(command);
    assert_eq!(code, Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
}

#[test]
fn a_flag_for_another_linker_is_explained_by_the_first_build() {
    let scene = Scene::plain();
    let mut command = scene.build(&scene.0.folder(), &[]);
    command.env("RUSTFLAGS", "-Clink-arg=-fuse-ld=mold");
    is_advised(
        command,
        &["help: rustflags for the native linker", "unset RUSTFLAGS"],
    );
}

#[test]
fn a_crate_without_a_source_of_randomness_is_explained_by_the_first_build() {
    let words = "the wasm32-unknown-unknown targets are not supported by default; you may need to enable the wasm_js configuration flag";
    let manifest = "[package]\nname = \"getrandom\"\nedition = \"2024\"\n";
    let scene = Scene::new(
        "use getrandom::SPEED;",
        &[
            ("../getrandom/Cargo.toml", manifest),
            (
                "../getrandom/src/lib.rs",
                &format!("compile_error!({words:?});"),
            ),
        ],
    );
    scene.append("Cargo.toml", "getrandom = { path = \"../getrandom\" }\n");
    let help = "help: a guest has no source of randomness";
    is_advised(scene.build(&scene.0.folder(), &[]), &[help]);
    // `host run` says so too, and goes on when it is mended.
    let mut host = scene.run().start();
    let build = host.event("build")["message"].to_string();
    assert!(build.contains(help), "{build}");
    scene.write("../getrandom/src/lib.rs", SPEEDS[0]);
    host.event("first-frame");
    let ended = host.stop().exits(0);
    assert_eq!(ended.said.matches(help).count(), 1, "{}", ended.said);
}

// The cause of a failure.

fn lacks_rustup() -> bool {
    let lacks = Command::new("rustup").arg("--version").output().is_err();
    if lacks {
        skip("it needs rustup");
    }
    lacks
}

/// Settings with which rustup installs nothing.
const NO_INSTALLING: [(&str, &str); 2] = [
    ("RUSTUP_AUTO_INSTALL", "0"),
    ("RUSTUP_DIST_SERVER", "http://127.0.0.1:9"),
];

/// Building with this `rust-toolchain.toml` fails with these words of rustup.
#[track_caller]
fn is_refused_by_rustup(file: &str, words: &[&str]) {
    if lacks_rustup() {
        return;
    }
    let demo = Demo::copy_cold("hello");
    write(&demo.folder().join("rust-toolchain.toml"), file);
    let scene = Scene(demo);
    let mut command = scene.build(&scene.0.folder(), &[]);
    command.env_remove("RUST_BACKTRACE").envs(NO_INSTALLING);
    let (code, said) = output_of(command);
    assert_eq!(code, Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
    let wrong = "has no wasm32-unknown-unknown target";
    assert!(!said.contains(wrong), "{said}");
}

#[test]
fn a_toolchain_that_there_is_not() {
    let file = "[toolchain]\nchannel = \"banana\"\n";
    is_refused_by_rustup(file, &["banana", "rust-toolchain.toml"]);
}

#[test]
fn a_toolchain_that_is_not_installed() {
    let file = "[toolchain]\nchannel = \"nightly-2020-01-01\"\n";
    is_refused_by_rustup(file, &["2020-01-01"]);
}

#[test]
fn a_choice_of_a_toolchain_that_is_no_toml() {
    is_refused_by_rustup("[toolchain\nchannel", &["rust-toolchain.toml", "TOML"]);
}

#[test]
fn a_choice_of_a_toolchain_is_an_input() {
    if lacks_rustup() {
        return;
    }
    let scene = Scene::plain();
    let [install, server] = NO_INSTALLING;
    let run = scene.run().env(install.0, install.1);
    let mut host = started(run.env(server.0, server.1));
    let file = "rust-toolchain.toml";
    scene.write(file, "[toolchain]\nchannel = \"banana\"\n");
    let build = loop {
        let build = host.event("build");
        if build["ok"] == false {
            break build["message"].to_string();
        }
    };
    assert!(build.contains("banana"), "{build}");
    remove(&scene.path(file));
    host.event("same-code");
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let _ = scene.ends_with_the_newest(host, &newest);
}
