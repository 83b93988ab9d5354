//! Texts for people: a record of the report becomes a title, a level and details.
//!
//! The terminal and the overlay show these texts and make none of their own. The texts always contain
//! colours. Whoever prints a text removes them where they are not wanted. This module knows no
//! terminal.

mod swap_block;

use owo_colors::{OwoColorize, Style};
use swap_block::{Head, block, lines};
use vblank_runtime::build::BuildError;
use vblank_runtime::guest::{CodeHash, SourceLocation};
use vblank_runtime::history::StateOf;

use crate::report::{BuildResult, Record, ReportEvent, RollbackReason};

/// End of a message after which the host waits for a save that repairs the guest.
const WAITS: &str = "waiting for a change (--exit-on-break ends the run instead)";

/// Importance of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Information that a person needs.
    Note,
    /// Something was done.
    Done,
    /// Something failed, and the old version continues.
    Failure,
    /// The game stands still.
    Break,
}

/// Texts of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presentation {
    /// Importance, which decides the colour.
    pub(crate) level: Level,
    /// A word or two in the level's colour; empty if the text needs no label.
    pub(crate) label: String,
    /// Everything that follows the label, in one line or several.
    pub(crate) text: String,
    /// The text as a title of one line, for a panel.
    pub(crate) title: String,
    /// The lines below the title.
    pub(crate) detail: String,
}

impl Presentation {
    fn new(level: Level, label: &str, text: String) -> Self {
        Self {
            level,
            label: label.to_owned(),
            title: text.clone(),
            text,
            detail: String::new(),
        }
    }

    fn with_title(mut self, title: String, detail: String) -> Self {
        (self.title, self.detail) = (title, detail);
        self
    }

    /// Returns the label in its colour, followed by the text.
    pub(crate) fn line(&self) -> String {
        if self.label.is_empty() {
            return self.text.clone();
        }
        let style = match self.level {
            Level::Note => Style::new().cyan(),
            Level::Done => Style::new().green(),
            Level::Failure => Style::new().yellow(),
            Level::Break => Style::new().red(),
        };
        format!("{}  {}", self.label.style(style.bold()), self.text)
    }
}

/// Returns the texts of a record, or `None` for one that only scripts need.
pub(crate) fn present(record: &Record) -> Option<Presentation> {
    let frame = record.frame;
    let presentation = match &record.event {
        ReportEvent::Start {
            hash,
            renderer,
            state,
            ..
        } => {
            let renderer = format!("{renderer:?}").to_lowercase();
            let mut text = format!("{}  renderer {renderer}", hash.short());
            if let Some(state) = state {
                let lines = lines(&state.changes, &state.notes);
                text.push_str(&format!("   saved state: {}{lines}", state.verdict));
            }
            Presentation::new(Level::Done, "start", text)
        }
        ReportEvent::Swap {
            number,
            name,
            from,
            to,
            verdict,
            pause_us,
            changes,
            notes,
            ..
        } => {
            let head = Head {
                name,
                from: &from.short(),
                to: &to.short(),
                pause_us: *pause_us,
                verdict: *verdict,
            };
            let text = block(&head, changes, notes);
            Presentation::new(Level::Done, &format!("swap {number}"), text)
        }
        ReportEvent::Refused {
            guest,
            to,
            message,
            location,
            waits,
            ..
        } => {
            let guest = guest
                .as_ref()
                .map_or("candidate".to_owned(), |guest| guest.display().to_string());
            let hash = to.map_or(String::new(), |to| format!(" ({})", to.short()));
            let (at, more) = (location_suffix(location), details(location));
            let waits = if *waits {
                format!("\nno version runs; {WAITS}")
            } else {
                String::new()
            };
            let text = format!("{guest}{hash}: {message}{at}{more}{waits}");
            let hash = to.map_or("the new file".to_owned(), |to| to.short());
            let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
            let title = format!("{hash} is refused: {first}");
            let detail = format!("{rest}{}", located_details(location));
            Presentation::new(Level::Failure, "refused", text).with_title(title, detail)
        }
        ReportEvent::Rollback {
            from,
            to,
            reason,
            requested: Some(requested),
            ..
        } => {
            let state = match requested.state {
                StateOf::Now => "with the present state",
                StateOf::AtReplacement => "with the state that it had when it was replaced",
            };
            let text = format!(
                "{} → {}  {:.2} ms  {}  at frame {frame}, {reason}, {state}",
                from.short(),
                to.short(),
                requested.pause_us / 1e3,
                requested.verdict,
            );
            Presentation::new(Level::Done, "rollback", text)
        }
        ReportEvent::Rollback {
            from,
            to,
            reason,
            location,
            requested: None,
        } => rollback(*from, *to, reason, location),
        ReportEvent::Break {
            message,
            location,
            waits,
        } => {
            let (at, more) = (location_suffix(location), details(location));
            let waits = if *waits {
                format!("\nthe game stands still; {WAITS}")
            } else {
                String::new()
            };
            let text = format!("at frame {frame}: {message}{at}{more}{waits}");
            let title = format!("broken at frame {frame}: {message}");
            Presentation::new(Level::Break, "break", text)
                .with_title(title, located_details(location))
        }
        ReportEvent::Build(BuildResult { result, waits, .. }) => build(result, *waits)?,
        ReportEvent::SameCode { hash, runs: true } => {
            Presentation::new(Level::Note, "", format!("same code  {}", hash.short()))
        }
        ReportEvent::SameCode { hash, runs: false } => {
            let text = format!(
                "same code  {}, which was refused or rolled back; another version continues",
                hash.short()
            );
            Presentation::new(Level::Note, "", text)
        }
        // A failed autosave is reported as a notice.
        ReportEvent::FirstFrame { .. } | ReportEvent::Autosave { .. } => return None,
        ReportEvent::Edit {
            path,
            old,
            new,
            pause_us,
        } => {
            let text = format!("{path}  {old} → {new}  {:.2} ms", pause_us / 1e3);
            Presentation::new(Level::Done, "edit", text)
        }
        ReportEvent::Reset { image } => {
            let image = image.display();
            let text = format!(
                "a fresh game; the previous state is in {image} (--state-in starts from it)"
            );
            let title = format!("the previous state is in {image}");
            Presentation::new(Level::Done, "reset", text).with_title(title, String::new())
        }
        ReportEvent::Image { file, saved } => {
            let file = file.display();
            let text =
                format!("the state before update {saved} is in {file} (--state-in starts from it)");
            let title = format!("state saved in {file}");
            Presentation::new(Level::Done, "image", text).with_title(title, String::new())
        }
        ReportEvent::Notice { message } => Presentation::new(Level::Note, "note", message.clone()),
        // No version ran, and the reason was reported before.
        ReportEvent::End {
            state_hash: None,
            frames: 0,
            ..
        } => return None,
        ReportEvent::End {
            frames,
            frame_us,
            state_hash,
            ..
        } => {
            let state = state_hash.as_deref().map_or("none", short);
            let text = format!(
                "{frames} frames, {:.0} µs each (p99 {:.0}, max {:.0}), state {state}",
                frame_us.p50, frame_us.p99, frame_us.max,
            );
            Presentation::new(Level::Done, "end", text)
        }
    };
    Some(presentation)
}

fn rollback(
    from: CodeHash,
    to: CodeHash,
    reason: &RollbackReason,
    location: &SourceLocation,
) -> Presentation {
    let (is_edit, from, to) = (from == to, from.short(), to.short());
    let (at, more) = (location_suffix(location), details(location));
    let text = format!("{from} → {to}: {reason}{at}; the game goes on from before the swap{more}");
    let title = if is_edit {
        format!("the edit is taken back: {reason}")
    } else {
        format!("{from} failed, and {to} runs again: {reason}")
    };
    let presentation = Presentation::new(Level::Failure, "rollback", text);
    presentation.with_title(title, located_details(location))
}

/// Returns the texts of a build's end, or `None` if there is nothing to say.
fn build(result: &Result<String, BuildError>, waits: bool) -> Option<Presentation> {
    let waits = if waits { "; waiting for a change" } else { "" };
    match result {
        Ok(warnings) if warnings.is_empty() => None,
        Ok(warnings) => Some(Presentation::new(Level::Note, "", warnings.clone())),
        Err(error @ BuildError::Stopped) => {
            let text = format!("{error}{waits}");
            Some(Presentation::new(Level::Note, "", text))
        }
        Err(error) => {
            let failed = "build failed".red().bold().to_string();
            let text = format!("{error}\n{failed}{waits}");
            let presentation = Presentation::new(Level::Failure, "", text.trim_start().to_owned());
            let title = "the newest source does not build".to_owned();
            Some(presentation.with_title(title, error.to_string()))
        }
    }
}

/// Returns a text without its colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Returns the first six digits of a hash.
fn short(hash: &str) -> &str {
    hash.get(..6).unwrap_or(hash)
}

/// Returns `, at src/lib.rs:3:9`, or nothing if the location is unknown.
fn location_suffix(location: &SourceLocation) -> String {
    let found = location.shown.as_ref();
    found.map_or(String::new(), |location| format!(", at {location}"))
}

/// Returns the location on a line of its own, followed by the details.
fn located_details(location: &SourceLocation) -> String {
    let found = location.shown.as_ref();
    let line = found.map_or(String::new(), |location| format!("\nat {location}"));
    format!("{line}{}", details(location))
}

/// Returns the lines below a failure: the source, and the callers as far as they are the author's own
/// code.
fn details(location: &SourceLocation) -> String {
    const MOST_CALLS: usize = 8;
    let mut text = String::new();
    let lines = location.excerpt.iter().flat_map(|excerpt| excerpt.lines());
    for line in lines.chain(location.hint) {
        text.push_str("\n  ");
        text.push_str(line);
    }
    let first = location.trace.iter().position(|call| call.is_own);
    let last = location.trace.iter().rposition(|call| call.is_own);
    let own = first
        .zip(last)
        .map(|(first, last)| &location.trace[first..=last]);
    for call in own.unwrap_or(&location.trace).iter().take(MOST_CALLS) {
        let line = if call.is_own {
            call.shown.clone()
        } else {
            call.shown.dimmed().to_string()
        };
        text.push_str("\n    ");
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn build_ended(result: Result<String, BuildError>) -> Option<Presentation> {
        present_build(result, true)
    }

    fn present_build(result: Result<String, BuildError>, waits: bool) -> Option<Presentation> {
        let took = Duration::from_secs(1);
        present(&Record {
            event: ReportEvent::Build(BuildResult {
                took,
                result,
                waits,
            }),
            frame: 7,
        })
    }

    #[test]
    fn a_run_that_ends_does_not_say_that_it_waits() {
        let failed = present_build(Err(BuildError::Failed("error: no".to_owned())), false);
        assert_eq!(plain(&failed.unwrap().line()), "error: no\nbuild failed");
    }

    #[test]
    fn a_stopped_build_is_no_failure() {
        let stopped = build_ended(Err(BuildError::Stopped)).unwrap();
        assert_eq!(stopped.level, Level::Note);
        assert_eq!(
            plain(&stopped.line()),
            "the build was stopped; waiting for a change"
        );
    }

    #[test]
    fn a_failed_build_is_a_failure_with_the_compilers_message() {
        let failed = build_ended(Err(BuildError::Failed("error: no".to_owned()))).unwrap();
        assert_eq!(failed.level, Level::Failure);
        assert_eq!(failed.title, "the newest source does not build");
        assert_eq!(failed.detail, "error: no");
        assert_eq!(
            plain(&failed.line()),
            "error: no\nbuild failed; waiting for a change"
        );
    }

    #[test]
    fn a_build_without_warnings_says_nothing() {
        assert_eq!(build_ended(Ok(String::new())), None);
    }
}
