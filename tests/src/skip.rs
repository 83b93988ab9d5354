//! Skipping of tests that lack something on this machine.

use std::io::Write;

/// Reports that this test is skipped, and why; the test then returns. `cargo xtask test` counts it as
/// skipped, although the test harness counts it as passed.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    // The test harness would capture the output of `println!`. The line is written in one call.
    let line = format!("test skipped: {name}: {reason}\n");
    let mut output = std::io::stdout();
    let written = output.write_all(line.as_bytes());
    written
        .and_then(|()| output.flush())
        .expect("standard output is open");
}
