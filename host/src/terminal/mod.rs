//! What a person reads in the terminal: one line for what happens, one line for how it goes.

mod block;
#[cfg(unix)]
mod keys;

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize;
use vblank_runtime::build::BuildError;
use vblank_runtime::guest::SourceLocation;
use vblank_runtime::history::StateOf;

use crate::report::{Observer, Record, StageTimes, What};
use crate::session::Session;

#[cfg(unix)]
pub use keys::{Keys, restore};

use block::{Head, block};

/// The terminal, shared by everything that writes to it. Lines go above the progress line.
#[derive(Clone)]
pub struct Terminal {
    bar: ProgressBar,
    is_live: bool,
    is_verbose: bool,
}

impl Terminal {
    /// On standard error; standard output is for results.
    #[must_use]
    pub fn new(is_verbose: bool) -> Self {
        let is_live = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            is_live,
            is_verbose,
        }
    }

    /// Show a progress line, where there is somebody to look at it.
    pub fn show_progress(&self) {
        if self.is_live {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }

    /// Whether somebody looks at it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// One line or several. Colours are left out where they are not wanted (`NO_COLOR`, a pipe).
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| {
            let choice = AutoStream::choice(&std::io::stderr());
            let mut stream = AutoStream::new(std::io::stderr(), choice);
            // A closed terminal must not stop the game.
            let _ = writeln!(stream, "{text}");
        });
    }

    /// An error that ends the program.
    pub fn error(&self, text: &str) {
        self.say(&format!("{} {text}", "error:".red().bold()));
    }

    /// How it goes: in a terminal ten times a second, elsewhere a line every five seconds.
    pub fn progress(&self) -> impl FnMut(&mut Session) + use<> {
        const FOR_A_PIPE: Duration = Duration::from_secs(5);
        let terminal = self.clone();
        let interval = if self.is_live {
            Duration::from_millis(100)
        } else {
            FOR_A_PIPE
        };
        let mut last = (Instant::now(), 0);
        move |session| {
            let elapsed = last.0.elapsed();
            if elapsed < interval {
                return;
            }
            if !session.is_running() {
                if terminal.is_live {
                    terminal.bar.set_message(session.status().to_string());
                    terminal.bar.tick();
                }
                return;
            }
            let frames = session.frames();
            let rate = frames.saturating_sub(last.1) as f64 / elapsed.as_secs_f64();
            last = (Instant::now(), frames);
            let text = format!(
                "frame {frames}  {rate:.0}/s  {:.0} µs a frame  {} MiB  {}  {}",
                session.timings().frame.percentiles().p50,
                session.guest_memory() >> 20,
                session.title(),
                session.status(),
            );
            if terminal.is_live {
                terminal.bar.set_message(text);
                terminal.bar.tick();
            } else {
                terminal.say(text.trim_end());
            }
        }
    }

    /// Clear the progress line for good.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn stages(&self, stages: &StageTimes, cached: bool) -> String {
        if !self.is_verbose {
            return String::new();
        }
        format!(
            "\n    watch {:.1}  build {:.0}  read {:.1}  componentise {:.1}  compile {:.1}{}  instantiate {:.2}  prewarm {:.2} ms",
            stages.watch_ms,
            stages.build_ms,
            stages.read_ms,
            stages.componentise_ms,
            stages.compile_ms,
            if cached { " (known)" } else { "" },
            stages.instantiate_ms,
            stages.prewarm_ms,
        )
    }
}

/// A swap's block without colours, for whoever shows it elsewhere.
pub(crate) fn plain_swap(what: &What) -> Option<String> {
    swap_block(what).map(|block| plain(&block))
}

fn swap_block(what: &What) -> Option<String> {
    let What::Swap {
        number,
        name,
        from,
        to,
        verdict,
        pause_us,
        changes,
        notes,
        ..
    } = what
    else {
        return None;
    };
    let head = Head {
        number: *number,
        name,
        from: short(from),
        to: short(to),
        pause_us: *pause_us,
        verdict,
    };
    Some(block(&head, changes, notes))
}

/// Where something failed, and the source there, without colours.
pub(crate) fn plain_details(place: &SourceLocation) -> String {
    let location = place.location.as_ref();
    let location = location.map_or(String::new(), |location| format!("\nat {location}"));
    plain(&format!("{location}{}", details(place)))
}

/// A text without colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Whether colours may be used at all is decided where the text is written.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..6).unwrap_or(hash)
}

/// `, at src/lib.rs:3:9`, where that is known.
fn location(place: &SourceLocation) -> String {
    let location = place.location.as_ref();
    location.map_or(String::new(), |location| format!(", at {location}"))
}

/// The lines below: the source, and who called it, as far as it is the author's own code.
fn details(place: &SourceLocation) -> String {
    const MOST_CALLS: usize = 8;
    let mut text = String::new();
    let lines = place.excerpt.iter().flat_map(|excerpt| excerpt.lines());
    for line in lines.chain(place.hint) {
        text.push_str("\n  ");
        text.push_str(line);
    }
    let first = place.trace.iter().position(|call| call.is_own);
    let last = place.trace.iter().rposition(|call| call.is_own);
    let own = first
        .zip(last)
        .map(|(first, last)| &place.trace[first..=last]);
    for call in own.unwrap_or(&place.trace).iter().take(MOST_CALLS) {
        let line = if call.is_own {
            call.text.clone()
        } else {
            call.text.dimmed().to_string()
        };
        text.push_str("\n    ");
        text.push_str(&line);
    }
    text
}

impl Observer for Terminal {
    fn observe(&mut self, record: &Record) {
        let frame = record.frame;
        match &record.what {
            What::Start {
                hash,
                renderer,
                cached,
                stages,
            } => self.say(&format!(
                "{}  {}  renderer {}{}",
                "start".green().bold(),
                short(hash),
                format!("{renderer:?}").to_lowercase(),
                self.stages(stages, *cached),
            )),
            What::Swap { cached, stages, .. } => {
                let block = swap_block(&record.what).unwrap_or_default();
                self.say(&format!("{block}{}", self.stages(stages, *cached)));
            }
            What::FirstFrame {
                frame_ms,
                since_saved_ms,
                ..
            } => {
                if self.is_verbose {
                    self.say(&format!(
                        "    first frame {frame_ms:.1} ms, {since_saved_ms:.0} ms after the file was saved"
                    ));
                }
            }
            What::Refused {
                guest,
                to,
                message,
                place,
                ..
            } => {
                let guest = guest.as_deref().unwrap_or("candidate");
                let hash = to
                    .as_deref()
                    .map_or(String::new(), |to| format!(" ({})", short(to)));
                let refused = "refused".yellow().bold().to_string();
                let (at, more) = (location(place), details(place));
                self.say(&format!("{refused}  {guest}{hash}: {message}{at}{more}"));
            }
            What::Rollback {
                from,
                to,
                reason,
                asked: Some(asked),
                ..
            } => self.say(&format!(
                "{}  {} → {}  {:.2} ms  {}  at frame {frame}, {reason}, with the state of {}",
                "rollback".green().bold(),
                short(from),
                short(to),
                asked.pause_us / 1e3,
                asked.verdict,
                match asked.state {
                    StateOf::Now => "now",
                    StateOf::AtReplacement => "then",
                },
            )),
            What::Rollback {
                from,
                to,
                reason,
                place,
                asked: None,
            } => self.say(&format!(
                "{}  {} → {}: {reason}{}; the game goes on from before the swap{}",
                "rollback".yellow().bold(),
                short(from),
                short(to),
                location(place),
                details(place),
            )),
            What::Break { message, place } => self.say(&format!(
                "{}  at frame {frame}: {message}{}{}",
                "break".red().bold(),
                location(place),
                details(place),
            )),
            What::Build {
                ok: true, message, ..
            } if message.is_empty() => {}
            What::Build {
                ok: true, message, ..
            } => self.say(message),
            What::Build {
                ok: false, message, ..
            } => {
                if *message == BuildError::TrapInfo.to_string() {
                    return self.say(&format!("{message}; waiting for a change"));
                }
                let what = "build failed".red().bold().to_string();
                self.say(format!("{message}\n{what}; waiting for a change").trim_start());
            }
            What::SameCode { hash, runs: true } => {
                self.say(&format!("same code  {}", short(hash)));
            }
            What::SameCode { hash, runs: false } => self.say(&format!(
                "same code  {} as was refused or rolled back; another version runs on",
                short(hash)
            )),
            // It goes well; what does not is a notice.
            What::Autosave { .. } => {}
            What::Edit {
                path,
                old,
                new,
                pause_us,
            } => self.say(&format!(
                "{}  {path}  {old} → {new}  {:.2} ms",
                "edit".green().bold(),
                pause_us / 1e3,
            )),
            What::Reset { image } => self.say(&format!(
                "{}  a fresh game; the state of before is in {image} (--state-in takes it)",
                "reset".green().bold(),
            )),
            What::Image { file, saved } => self.say(&format!(
                "{}  the state before update {saved} is in {file} (--state-in takes it)",
                "image".green().bold(),
            )),
            What::Notice { message } => self.say(&format!("{}  {message}", "note".cyan().bold())),
            // Nothing ran: what there is to say was said.
            What::End {
                state_hash: None,
                frames: 0,
                ..
            } => {}
            What::End {
                frames,
                frame_us,
                state_hash,
                images,
                image_us,
                image_share,
                ..
            } => {
                if self.is_verbose && *images > 0 {
                    self.say(&format!(
                        "     {images} images of the state, {:.0} µs each, {:.2}% of the time",
                        image_us.p50,
                        image_share * 100.0
                    ));
                }
                let state = state_hash.as_deref().map_or("none", short);
                self.say(&format!(
                    "{}  {frames} frames, {:.0} µs each (p99 {:.0}, max {:.0}), state {state}",
                    "end".green().bold(),
                    frame_us.p50,
                    frame_us.p99,
                    frame_us.max,
                ));
            }
        }
    }
}

/// Lines of guests and of the host's own log go through the terminal.
impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Terminal {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine {
            terminal: self,
            line: Vec::new(),
        }
    }
}

/// One line of the log, written when it is whole.
pub struct LogLine<'a> {
    terminal: &'a Terminal,
    line: Vec<u8>,
}

impl Write for LogLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.line);
        self.terminal.say(text.trim_end());
    }
}

/// Whether standard error takes colours.
#[must_use]
pub fn has_colors() -> bool {
    AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
}
