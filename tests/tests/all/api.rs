//! The public interfaces of the published crates, written down in an `api.txt` beside each crate's
//! `Cargo.toml`. Every change becomes visible there, and belongs in CHANGELOG.md.

use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::Builder;
use vblank_tests::{skip, workspace};

/// Folders and names of the published crates.
const PUBLISHED: [(&str, &str); 4] = [
    ("guest-sdk", "vblank-guest"),
    ("guest-sdk/input", "vblank-input"),
    ("guest-sdk/state", "vblank-state"),
    ("host/runtime", "vblank-runtime"),
];

/// Rustdoc writes JSON on request only on nightly, or if told that it is one. Cargo itself is not told:
/// it would build all dependencies again.
const RUSTDOC: &str = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n";

#[test]
fn the_public_interfaces_are_as_written() {
    let documents = documents();
    for (folder, name) in PUBLISHED {
        let document = documents.join(format!("{}.json", name.replace('-', "_")));
        match interface(&document) {
            Ok(interface) => is_as_written(&workspace().join(folder).join("api.txt"), &interface),
            // The format of these documents changes between versions of Rust.
            Err(error) => return skip(&format!("cannot read {}: {error}", document.display())),
        }
    }
}

/// Has rustdoc describe the published crates as JSON. Returns the folder of these documents.
fn documents() -> PathBuf {
    let rustdoc = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rustdoc-json");
    std::fs::write(&rustdoc, RUSTDOC).expect("the wrapper can be written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&rustdoc, executable).expect("the wrapper can be made executable");
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace());
    cargo.args([
        "doc",
        "--quiet",
        "--release",
        "--no-deps",
        "--package",
        "workspace-hack",
    ]);
    cargo.args(PUBLISHED.iter().flat_map(|(_, name)| ["--package", name]));
    cargo.env("RUSTDOC", &rustdoc);
    cargo.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    let status = cargo.status().expect("cargo starts");
    assert!(status.success(), "rustdoc does not describe the crates");
    workspace().join("target/doc")
}

fn interface(document: &Path) -> public_api::Result<String> {
    let api = Builder::from_rustdoc_json(document)
        .omit_auto_derived_impls(true)
        .omit_auto_trait_impls(true)
        .omit_blanket_impls(true)
        .build()?;
    Ok(api.to_string())
}

/// Compares an interface with its file. `VBLANK_BLESS=1` overwrites the file.
#[track_caller]
fn is_as_written(file: &Path, interface: &str) {
    if std::env::var_os("VBLANK_BLESS").is_some() {
        std::fs::write(file, interface).expect("the file can be written");
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    let without = |text: &str, other: &str| {
        let other: std::collections::BTreeSet<_> = other.lines().map(str::to_owned).collect();
        let lines = text.lines().filter(|line| !other.contains(*line));
        lines.map(|line| format!("\n  {line}")).collect::<String>()
    };
    assert!(
        written == interface,
        "the public interface is not that of {}.\nnew:{}\ngone:{}\nIf it is meant to change, say so in \
         CHANGELOG.md and write the file anew: VBLANK_BLESS=1 cargo xtask test api::",
        file.display(),
        without(interface, &written),
        without(&written, interface),
    );
}
