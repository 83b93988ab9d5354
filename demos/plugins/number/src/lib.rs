//! A filter that numbers lines. Later versions of this code continue the count.

use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Number, path: ["../../../wit", "../wit"], world: "demo:plugins/filter");

#[derive(State, Default)]
struct Number {
    lines: u64,
}

impl Guest for Number {
    fn transform(line: String) -> Option<String> {
        Number::with(|number| Some(number.next(&line)))
    }
}

impl Number {
    fn next(&mut self, line: &str) -> String {
        self.lines += 1;
        format!("{:>4}  {line}", self.lines)
    }
}

#[test]
fn lines_are_numbered() {
    let mut number = Number::default();
    assert_eq!(number.next("a"), "   1  a");
    assert_eq!(number.next("b"), "   2  b");
}
