//! Text of a swap, or of a start from a saved state: one line with the outcome, and the changes in columns
//! below. This module knows no session.
//!
//! The text always contains colours. Whoever prints it removes them where they are not wanted.

use std::fmt::Write as _;

use owo_colors::{OwoColorize, Style};
use vblank_runtime::supervisor::SwapVerdict;
use vblank_state::escape::escaped;
use vblank_state::{Change, Columns};

/// Limit of the characters of a note of a migration.
const MOST_OF_NOTE: usize = 1000;
/// Widest column. A longer entry sticks out, so that it does not widen the column for all others.
const WIDEST: usize = 40;

/// Values of the first line.
pub(super) struct Head<'a> {
    pub(super) name: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) pause_us: f64,
    pub(super) verdict: SwapVerdict,
}

/// Returns the block without its label and without a newline at its end.
pub(super) fn block(head: &Head<'_>, changes: &[Change], notes: &[String]) -> String {
    format!(
        "{}  {} → {}   {:.2} ms   {}{}",
        head.name,
        head.from,
        head.to,
        head.pause_us / 1e3,
        head.verdict,
        lines(changes, notes),
    )
}

/// Returns a line for each change and each note, each with a newline in front.
pub(super) fn lines(changes: &[Change], notes: &[String]) -> String {
    let mut text = String::new();
    let rows: Vec<Columns<'_>> = changes.iter().map(Change::columns).collect();
    let paths = width(rows.iter().map(|row| row.path));
    let types = width(rows.iter().map(|row| &*row.ty));
    for row in &rows {
        let Columns {
            mark,
            path,
            ty,
            remark,
        } = row;
        let mut cells = format!("{path:<paths$}");
        if types > 0 {
            // Writing to a string does not fail.
            let _ = write!(cells, "   {ty:<types$}");
        }
        let _ = write!(cells, "   {remark}");
        let mark = mark.style(style(*mark));
        let _ = write!(text, "\n  {mark} {}", cells.trim_end());
    }
    for note in notes {
        let _ = write!(text, "\n  {}", escaped(note, MOST_OF_NOTE));
    }
    text
}

/// Returns the width of a column: that of its longest entry, not counting entries that stick out.
fn width<'a>(entries: impl Iterator<Item = &'a str>) -> usize {
    let widths = entries.map(|entry| entry.chars().count());
    widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
}

fn style(mark: char) -> Style {
    let style = Style::new().bold();
    match mark {
        '+' => style.green(),
        '-' => style.red(),
        '~' => style.cyan(),
        '?' | '!' => style.yellow(),
        _ => style,
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use vblank_state::ChangeKind;

    use super::*;

    const HEAD: Head<'_> = Head {
        name: "particles",
        from: "3f2a9c",
        to: "91bc04",
        pause_us: 41.3,
        verdict: SwapVerdict::Automatic,
    };

    fn change(path: &str, kind: ChangeKind) -> Change {
        let path = path.to_owned();
        Change { path, kind }
    }

    fn plain(changes: &[Change], notes: &[String]) -> String {
        strip_str(&block(&HEAD, changes, notes)).to_string()
    }

    #[test]
    fn changes_stand_in_columns() {
        let (f32, f64) = ("f32".to_owned(), "f64".to_owned());
        let added = ChangeKind::Added {
            ty: f32.clone(),
            default: Some("0.0".to_owned()),
            possible_rename: None,
        };
        let widened = ChangeKind::Widened {
            from: f32.clone(),
            to: f64,
        };
        let changes = [
            change("Particle.spin", added),
            change("World.wind", widened),
            change("World.gravity", ChangeKind::Removed { ty: f32 }),
            change("Kind.ember", ChangeKind::CaseAdded),
        ];
        let notes = ["3 values are parked".to_owned()];
        assert_eq!(
            plain(&changes, &notes),
            "\
particles  3f2a9c → 91bc04   0.04 ms   automatic
  + Particle.spin   f32         default 0.0
  ~ World.wind      f32 → f64   widened
  - World.gravity   f32         parked
  + Kind.ember
  3 values are parked"
        );
    }

    #[test]
    fn without_types_there_is_no_column_for_them() {
        let changes = [
            change("World", ChangeKind::Reordered),
            change("Particle", ChangeKind::Layout { flat: true }),
        ];
        assert_eq!(
            plain(&changes, &[]),
            "\
particles  3f2a9c → 91bc04   0.04 ms   automatic
  ~ World      reordered
  ~ Particle   now flat"
        );
    }

    #[test]
    fn one_long_type_does_not_push_the_others_away() {
        let long = "tuple<".repeat(10);
        let changes = [
            change("a", ChangeKind::Removed { ty: long.clone() }),
            change(
                "b",
                ChangeKind::Removed {
                    ty: "f32".to_owned(),
                },
            ),
        ];
        let text = plain(&changes, &[]);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [&*format!("  - a   {long}   parked"), "  - b   f32   parked"]
        );
    }

    #[test]
    fn nothing_changed_is_one_line() {
        assert_eq!(plain(&[], &[]).lines().count(), 1);
    }
}
