//! A plugin that others use: it remembers words, for all who ask. The words stay in every later version of this
//! code.

use std::collections::BTreeSet;

use exports::demo::plugins::words::Guest;
use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Words, path: ["../../../wit", "../wit"], world: "demo:plugins/word-keeper");

#[derive(State, Default)]
struct Words {
    known: BTreeSet<String>,
}

impl Guest for Words {
    fn is_new(word: String) -> bool {
        Words::with(|words| words.is_new(&word))
    }
}

impl Words {
    fn is_new(&mut self, word: &str) -> bool {
        self.known.insert(word.to_lowercase())
    }
}

#[test]
fn a_word_is_new_once() {
    let mut words = Words::default();
    assert!(words.is_new("a"));
    assert!(!words.is_new("A"));
}
