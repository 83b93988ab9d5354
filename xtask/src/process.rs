//! Starts other programs, and reports which one failed.

use std::process::{Command, Stdio};

/// A step that went wrong.
#[derive(Debug)]
pub struct Failure {
    /// Message for the user; empty if the program has printed it itself.
    pub message: String,
    /// Exit code of xtask.
    pub code: u8,
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, code: 1 }
    }
}

/// Prints the next step.
pub fn announce(what: &str) {
    eprintln!("xtask: {what}");
}

/// Runs a program in the foreground.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let name = describe(command);
    let status = command
        .status()
        .map_err(|error| Failure::from(format!("cannot start {name}: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Err(Failure {
        message: format!("failed ({status}): {name}"),
        code: code.unwrap_or(1),
    })
}

/// Returns true if a program runs and succeeds. Its output is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Returns the output of a program, if it succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
