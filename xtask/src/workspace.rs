//! The workspace: its folder, its build folder, and cargo in it. Knows no command of xtask.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}

/// Returns cargo's target folder.
pub fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the folder of the programs that xtask installs for its own use. As dependencies, they would
/// lengthen everybody's build.
pub fn tools() -> PathBuf {
    target().join("tools")
}

/// Returns cargo, in the workspace's folder.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

/// Silences a layer of Mesa that chooses among graphics cards. It complains at each start if there is
/// no folder for runtime files, as in a bare container, which has no cards to choose from.
pub fn quieten_mesa(command: &mut Command) {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("NODEVICE_SELECT", "1");
    }
}
