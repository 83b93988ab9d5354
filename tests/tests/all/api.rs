//! The public interfaces, written down in `host/runtime/api.txt` and `guest-sdk/api.txt`. Every change becomes
//! visible there, and belongs in CHANGELOG.md.

use vblank_tests::{Source, workspace};

/// Compares an interface with its file. `VBLANK_BLESS=1` overwrites the file.
#[track_caller]
fn is_as_written(file: &str, interface: &str) {
    let path = workspace().join(file);
    if std::env::var_os("VBLANK_BLESS").is_some() {
        std::fs::write(&path, interface).expect("the file can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let mut differences = interface.lines().zip(written.lines()).enumerate();
    let first = differences.find(|(_, (now, then))| now != then);
    assert!(
        written == interface,
        "the public interface is not that of {file}, first in line {}: {:?} now, {:?} there. If it is meant to \
         change, say so in CHANGELOG.md and write the file anew: VBLANK_BLESS=1 cargo xtask test api::",
        first.map_or(
            1 + written.lines().count().min(interface.lines().count()),
            |(line, _)| line + 1
        ),
        first.map_or("more or less", |(_, (now, _))| now),
        first.map_or("", |(_, (_, then))| then),
    );
}

#[test]
fn the_runtimes_interface_for_plugins() {
    let source = Source::read(
        "vblank_runtime",
        &workspace().join("host/runtime/src/lib.rs"),
    );
    let interface = source.interface(&[&["plugin"]]);
    is_as_written("host/runtime/api.txt", &interface);
}

#[test]
fn the_sdks_interface() {
    let source = Source::read("vblank_guest", &workspace().join("guest-sdk/src/lib.rs"));
    let modules: [&[&str]; 5] = [&[], &["assets"], &["prelude"], &["sound"], &["test"]];
    let interface = source.interface(&modules);
    is_as_written("guest-sdk/api.txt", &interface);
}
