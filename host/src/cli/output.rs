//! Output of the commands: results on standard output, errors on standard error.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use vblank_state::escape::escaped_lines;

use crate::terminal::Terminal;

/// Prints a line of a result. If it cannot be written, the process ends with exit code 1, or with 2 after
/// [`answer_by_exit_code`].
pub(super) fn print_line(text: std::fmt::Arguments<'_>) {
    match writeln!(
        std::io::stdout(),
        "{}",
        escaped_lines(&text.to_string(), usize::MAX)
    ) {
        Ok(()) => {}
        // The reader has closed the pipe, as `head` does in `host state show IMAGE | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            Terminal::new(false).error(&format!("cannot write to standard output: {error}"));
            std::process::exit(UNWRITTEN.load(Ordering::Relaxed).into());
        }
    }
}

/// Exit code for a result that could not be written.
static UNWRITTEN: AtomicU8 = AtomicU8::new(1);

/// Declares that the exit code of this command is its answer, of which 1 is one, so that 2 stands for an
/// answer that could not be given.
pub(super) fn answer_by_exit_code() {
    UNWRITTEN.store(2, Ordering::Relaxed);
}

/// Shows an error that ends the program, and returns the exit code.
pub(super) fn fail(error: &anyhow::Error, code: u8) -> u8 {
    Terminal::new(false).error(&format!("{error:#}"));
    code
}
