//! A filter that puts a star before each word that it meets for the first time. Another plugin,
//! `words`, knows the words, and its code may change while this one runs.

use demo::plugins::words;
use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Fresh, path: ["../../../wit", "../wit"], world: "demo:plugins/asking-filter");

#[derive(State, Default)]
struct Fresh {
    stars: u64,
}

impl Guest for Fresh {
    fn transform(line: String) -> Option<String> {
        Fresh::with(|fresh| Some(fresh.mark(&line, words::is_new)))
    }
}

impl Fresh {
    fn mark(&mut self, line: &str, is_new: impl Fn(&str) -> bool) -> String {
        let mark = |word: &str| {
            if is_new(word) {
                self.stars += 1;
                format!("*{word}")
            } else {
                word.to_owned()
            }
        };
        line.split(' ').map(mark).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn new_words_have_stars() {
    let mut fresh = Fresh::default();
    assert_eq!(fresh.mark("a b a", |word| word == "b"), "a *b a");
    assert_eq!(fresh.stars, 1);
}
