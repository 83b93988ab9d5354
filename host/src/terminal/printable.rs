//! The last check of every text that goes to a terminal: only colours and line breaks act on it. Texts of
//! guests are escaped where they enter a message; this catches those that were missed.

use std::borrow::Cow;

use vblank_state::escape::is_active;

/// Returns the text with everything escaped that acts on a terminal, except line breaks, tabs and colours.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| matches!(c, '\n' | '\t') || !is_active(c);
    if text.chars().all(is_plain) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = match color(rest) {
            Some(sequence) => {
                shown.push_str(sequence);
                sequence.len()
            }
            None if is_plain(next) => {
                shown.push(next);
                next.len_utf8()
            }
            // cargo ends its lines so on some systems.
            None if rest.starts_with("\r\n") => 1,
            None => {
                shown.extend(next.escape_default());
                next.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    shown.into()
}

/// Returns the colour sequence (SGR of ECMA-48) at the start of a text. Concealed text is no colour.
fn color(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let is_color = parameters[end..].starts_with('m') && end <= 20;
    let conceals = parameters[..end].split(';').any(|number| number == "8");
    // An index of 256 colours may be 8: `38;5;8`.
    let is_indexed = parameters.starts_with("38;") || parameters.starts_with("48;");
    (is_color && (!conceals || is_indexed)).then(|| &text[..end + 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colors_and_line_breaks_act_on_the_terminal() {
        for (text, expected) in [
            ("plain\n\ttext", "plain\n\ttext"),
            (
                "\u{1b}[1;31merror\u{1b}[0m: \u{1b}[mé",
                "\u{1b}[1;31merror\u{1b}[0m: \u{1b}[mé",
            ),
            ("\u{1b}[38;5;8mgrey", "\u{1b}[38;5;8mgrey"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\u{1b}]0;t\u{7}b", "a\\u{1b}]0;t\\u{7}b"),
            ("a\rb\u{9b}2Jc", "a\\rb\\u{9b}2Jc"),
            ("a\r\nb", "a\nb"),
            ("\u{1b}[8mhidden", "\\u{1b}[8mhidden"),
            ("\u{202e}x\u{1b}", "\\u{202e}x\\u{1b}"),
            (
                "\u{1b}[999999999999999999999999mx",
                "\\u{1b}[999999999999999999999999mx",
            ),
        ] {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }
}
