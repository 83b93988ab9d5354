//! Tests that find something missing which they need.

use std::io::Write;

/// Say that this test is skipped, and why; then the test returns. `cargo xtask test` counts it as skipped, although
/// the test harness counts it as passed.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    // Not by `println!`, whose output the test harness keeps to itself. The line is written at once.
    let line = format!("test skipped: {name}: {reason}\n");
    let mut output = std::io::stdout();
    let written = output.write_all(line.as_bytes());
    written
        .and_then(|()| output.flush())
        .expect("standard output is open");
}
