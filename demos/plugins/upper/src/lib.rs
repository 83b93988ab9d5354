//! A filter that leaves empty lines out and writes the others in capitals.

use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Upper, path: ["../../../wit", "../wit"], world: "demo:plugins/filter");

#[derive(State, Default)]
struct Upper {
    left_out: u64,
}

impl Guest for Upper {
    fn transform(line: String) -> Option<String> {
        Upper::with(|upper| upper.transform(&line))
    }
}

impl Upper {
    fn transform(&mut self, line: &str) -> Option<String> {
        if line.trim().is_empty() {
            self.left_out += 1;
            return None;
        }
        Some(line.to_uppercase())
    }
}

#[test]
fn empty_lines_are_counted() {
    let mut upper = Upper::default();
    assert_eq!(upper.transform("a"), Some("A".to_owned()));
    assert_eq!(upper.transform("  "), None);
    assert_eq!(upper.left_out, 1);
}
