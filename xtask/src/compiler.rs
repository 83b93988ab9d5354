//! The compilers for guests: the target, and whether a compiler has it.

use std::path::Path;
use std::process::Command;

use crate::process::output;

/// Target of guests.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Returns true if this compiler has the target's standard library.
pub fn has_target(rustc: &mut Command) -> bool {
    let folder = output(rustc.args(["--print", "target-libdir", "--target", TARGET]));
    folder.is_some_and(|folder| has_standard_library(Path::new(&folder)))
}

/// Returns true if a folder holds a standard library.
pub fn has_standard_library(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}
