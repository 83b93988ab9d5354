//! The alarm: a failure that is not repaired yet, as a border round the window and a panel along its
//! bottom edge. The middle of the game stays free.

use egui::{Align2, Color32, Frame, Panel, Pos2, RichText, ScrollArea, Stroke, StrokeKind, Ui};

use super::style;

/// Colours of a break, and of a failure after which the old version continues.
const BREAK: Color32 = Color32::from_rgb(230, 70, 60);
const REFUSED: Color32 = Color32::from_rgb(230, 160, 40);

/// A failure that is not repaired yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alarm {
    /// Title, in one line.
    title: String,
    /// The compiler's message, or the source and the callers of a trap.
    details: String,
    /// True if the game stands still.
    pub(super) is_break: bool,
}

impl Alarm {
    pub(super) fn new(title: String, details: String, is_break: bool) -> Self {
        let details = details.trim_matches('\n').to_owned();
        Self {
            title,
            details,
            is_break,
        }
    }

    fn color(&self) -> Color32 {
        if self.is_break { BREAK } else { REFUSED }
    }

    /// Shows the whole alarm at the bottom edge, for an open overlay.
    pub(super) fn show(&self, ui: &mut Ui) {
        self.border(ui);
        Panel::bottom("alarm")
            .resizable(true)
            .default_size(130.0)
            .max_size(260.0)
            .frame(self.frame(ui))
            .show(ui, |ui| {
                ui.label(RichText::new(&self.title).color(self.color()).strong());
                ScrollArea::both().auto_shrink(false).show(ui, |ui| {
                    let text = RichText::new(&self.details).monospace();
                    ui.add(egui::Label::new(text).extend());
                });
            });
    }

    /// Shows the alarm as one line, for a closed overlay.
    pub(super) fn show_shut(&self, ui: &mut Ui) {
        self.border(ui);
        Panel::bottom("alarm line")
            .resizable(false)
            .frame(self.frame(ui))
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(RichText::new("F1").strong());
                    let text = RichText::new(&self.title).color(self.color());
                    ui.add(egui::Label::new(text).truncate());
                });
            });
    }

    fn frame(&self, ui: &Ui) -> Frame {
        style::frame(ui).stroke(Stroke::new(1.0, self.color()))
    }

    fn border(&self, ui: &Ui) {
        let stroke = Stroke::new(3.0, self.color());
        let whole = Align2::LEFT_TOP.anchor_size(Pos2::ZERO, ui.ctx().content_rect().size());
        let painter = ui.ctx().layer_painter(egui::LayerId::background());
        painter.rect_stroke(whole, 0.0, stroke, StrokeKind::Inside);
    }
}
