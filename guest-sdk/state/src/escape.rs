//! Text from guests and files as a terminal may show it: escaped, and of bounded length. Knows no
//! types of guests.

use std::fmt::{self, Display, Write};

/// Length in characters that fits any name of a type, field, key or file.
pub const MOST_OF_NAME: usize = 200;
/// Length in characters that fits any path that is worth reading.
pub(crate) const MOST_OF_PATH: usize = 1000;
/// Length in characters that fits any message of this crate.
pub(crate) const MOST_OF_MESSAGE: usize = 4000;

/// A text that is escaped and cut while it is written. Made by [`escaped`] and [`escaped_lines`].
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a> {
    text: &'a str,
    most: usize,
    keeps_lines: bool,
}

/// Returns the text in one line, with at most `most` of its characters.
///
/// Characters that act on a terminal instead of being seen are written as Rust writes them, such
/// as `\n` and `\u{1b}`. An ellipsis and the number of bytes that are left out replace the rest of
/// a longer text. Nothing is allocated, and the rest is not read.
///
/// ```
/// use vblank_state::escape::escaped;
/// assert_eq!(escaped("a\u{1b}[2Jb", 100).to_string(), "a\\u{1b}[2Jb");
/// assert_eq!(escaped("12345", 3).to_string(), "123… (2 more bytes)");
/// ```
pub fn escaped(text: &str, most: usize) -> Escaped<'_> {
    Escaped {
        text,
        most,
        keeps_lines: false,
    }
}

/// Returns the text as [`escaped`] does, but keeps line breaks and tabs.
///
/// This is for messages of several lines. Whoever shows them says where they come from.
pub fn escaped_lines(text: &str, most: usize) -> Escaped<'_> {
    Escaped {
        text,
        most,
        keeps_lines: true,
    }
}

/// Returns true for a character that acts on a terminal, on the direction of text or on lines, or
/// that is not seen at all.
pub fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text.chars();
        for c in rest.by_ref().take(self.most) {
            match c {
                '\n' | '\t' if self.keeps_lines => f.write_char(c)?,
                c if is_active(c) => write!(f, "{}", c.escape_default())?,
                c => f.write_char(c)?,
            }
        }
        match rest.as_str().len() {
            0 => Ok(()),
            1 => f.write_str("… (1 more byte)"),
            more => write!(f, "… ({more} more bytes)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{escaped, escaped_lines};

    #[test]
    fn what_acts_on_a_terminal_is_written_as_an_escape() {
        let cases = [
            ("plain, ütf-8 — 日本", "plain, ütf-8 — 日本"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("a\u{2028}b\u{200b}c", "a\\u{2028}b\\u{200b}c"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text, 100).to_string(), expected);
        }
        let lines = escaped_lines("a\n\tb\r\u{1b}c", 100).to_string();
        assert_eq!(lines, "a\n\tb\\r\\u{1b}c");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(escaped("abc", 3).to_string(), "abc");
        assert_eq!(escaped("aüc", 2).to_string(), "aü… (1 more byte)");
        let long = "x".repeat(3 << 20);
        assert_eq!(escaped(&long, 2).to_string(), "xx… (3145726 more bytes)");
    }
}
