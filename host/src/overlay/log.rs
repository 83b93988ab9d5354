//! The guest's last lines of the log, collected by a layer of the host's own log. This module knows no
//! session.

use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{Color32, ComboBox, RichText, ScrollArea, TextStyle, Ui};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Number of lines that are kept.
const MOST: usize = 1000;

/// Ring of lines, shared by the log, which fills it, and the overlay, which shows it.
#[derive(Clone, Default)]
pub struct LogRing(Arc<Mutex<VecDeque<Line>>>);

struct Line {
    level: Level,
    text: String,
}

impl LogRing {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, level: Level, text: String) {
        let mut lines = self.lock();
        if lines.len() == MOST {
            lines.pop_front();
        }
        lines.push_back(Line { level, text });
    }
}

impl<S: Subscriber> Layer<S> for LogRing {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    // Writing to a string does not fail.
                    let _ = write!(self.0, "{value:?}");
                }
            }
        }
        if event.metadata().target() != "guest" {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        self.push(*event.metadata().level(), text.0);
    }
}

/// The log panel's settings.
pub(super) struct LogPanel {
    /// Least important level that is shown.
    level: Level,
    search: String,
}

impl Default for LogPanel {
    fn default() -> Self {
        Self {
            level: Level::INFO,
            search: String::new(),
        }
    }
}

impl LogPanel {
    pub(super) fn show(&mut self, ui: &mut Ui, log: &LogRing) {
        ui.horizontal(|ui| {
            ComboBox::from_id_salt("level")
                .selected_text(name(self.level))
                .show_ui(ui, |ui| {
                    for level in [
                        Level::ERROR,
                        Level::WARN,
                        Level::INFO,
                        Level::DEBUG,
                        Level::TRACE,
                    ] {
                        ui.selectable_value(&mut self.level, level, name(level));
                    }
                });
            ui.add(egui::TextEdit::singleline(&mut self.search).hint_text("find in the log"));
        });
        let lines = log.lock();
        let wanted: Vec<&Line> = lines
            .iter()
            .filter(|line| line.level <= self.level && line.text.contains(&self.search))
            .collect();
        if wanted.is_empty() {
            ui.weak("no lines");
            return;
        }
        let height = ui.text_style_height(&TextStyle::Monospace);
        ScrollArea::vertical()
            .max_height(160.0)
            .auto_shrink([false, true])
            .stick_to_bottom(true)
            .show_rows(ui, height, wanted.len(), |ui, range| {
                for line in &wanted[range] {
                    let text = RichText::new(&line.text).monospace();
                    let text = color(line.level).map_or(text.clone(), |color| text.color(color));
                    ui.add(egui::Label::new(text).truncate());
                }
            });
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "errors",
        Level::WARN => "warnings",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "everything",
    }
}

fn color(level: Level) -> Option<Color32> {
    match level {
        Level::ERROR => Some(Color32::from_rgb(240, 100, 90)),
        Level::WARN => Some(Color32::from_rgb(230, 180, 80)),
        _ => None,
    }
}
