//! Output for people in the terminal: a line for each event, and a progress line. It makes no texts for
//! records; `present` does.

#[cfg(unix)]
mod keys;
mod printable;

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize;

use crate::present::present;
use crate::report::{Observer, Record, ReportEvent, StageTimes};
use crate::session::Session;

#[cfg(unix)]
pub use keys::{Keys, restore};
use printable::printable;

/// The terminal, shared by everything that writes to it. Lines appear above the progress line.
#[derive(Clone)]
pub struct Terminal {
    bar: ProgressBar,
    is_live: bool,
    is_verbose: bool,
}

impl Terminal {
    /// Makes a terminal on standard error. Standard output is for results.
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

    /// Shows a progress line, if standard error is a terminal.
    pub fn show_progress(&self) {
        if self.is_live {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }

    /// Returns true if the progress line is visible.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Prints a text of one line or several. Colours are removed where they are not wanted (`NO_COLOR`,
    /// a pipe).
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| {
            let choice = AutoStream::choice(&std::io::stderr());
            let mut stream = AutoStream::new(std::io::stderr(), choice);
            // A closed terminal must not stop the game.
            let _ = writeln!(stream, "{}", printable(text));
        });
    }

    /// Prints an error that ends the program.
    pub fn error(&self, text: &str) {
        self.say(&format!("{} {text}", "error:".red().bold()));
    }

    /// Returns a callback that updates the progress: ten times a second in a terminal, and elsewhere as
    /// a line every five seconds.
    pub fn progress(&self) -> impl FnMut(&mut Session) + use<> {
        const FOR_A_PIPE: Duration = Duration::from_secs(5);
        let terminal = self.clone();
        let interval = if self.is_live {
            Duration::from_millis(100)
        } else {
            FOR_A_PIPE
        };
        let mut shown = Instant::now();
        // Time and number of frames from which the next rate counts; `None` while the game stands still.
        let mut last: Option<(Instant, u64)> = None;
        move |session| {
            if terminal.is_live && session.is_building_aloud() {
                terminal.clear_progress();
                return;
            }
            if !session.is_running() {
                last = None;
                if terminal.is_live && shown.elapsed() >= interval {
                    shown = Instant::now();
                    terminal.bar.set_message(session.status().to_string());
                    terminal.bar.tick();
                }
                return;
            }
            let frames = session.frames();
            let (since, before) = *last.get_or_insert_with(|| (Instant::now(), frames));
            let elapsed = since.elapsed();
            if elapsed < interval {
                return;
            }
            let rate = frames.saturating_sub(before) as f64 / elapsed.as_secs_f64();
            last = Some((Instant::now(), frames));
            let text = format!(
                "frame {frames}  {rate:.0}/s  {:.0} µs a frame  {} MiB  {}  {}",
                session.timings().frame.percentiles().p50,
                session.guest_memory() >> 20,
                session.title(),
                session.status(),
            );
            if terminal.is_live {
                terminal.bar.set_message(printable(&text).into_owned());
                terminal.bar.tick();
            } else {
                terminal.say(text.trim_end());
            }
        }
    }

    /// Clears the progress line until it is updated, so that others can write to the terminal.
    fn clear_progress(&self) {
        if !self.bar.message().is_empty() {
            self.bar.set_message("");
            // Unlike `tick`, this draws whenever it is called.
            self.bar.suspend(|| ());
        }
    }

    /// Clears the progress line for good.
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

impl Observer for Terminal {
    fn observe(&mut self, record: &Record) {
        match &record.event {
            ReportEvent::FirstFrame {
                frame_ms,
                since_saved_ms,
                ..
            } if self.is_verbose => self.say(&format!(
                "    first frame {frame_ms:.1} ms, {since_saved_ms:.0} ms after the file was saved"
            )),
            ReportEvent::End {
                images,
                image_us,
                image_share,
                ..
            } if self.is_verbose && *images > 0 => self.say(&format!(
                "     {images} images of the state, {:.0} µs each, {:.2}% of the time",
                image_us.p50,
                image_share * 100.0
            )),
            _ => {}
        }
        let Some(presentation) = present(record) else {
            return;
        };
        let stages = match &record.event {
            ReportEvent::Start { cached, stages, .. }
            | ReportEvent::Swap { cached, stages, .. } => self.stages(stages, *cached),
            _ => String::new(),
        };
        self.say(&format!("{}{stages}", presentation.line()));
    }
}

/// Writer for the log, so that lines of guests and of the host go through the terminal.
impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Terminal {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine {
            terminal: self,
            line: Vec::new(),
        }
    }
}

/// One line of the log, printed when it is complete.
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

/// Returns true if standard error takes colours.
#[must_use]
pub fn has_colors() -> bool {
    AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
}
