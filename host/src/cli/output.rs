//! Output of the commands: results on standard output, errors on standard error.

use std::io::{ErrorKind, Write};

use crate::terminal::Terminal;

/// Prints a line of a result.
pub(super) fn print_line(text: std::fmt::Arguments<'_>) {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => {}
        // The reader has closed the pipe, as `head` does in `host state show IMAGE | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            Terminal::new(false).error(&format!("cannot write to standard output: {error}"));
            std::process::exit(1);
        }
    }
}

/// Shows an error that ends the program, and returns the exit code.
pub(super) fn fail(error: &anyhow::Error, code: u8) -> u8 {
    Terminal::new(false).error(&format!("{error:#}"));
    code
}
