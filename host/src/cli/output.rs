//! Output of the commands: results on standard output, errors on standard error.

use std::io::{BufWriter, ErrorKind, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use vblank_state::escape::escaped_lines;

use crate::terminal::Terminal;

/// Prints a line of a result. If it cannot be written, the process ends with exit code 1, or with 2 after
/// [`answer_by_exit_code`].
pub(super) fn print_line(text: std::fmt::Arguments<'_>) {
    let text = text.to_string();
    if let Err(error) = writeln!(std::io::stdout(), "{}", escaped_lines(&text, usize::MAX)) {
        stop(&error);
    }
}

/// Prints a result that is too large for a line, as it is made.
///
/// # Errors
/// The error of whoever makes the text.
pub(super) fn print_all<E>(
    make: impl FnOnce(&mut dyn std::fmt::Write) -> Result<(), E>,
) -> Result<(), E> {
    let mut out = TextOutput {
        to: BufWriter::with_capacity(1 << 16, std::io::stdout().lock()),
        error: None,
    };
    let made = make(&mut out);
    let written = out.to.flush();
    match out.error.map_or(written, Err) {
        Ok(()) => made,
        Err(error) => stop(&error),
    }
}

/// Text that goes to a file, with the first error of the system.
struct TextOutput<W: Write> {
    to: BufWriter<W>,
    error: Option<std::io::Error>,
}

impl<W: Write> std::fmt::Write for TextOutput<W> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.to.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            std::fmt::Error
        })
    }
}

/// Exit code for a result that could not be written.
static UNWRITTEN: AtomicU8 = AtomicU8::new(1);

/// Declares that the exit code of this command is its answer, of which 1 is one, so that 2 stands for an
/// answer that could not be given.
pub(super) fn answer_by_exit_code() {
    UNWRITTEN.store(2, Ordering::Relaxed);
}

/// Ends the program because standard output takes no more.
fn stop(error: &std::io::Error) -> ! {
    // The reader has closed the pipe, as `head` does in `host state show IMAGE | head`.
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    Terminal::new(false).error(&format!("cannot write to standard output: {error}"));
    std::process::exit(UNWRITTEN.load(Ordering::Relaxed).into());
}

/// Shows an error that ends the program, and returns the exit code.
pub(super) fn fail(error: &anyhow::Error, code: u8) -> u8 {
    Terminal::new(false).error(&format!("{error:#}"));
    code
}
