//! The workspace: its folder, its build folder, and cargo in it. Knows no command of xtask.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}

/// cargo's target folder.
pub fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root().join("target"), PathBuf::from)
}

/// The folder of the programs that xtask installs for itself: as dependencies they would weigh on everybody's
/// build.
pub fn tools() -> PathBuf {
    target().join("tools")
}

/// cargo, in the workspace.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

/// Keep Mesa quiet where there is no folder for runtime files, as in a bare container: its choice among several
/// graphics cards complains at each start, and there are not several then.
pub fn quieten_mesa(command: &mut Command) {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("NODEVICE_SELECT", "1");
    }
}
