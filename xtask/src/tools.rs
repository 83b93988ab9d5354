//! Programs that xtask installs for its own use, each in the one version that the checks were written
//! for.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Failure, announce, output, run};
use crate::workspace::tools;

/// A program of crates.io.
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
    /// The first words of what `--version` prints, before the version.
    pub prints: &'static str,
    /// Additional flags for `cargo install`.
    pub flags: &'static [&'static str],
}

impl Tool {
    /// Installs the program, unless it is installed. Returns its path.
    pub fn get(&self) -> Result<PathBuf, Failure> {
        let program = tools()
            .join("bin")
            .join(self.name)
            .with_extension(std::env::consts::EXE_EXTENSION);
        let found = output(Command::new(&program).arg("--version"));
        if found != Some(format!("{}{}", self.prints, self.version)) {
            announce(&format!("installing {} {}, once", self.name, self.version));
            let mut install = Command::new("cargo");
            install
                .args(["install", self.name, "--version", self.version, "--locked"])
                .args(self.flags)
                .args(["--force", "--root"])
                .arg(tools())
                .env_remove("CARGO_TARGET_DIR");
            run(&mut install)?;
        }
        Ok(program)
    }
}
