//! {{name}}: a plugin that numbers the lines of a text. An application loads it; README.md says how.
//!
//! `vblank_guest::log::info!("{line}")` writes to its log. A plugin has no output for `println!` and
//! `dbg!`.

use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Lines, path: "wit", world: "filter");

/// The state. Its values are kept when the code is replaced. A field that you add gets its default, or the
/// value of `#[state(default = 5.0)]`.
#[derive(State, Default)]
struct Lines {
    seen: u64,
}

/// The functions that the application calls: the exports of wit/plugin.wit.
impl Guest for Lines {
    fn transform(line: String) -> Option<String> {
        Lines::with(|lines| lines.transform(&line))
    }
}

impl Lines {
    fn transform(&mut self, line: &str) -> Option<String> {
        self.seen += 1;
        Some(format!("{} {line}", self.seen))
    }
}

/// Tests, which `cargo test` runs without an application.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered() {
        let mut lines = Lines::default();
        assert_eq!(lines.transform("a").as_deref(), Some("1 a"));
        assert_eq!(lines.transform("").as_deref(), Some("2 "));
    }
}
