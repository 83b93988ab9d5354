//! What has failed and is not mended yet: a border round the window, and a panel along its bottom edge.
//! The game's middle stays free.

use egui::{Align2, Color32, Frame, Panel, Pos2, RichText, ScrollArea, Stroke, StrokeKind, Ui};

use super::style;

/// The colours of what stands still, and of what the old version goes on after.
const BREAK: Color32 = Color32::from_rgb(230, 70, 60);
const REFUSED: Color32 = Color32::from_rgb(230, 160, 40);

/// One failure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alarm {
    /// One line.
    title: String,
    /// The compiler's own message, or the source and who called it.
    details: String,
    /// Whether the game stands still.
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

    /// While the overlay is open: all of it, at the bottom edge.
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

    /// While it is shut: one line.
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
