//! The layers of the host (DESIGN §1): who may name what, and that imports go down only.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use vblank_tests::workspace;

/// A file and its text, without comments: prose may name anything.
struct Source {
    path: PathBuf,
    text: String,
}

/// All Rust files under a folder of the workspace.
fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
                let relative = path
                    .strip_prefix(workspace())
                    .expect("it lies in the workspace");
                found.push(Source {
                    path: relative.to_owned(),
                    text,
                });
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

impl Source {
    /// Lines of code with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .enumerate()
            .map(|(i, line)| (i + 1, line))
    }

    /// Where the code has this path, such as `wgpu::`, or brings it in.
    fn naming(&self, name: &str) -> Vec<String> {
        let uses = |line: &str| {
            line.match_indices(name).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = &line[at + name.len()..];
                let begins = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
                let goes_on = after.starts_with("::")
                    || (line.trim_start().starts_with("use ") && after.starts_with([';', ' ']));
                begins && goes_on
            })
        };
        let lines = self.code().filter(|(_, line)| uses(line));
        lines
            .map(|(i, line)| format!("{}:{i}: {}", self.path.display(), line.trim()))
            .collect()
    }

    /// The modules of its crate that it names: `a` for `crate::a::b`, and both for `crate::{a, b::c}`.
    fn modules_used(&self) -> Vec<String> {
        let code: String = self.code().flat_map(|(_, line)| [line, "\n"]).collect();
        let name = |path: &str| -> String {
            let path = path.trim_start().chars();
            path.take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        let mut names = Vec::new();
        for (at, path) in code.match_indices("crate::") {
            let rest = &code[at + path.len()..];
            let Some(group) = rest.strip_prefix('{') else {
                names.push(name(rest));
                continue;
            };
            let mut depth = 0;
            names.push(name(group));
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(name(&group[i + 1..])),
                    _ => {}
                }
            }
        }
        names
    }

    /// The module of the host that it belongs to: `guest` for `host/src/guest/store.rs`.
    fn module(&self) -> String {
        let inside = self
            .path
            .strip_prefix("host/src")
            .expect("it is one of the host's");
        let first = inside.components().next().expect("a file has a name");
        Path::new(first.as_os_str())
            .with_extension("")
            .display()
            .to_string()
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let folders = [
        "host",
        "guest-sdk",
        "tests",
        "xtask",
        "demos/hello",
        "demos/particles",
        "demos/boids",
        "demos/meadow",
        "demos/breakout",
        "demos/plugins",
    ];
    let mut silent = Vec::new();
    for source in folders.into_iter().flat_map(sources) {
        // What compilers' messages and printed stubs are compared with is shown as a user has it.
        let mut parts = source.path.components();
        let is_case = parts.any(|part| ["ui", "stubs"].map(OsStr::new).contains(&part.as_os_str()));
        if !is_case && !source.text.starts_with("//!") {
            silent.push(source.path);
        }
    }
    assert!(
        silent.is_empty(),
        "the first line is to be `//!`: {silent:#?}"
    );
}

#[test]
fn who_may_name_what() {
    let mut breaches = Vec::new();
    for source in sources("host/src") {
        let module = source.module();
        for (name, owner) in [
            ("wasmtime", "guest"),
            ("wasmtime_wasi", "guest"),
            ("wgpu", "render"),
            ("kira", "sound"),
            ("gilrs", "app"),
            ("winit", "app"),
            ("notify", "reload"),
            ("cargo_metadata", "reload"),
        ] {
            if module != owner {
                breaches.extend(source.naming(name));
            }
        }
        // egui's triangles pass through the renderer's trait; only the overlay has widgets.
        if !["app", "overlay", "render"].contains(&&*module) {
            breaches.extend(source.naming("egui"));
        }
        if module != "overlay" {
            breaches.extend(source.naming("egui_plot"));
        }
        if !source.path.ends_with("render/wgpu/overlay.rs") {
            breaches.extend(source.naming("egui_wgpu"));
        }
        // Starting one; that the command line may end its own is another matter.
        if module != "reload" {
            let starts = source
                .code()
                .filter(|(_, line)| line.contains("process::Command"));
            breaches
                .extend(starts.map(|(i, line)| format!("{}:{i}: {line}", source.path.display())));
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn imports_go_down_only() {
    let layers: [(u8, &[&str]); 6] = [
        (0, &["clock", "config", "error", "image", "input"]),
        (1, &["render", "sound"]),
        (2, &["guest"]),
        (3, &["reload"]),
        (4, &["control", "event", "frame", "plugin", "session"]),
        (
            5,
            &[
                "app", "cli", "headless", "lib", "main", "overlay", "terminal",
            ],
        ),
    ];
    let layer_of = |module: &str| {
        let mut layers = layers.iter();
        layers
            .find(|(_, modules)| modules.contains(&module))
            .map(|(layer, _)| *layer)
    };
    let mut breaches = Vec::new();
    for source in sources("host/src") {
        let module = source.module();
        let own = layer_of(&module)
            .unwrap_or_else(|| panic!("`{module}` is new: give it a layer, here and in lib.rs"));
        for name in source.modules_used() {
            if layer_of(&name).is_some_and(|layer| layer > own) {
                breaches.push(format!("{} uses {name}", source.path.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn guests_know_the_renderer_only_by_its_commands() {
    let mut breaches = Vec::new();
    for source in sources("host/src/guest") {
        let lines = source.code().filter(|(_, line)| {
            line.contains("crate::render")
                && !["crate::render::commands", "crate::render::assets"]
                    .iter()
                    .any(|allowed| line.contains(allowed))
        });
        breaches.extend(lines.map(|(i, line)| format!("{}:{i}: {line}", source.path.display())));
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_state_knows_no_machine() {
    let mut breaches = Vec::new();
    let sources = ["guest-sdk/state/src", "guest-sdk/input/src"].map(sources);
    for source in sources.into_iter().flatten() {
        for name in [
            "wasmtime",
            "wgpu",
            "winit",
            "std::fs",
            "std::process",
            "std::net",
        ] {
            breaches.extend(source.naming(name));
        }
    }
    let manifest = std::fs::read_to_string(workspace().join("guest-sdk/state/Cargo.toml"))
        .expect("the state has a manifest");
    for name in ["wasmtime", "wgpu", "winit", "vblank-host"] {
        if manifest.contains(name) {
            breaches.push(format!("guest-sdk/state/Cargo.toml names {name}"));
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}
