//! `cargo xtask book`: the pages of `docs/` as a book for a browser. The program that makes it is installed
//! once, into the target folder: as a dependency it would weigh on everybody's build.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Failure, announce, output, run};
use crate::{root, target};

/// What the pages were looked at with.
const VERSION: &str = "0.5.4";

/// Make the book; where it is.
pub fn build() -> Result<PathBuf, Failure> {
    let tools = target().join("tools");
    let mdbook = tools
        .join("bin/mdbook")
        .with_extension(std::env::consts::EXE_EXTENSION);
    let found = output(Command::new(&mdbook).arg("--version"));
    if found.as_deref() != Some(&*format!("mdbook v{VERSION}")) {
        announce(&format!("installing mdbook {VERSION}, once"));
        // Without what serves and searches a book: two minutes on two cores.
        let mut install = Command::new("cargo");
        install
            .args(["install", "mdbook", "--version", VERSION, "--locked"])
            .args(["--no-default-features", "--force", "--root"])
            .arg(&tools)
            .env_remove("CARGO_TARGET_DIR");
        run(&mut install)?;
    }
    let book = target().join("book");
    run(Command::new(&mdbook)
        .arg("build")
        .arg(root().join("docs"))
        .arg("--dest-dir")
        .arg(&book))?;
    Ok(book)
}
