//! Comments: words that must not occur in them, and words that must not open a paragraph.

use crate::source::{CommentLine, Source};

/// Words that open a paragraph without its subject.
const OPENINGS: [&str; 9] = [
    "What", "Whether", "How", "Where", "Of", "The same", "So", "None", "It",
];

/// The paragraphs of comments, and those that open without a subject.
#[derive(Debug)]
pub struct Openings {
    /// The number of paragraphs.
    pub paragraphs: usize,
    /// Paragraphs that open with such a word, one line each.
    pub breaches: Vec<String>,
}

impl Openings {
    /// Share of the paragraphs that open without a subject, in percent.
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    pub fn percent(&self) -> f64 {
        100.0 * self.breaches.len() as f64 / self.paragraphs.max(1) as f64
    }
}

/// Checks the first words of all paragraphs of comments and doc comments.
pub fn openings(sources: &[Source]) -> Openings {
    let mut found = Openings {
        paragraphs: 0,
        breaches: Vec::new(),
    };
    for source in sources.iter().filter(|source| !source.is_generated()) {
        for line in paragraphs(&source.comments()) {
            found.paragraphs += 1;
            if OPENINGS.iter().any(|word| opens_with(&line.text, word)) {
                let path = source.path.display();
                let breach = format!("{path}:{}: {} {}", line.line, line.mark, line.text);
                found.breaches.push(breach);
            }
        }
    }
    found
}

/// Returns comments with another word for "module", or with a section of a page that readers do not
/// have.
pub fn private_words(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        for line in source.comments() {
            let mut words = line.text.split(|c: char| !c.is_alphanumeric());
            let has_room = words.any(|word| {
                let word = word.to_ascii_lowercase();
                word == "room" || word == "rooms"
            });
            if has_room || line.text.contains("DESIGN §") {
                let path = source.path.display();
                breaches.push(format!("{path}:{}: {}", line.line, line.text));
            }
        }
    }
    breaches
}

/// Returns the first line of each paragraph of prose, which is no code, list, table or heading.
fn paragraphs(lines: &[CommentLine]) -> Vec<&CommentLine> {
    let mut first = Vec::new();
    let mut before: Option<&CommentLine> = None;
    let mut is_code = false;
    for line in lines {
        let goes_on = before.is_some_and(|before| {
            before.line + 1 == line.line && before.mark == line.mark && !before.text.is_empty()
        });
        let is_new_comment =
            before.is_none_or(|before| before.line + 1 != line.line || before.mark != line.mark);
        is_code &= !is_new_comment;
        if line.text.starts_with("```") {
            is_code = !is_code;
        } else if !is_code && !goes_on && is_prose(&line.text) {
            first.push(line);
        }
        before = Some(line);
    }
    first
}

fn is_prose(text: &str) -> bool {
    let marks = ["- ", "* ", "| ", "#", "```", "[", "1. "];
    !text.is_empty() && !marks.iter().any(|mark| text.starts_with(mark))
}

/// Returns true if a text begins with `word`, and not with a longer word.
fn opens_with(text: &str, word: &str) -> bool {
    let rest = text
        .get(..word.len())
        .filter(|start| start.eq_ignore_ascii_case(word));
    rest.is_some() && !text[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{openings, private_words};
    use crate::source::Source;

    fn source(text: &str) -> Vec<Source> {
        vec![Source {
            path: PathBuf::from("made_up.rs"),
            text: text.to_owned(),
            tree: syn::parse_file(text).expect("it is Rust"),
        }]
    }

    #[test]
    fn paragraphs_of_all_kinds_of_comments_are_found() {
        let text = "//! What this is.\n//! Of that.\n//!\n//! Itself is another word.\n\n\
            /// It is.\n/// ```\n///\n/// What code says.\n/// ```\nfn f() {\n    \
            let a = \"// What a string says\"; // of a\n    /* The same. */\n}\n";
        let openings = openings(&source(text));
        let expected = [
            "made_up.rs:1: //! What this is.",
            "made_up.rs:6: /// It is.",
            "made_up.rs:12: // of a",
            "made_up.rs:13: /* The same.",
        ];
        assert_eq!(openings.breaches, expected);
        assert_eq!(openings.paragraphs, 5);
    }

    #[test]
    fn a_room_is_found_and_a_mushroom_is_not() {
        let text = "// A room.\n// A mushroom.\n/// See DESIGN § 4.\nfn room() {}\n";
        let expected = ["made_up.rs:1: A room.", "made_up.rs:3: See DESIGN § 4."];
        assert_eq!(private_words(&source(text)), expected);
    }
}
