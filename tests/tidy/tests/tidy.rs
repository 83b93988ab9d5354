//! The sources of the workspace, checked against the style guide. Each test prints the breaches.

use vblank_tidy::{
    Graph, Owner, circles, doubled_causes, layer_breaches, openings, ownership_breaches,
    private_names, private_words, sources, workspace,
};

/// Folders with sources that people read.
const FOLDERS: &[&str] = &[
    "host",
    "guest-sdk",
    "tests",
    "xtask",
    "benches",
    "demos",
    "fuzz",
];

/// The crates, by the folders of their roots.
const CRATES: &[&str] = &[
    "guest-sdk/state/src",
    "guest-sdk/input/src",
    "guest-sdk/derive/src",
    "guest-sdk/src",
    "host/runtime/src",
    "host/render/src",
    "host/src",
    "tests/src",
    "tests/tidy/src",
    "xtask/src",
];

#[track_caller]
fn expect_none(what: &str, breaches: &[String]) {
    let list = breaches.join("\n  ");
    assert!(breaches.is_empty(), "{}: {what}\n  {list}", breaches.len());
}

/// Returns the graph of a crate, if the crate exists.
fn graph(folder: &str) -> Option<Graph> {
    Graph::read(workspace(), folder)
}

#[test]
fn every_file_says_what_it_is_for() {
    let sources = sources(workspace(), FOLDERS);
    let silent = sources
        .iter()
        .filter(|source| !source.text.starts_with("//!"));
    let silent: Vec<_> = silent
        .map(|source| source.path.display().to_string())
        .collect();
    expect_none("files whose first line is not `//!`", &silent);
}

#[test]
fn names_are_the_fields_own() {
    let breaches = private_names(&sources(workspace(), FOLDERS));
    expect_none("definitions with a name of the private dialect", &breaches);
}

#[test]
fn errors_print_their_cause_once() {
    let breaches = doubled_causes(&sources(workspace(), FOLDERS));
    expect_none("messages that contain their source", &breaches);
}

#[test]
fn comments_speak_of_modules_and_to_every_reader() {
    let breaches = private_words(&sources(workspace(), FOLDERS));
    expect_none("comments with \"room\" or \"DESIGN §\"", &breaches);
}

#[test]
fn comments_open_with_their_subject() {
    let openings = openings(&sources(workspace(), FOLDERS));
    let share = format!(
        "of {} paragraphs of comments ({:.1}%) open without their subject",
        openings.paragraphs,
        openings.percent()
    );
    println!("{} {share}", openings.breaches.len());
    if openings.percent() >= 2.0 {
        expect_none(&share, &openings.breaches);
    }
}

#[test]
fn modules_form_no_circle() {
    expect_no_circles(CRATES.iter().filter_map(|folder| graph(folder)));
}

#[test]
fn folders_form_no_circle() {
    let graphs = CRATES.iter().filter_map(|folder| graph(folder));
    expect_no_circles(graphs.map(|graph| graph.top_level()));
}

#[track_caller]
fn expect_no_circles(graphs: impl Iterator<Item = Graph>) {
    let mut breaches = Vec::new();
    for graph in graphs {
        for circle in circles(&graph) {
            let modules = circle.modules.join(", ");
            let edges = circle.edges.join("\n      ");
            let (folder, count) = (&graph.folder, circle.modules.len());
            breaches.push(format!(
                "{folder}: {count} modules: {modules}\n      {edges}"
            ));
        }
    }
    expect_none("circles", &breaches);
}

#[test]
fn libraries_are_named_in_one_module_only() {
    let owned = |path, modules| Owner { path, modules };
    let crates = [
        (
            "host/runtime/src",
            vec![
                owned("wasmtime", &["guest"]),
                owned("wasmtime_wasi", &["guest"]),
                owned("notify", &["build"]),
                owned("cargo_metadata", &["build"]),
                owned("std::process::Command", &["build"]),
                owned("std::thread::Builder", &["thread"]),
                owned("std::thread::spawn", &["thread"]),
            ],
        ),
        (
            "host/render/src",
            vec![
                owned("wgpu", &["choice", "gpu"]),
                owned("kira", &["sound"]),
                owned("egui", &["gpu", "renderer"]),
                owned("std::process", &[]),
            ],
        ),
        (
            "host/src",
            vec![
                owned("winit", &["app"]),
                owned("gilrs", &["app"]),
                owned("egui", &["app", "overlay"]),
                owned("egui_plot", &["overlay"]),
                owned("egui_winit", &["app", "overlay"]),
                owned("std::thread::Builder", &[]),
                owned("std::thread::spawn", &[]),
            ],
        ),
        ("guest-sdk/state/src", {
            let mut owners = no_machine();
            owners.retain(|owner| owner.path != "std::thread");
            // A migration of a deep state takes a thread for its stack.
            owners.push(owned("std::thread", &["migrate"]));
            owners
        }),
        ("guest-sdk/input/src", no_machine()),
    ];
    let mut breaches = Vec::new();
    for (folder, owners) in crates {
        if let Some(graph) = graph(folder) {
            breaches.extend(ownership_breaches(&graph, &owners));
        }
    }
    expect_none("libraries named outside of their modules", &breaches);
}

/// Rules for the state and the input, which are data: they know no files, no processes and no network.
fn no_machine() -> Vec<Owner> {
    let paths = [
        "std::fs",
        "std::process",
        "std::net",
        "std::env",
        "std::thread",
    ];
    let owned = |path| Owner { path, modules: &[] };
    paths.map(owned).into()
}

#[test]
fn imports_go_down_only() {
    let runtime: &[&[&str]] = &[
        &[
            "clock", "config", "error", "fault", "files", "image", "reserve", "thread",
        ],
        &["guest"],
        &["timeline"],
        &["supervisor"],
        &["history"],
        &["build"],
        &["plugin"],
    ];
    let host: &[&[&str]] = &[
        &["clock", "config", "game"],
        &["control", "event", "frame", "protocol", "report", "session"],
        &[
            "app", "cli", "headless", "main", "overlay", "present", "terminal",
        ],
    ];
    let mut breaches = Vec::new();
    for (folder, layers) in [("host/runtime/src", runtime), ("host/src", host)] {
        // The runtime's folder is missing in a checkout without the divided host.
        if let Some(graph) = graph(folder).filter(|_| workspace().join("host/runtime").is_dir()) {
            breaches.extend(layer_breaches(&graph, layers));
        }
    }
    expect_none("imports that lead upwards", &breaches);
}
