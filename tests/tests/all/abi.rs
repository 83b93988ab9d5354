//! Guests of released contracts still run. They are kept as they were built then, run in this host, and
//! are swapped for today's with their state. `wit/` is compared with its released text.

use std::path::{Path, PathBuf};

use exports::demo::plugins::http::Request;
use serde_json::json;
use tempfile::TempDir;
use vblank_runtime::guest::Code;
use vblank_runtime::plugin::{Host, Slot};
use vblank_tests::{Counter, Demo, Guest, Run, show_state, workspace};
use wit_component::targets;
use wit_parser::Resolve;

vblank_runtime::plugin!(Handler, path: ["../wit", "../demos/plugins/wit"], world: "demo:plugins/handler");

/// The folder of each release.
fn releases() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(workspace().join("tests/abi")).expect("the folder is there");
    let entries = folder.map(|entry| entry.expect("it can be listed").path());
    let mut found: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn a_game_of_each_release_runs_and_goes_on_in_todays_build() {
    let today = Demo::copy("hello");
    today.build();
    for release in releases() {
        let old = release.join("game.wasm");
        let image = today.beside("end.vbs");
        let run = |guest: &Path| {
            Run::headless(guest)
                .args("--fast --frames 600 --seed 7 --renderer null")
                .file("--state-out", &image, "")
        };
        let ended = run(&old).to_end().exits(0);
        let unswapped = show_state(&image);
        assert_eq!(unswapped["turns"], 2);
        drop(ended);

        let mut swap = std::ffi::OsString::from("300=");
        swap.push(today.wasm());
        let ended = run(&old).arg("--swap-at").arg(&swap).to_end().exits(0);
        assert_eq!(ended.only("swap")["verdict"], json!("identical"));
        assert_eq!(show_state(&image), unswapped, "{}", release.display());
    }
}

#[test]
fn a_plugin_of_each_release_runs_and_goes_on_in_todays_build() {
    let today = Demo::copy("plugins/visits");
    today.build();
    let today = Code::read(&today.wasm()).expect("it was built");
    let host = Host::new().expect("there is a host");
    let visit = |slot: &mut Slot<Handler>| {
        let request = Request {
            method: "GET".to_owned(),
            path: "/a".to_owned(),
            body: String::new(),
        };
        let answer =
            slot.call(|handler, store| handler.demo_plugins_http().call_handle(store, &request));
        answer.unwrap_or_else(|error| panic!("{error}")).body
    };
    for release in releases() {
        let slot = host.slot("visits").load(release.join("plugin.wasm"));
        let mut slot = slot.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(visit(&mut slot), "visit 1 of /a, 1 in all\n");
        let swap = slot.swap(&today).unwrap_or_else(|error| panic!("{error}"));
        assert!(swap.is_identical());
        assert_eq!(visit(&mut slot), "visit 2 of /a, 2 in all\n");
    }
}

/// The WIT of a folder without its version: what names are compared by.
fn unversioned(folder: &Path) -> TempDir {
    copy_of(folder, |_, text| {
        let line = text.lines().find(|line| line.starts_with("package "));
        line.map_or_else(
            || text.to_owned(),
            |line| text.replacen(line, "package vblank:guest;", 1),
        )
    })
}

/// A copy of a folder, with each file's text as `change` makes it of its name and text.
fn copy_of(folder: &Path, change: impl Fn(&str, &str) -> String) -> TempDir {
    let copy = TempDir::new().expect("a temporary folder can be made");
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("a file has a name");
        let text = std::fs::read_to_string(&path).expect("WIT can be read");
        let text = change(&name.to_string_lossy(), &text);
        std::fs::write(copy.path().join(name), text).expect("it can be written");
    }
    copy
}

/// True if guests that were built for one contract are served by a host of another: a guest that imports and
/// exports all of a world is put into the other's. Both are folders of WIT.
fn serves(released: &Path, today: &Path) -> Result<(), String> {
    let (released, today) = (unversioned(released), unversioned(today));
    for world in ["plugin", "game"] {
        let guest = Guest::of::<Counter>().built_for(released.path(), world);
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(today.path())
            .map_err(|error| format!("{error:#}"))?;
        let found = resolve.select_world(&[package], Some(world));
        let found = found.map_err(|error| format!("the world `{world}` is gone: {error:#}"))?;
        targets(&resolve, found, &guest.component())
            .map_err(|error| format!("the world `{world}` has changed: {error:#}"))?;
    }
    Ok(())
}

#[test]
fn the_contract_serves_guests_of_each_release() {
    for release in releases() {
        let version = release
            .file_name()
            .expect("it has a name")
            .to_string_lossy();
        if let Err(why) = serves(&release.join("wit"), &workspace().join("wit")) {
            panic!(
                "guests that were built for vblank:guest {version} would be refused: {why}\nLeave in wit/ what was \
                 there, and add the new beside it, marked `@since`. If guests of {version} are to be refused, that \
                 is another major version (0.2.0, after 0.1): give it to wit/, remove tests/abi/{version}, and say so in CHANGELOG.md"
            );
        }
    }
}

/// `wit/` with something of it replaced.
#[track_caller]
fn changed(file: &str, old: &str, new: &str) -> TempDir {
    let today = workspace().join("wit");
    let is_there = std::fs::read_to_string(today.join(file)).is_ok_and(|text| text.contains(old));
    assert!(is_there, "{file} has no {old:?}");
    copy_of(&today, |name, text| {
        if name == file {
            text.replacen(old, new, 1)
        } else {
            text.to_owned()
        }
    })
}

#[test]
fn what_is_added_serves_and_what_is_taken_or_changed_does_not() {
    let today = workspace().join("wit");
    let served = |file: &str, old: &str, new: &str| {
        let changed = changed(file, old, new);
        serves(&today, changed.path())
    };
    served(
        "log.wit",
        "interface log {",
        "interface log {\n  flush: func();\n",
    )
    .expect("a function more");
    served(
        "world.wit",
        "package vblank:guest@0.1.0;",
        "package vblank:guest@0.1.1;",
    )
    .expect("a later patch");
    for (file, old, new) in [
        ("world.wit", "  import audio;\n", ""),
        (
            "world.wit",
            "export lifecycle;",
            "export lifecycle;\n  export audio;",
        ),
        ("log.wit", "interface log {", "interface logs {"),
        ("input.wit", "width: u32", "width: u64"),
        ("input.wit", "numpad-star,", ""),
    ] {
        let why = served(file, old, new).expect_err(new);
        assert!(!why.is_empty(), "{file}: {new}");
    }
}
