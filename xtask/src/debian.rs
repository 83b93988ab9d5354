//! Packages of Debian and its descendants.

use std::process::Command;

use crate::process::{Failure, announce, output, run, succeeds};

/// Installs Debian packages, if any are missing.
pub fn install(purpose: &str, packages: &[&str]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !is_debian() {
        return Err(format!("for {purpose}, install what Debian calls: {names}").into());
    }
    announce(&format!("apt-get install {names} (for {purpose})"));
    // An old list is better than none, and installing fails if it was too old.
    let _ = run(apt().args(["-qq", "update"]));
    run(apt()
        .args(["-qq", "--yes", "--no-install-recommends", "install"])
        .args(packages))
}

/// Returns the packages that are not installed.
pub fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let is_installed = |package: &&&str| {
        let mut query = Command::new("dpkg-query");
        query.args(["--show", "--showformat=${Status}", package]);
        output(&mut query).is_some_and(|status| status == "install ok installed")
    };
    packages
        .iter()
        .filter(|package| !is_installed(package))
        .copied()
        .collect()
}

fn apt() -> Command {
    let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let mut command = Command::new(if is_root { "env" } else { "sudo" });
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}

/// Returns true if this machine has Debian's package manager.
pub fn is_debian() -> bool {
    succeeds(Command::new("apt-get").arg("--version"))
}
