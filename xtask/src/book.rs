//! `cargo xtask book`: the pages of `docs/` as a book for a browser.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Failure, run};
use crate::tools::Tool;
use crate::workspace::{root, target};

/// mdbook without its server and its search, which takes two minutes to build on two cores.
const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    prints: "mdbook v",
    flags: &["--no-default-features"],
};

/// Builds the book. Returns its folder.
pub fn build() -> Result<PathBuf, Failure> {
    let mdbook = MDBOOK.get()?;
    let book = target().join("book");
    run(Command::new(mdbook)
        .arg("build")
        .arg(root().join("docs"))
        .arg("--dest-dir")
        .arg(&book))?;
    Ok(book)
}
