//! The overlay's look: colours, sizes and frames. It knows no panel.

use egui::{Color32, Context, CornerRadius, Frame, TextStyle, Theme, Ui};

/// Sets a dark and compact style.
pub(super) fn set_style(ctx: &Context) {
    ctx.set_theme(Theme::Dark);
    ctx.all_styles_mut(|style| {
        // Panels have colours of their own; between them the game is visible.
        style.visuals.panel_fill = Color32::TRANSPARENT;
        style.visuals.widgets.noninteractive.corner_radius = CornerRadius::same(2);
        style.interaction.selectable_labels = false;
        style.spacing.item_spacing.y = 3.0;
        // Without animations, a test's picture is the same each time.
        style.animation_time = 0.0;
        for (kind, font) in &mut style.text_styles {
            font.size = match kind {
                TextStyle::Heading => 15.0,
                TextStyle::Small => 10.0,
                _ => 12.0,
            };
        }
    });
}

/// Returns the frame of a panel.
pub(super) fn frame(ui: &Ui) -> Frame {
    let fill = Color32::from_rgb(18, 20, 26);
    Frame::side_top_panel(ui.style()).fill(fill)
}
