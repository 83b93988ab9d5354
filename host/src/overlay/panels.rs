//! The panels: a strip along the bottom with the status and the buttons, and the rest at the right. The
//! game stays visible.

use egui::{
    Button, CollapsingHeader, Color32, Context, CornerRadius, Frame, Label, Panel, Rect, Response,
    RichText, ScrollArea, TextStyle, Theme, Ui,
};
use vblank_render::assets::{AssetInfo, Status};

use crate::session::{Command, SPEEDS};
use super::alarm::Alarm;
use super::{frames, state};
use super::log::{LogPanel, LogRing};
use super::seen::Seen;
use super::thumbnail::thumbnail;
use super::tree::Tree;

/// Of what is wrong with an asset.
const PROBLEM: Color32 = Color32::from_rgb(240, 100, 90);

/// What was clicked or typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Something about the run.
    Do(Command),
    /// Another value.
    Edit { path: String, text: String },
    /// Read the state at once.
    Look,
    /// No overlay any more.
    Shut,
}

/// What the panels remember from frame to frame.
pub(super) struct Panels {
    pub(super) tree: Tree,
    log: LogPanel,
    /// Where the game is seen.
    pub(super) free: Rect,
}

impl Default for Panels {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            log: LogPanel::default(),
            free: Rect::EVERYTHING,
        }
    }
}

/// Dark and small.
pub(super) fn set_style(ctx: &Context) {
    ctx.set_theme(Theme::Dark);
    ctx.all_styles_mut(|style| {
        // What lies over the game has a colour; between the panels is the game.
        style.visuals.panel_fill = Color32::TRANSPARENT;
        style.visuals.widgets.noninteractive.corner_radius = CornerRadius::same(2);
        style.interaction.selectable_labels = false;
        style.spacing.item_spacing.y = 3.0;
        // Nothing glides: a picture of it is the same each time.
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

impl Panels {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        seen: &Seen,
        alarm: &Option<Alarm>,
        log: &LogRing,
        wishes: &mut Vec<Wish>,
    ) {
        strip(ui, seen, wishes);
        if let Some(alarm) = alarm {
            alarm.show(ui);
        }
        Panel::right("overlay")
            .frame(frame(ui))
            .default_size(400.0)
            .min_size(240.0)
            .max_size(ui.ctx().content_rect().width() * 0.6)
            .show(ui, |ui| {
                ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| self.right(ui, seen, log, wishes));
            });
        self.free = ui.available_rect_before_wrap();
    }

    fn right(&mut self, ui: &mut Ui, seen: &Seen, log: &LogRing, wishes: &mut Vec<Wish>) {
        let part = |name: &str, is_open: bool| CollapsingHeader::new(name).default_open(is_open);
        part("Frames", true).show(ui, |ui| frames::show(ui, seen));
        part("State", true).show(ui, |ui| state::show(ui, seen, &mut self.tree, wishes));
        part("Swaps", true).show(ui, |ui| swaps(ui, &seen.swaps));
        part("Log", false).show(ui, |ui| self.log.show(ui, log));
        part("Assets", false).show(ui, |ui| assets_panel(ui, &seen.assets));
        part("Capabilities", false).show(ui, |ui| capabilities(ui, seen));
    }
}

/// Of a panel.
pub(super) fn frame(ui: &Ui) -> Frame {
    let fill = Color32::from_rgb(18, 20, 26);
    Frame::side_top_panel(ui.style()).fill(fill)
}

fn strip(ui: &mut Ui, seen: &Seen, wishes: &mut Vec<Wish>) {
    Panel::bottom("strip")
        .resizable(false)
        .frame(frame(ui))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let mut wish = |response: Response, wish: Wish| {
                    if response.clicked() {
                        wishes.push(wish);
                    }
                };
                let button =
                    |ui: &mut Ui, text: &str, hint: &str| ui.button(text).on_hover_text(hint);
                let is_paused = seen.is_paused;
                let pause = if is_paused { "go on" } else { "pause" };
                let command = Command::Pause(!is_paused);
                wish(
                    button(ui, pause, "the picture goes on, and swaps too"),
                    Wish::Do(command),
                );
                wish(button(ui, "step", "one update"), Wish::Do(Command::Step));
                for speed in SPEEDS {
                    let is_it = seen.speed == speed;
                    let text = format!("{speed}×");
                    let speeds = ui.add(Button::selectable(is_it, text));
                    wish(speeds, Wish::Do(Command::Speed(speed)));
                }
                ui.separator();
                let hint = "a fresh game by the same code; the state of now is kept in a file";
                wish(button(ui, "reset", hint), Wish::Do(Command::Reset));
                wish(
                    button(ui, "keep", "write the state of now"),
                    Wish::Do(Command::SaveImage),
                );
                wish(
                    button(ui, "rebuild", "as after a change"),
                    Wish::Do(Command::Rebuild),
                );
                let hint = "to the version before, with the state of now";
                wish(button(ui, "roll back", hint), Wish::Do(Command::RollBack));
                wish(button(ui, "shut", "F1 does it too"), Wish::Shut);
                ui.separator();
                ui.label(format!("frame {}, {} MiB", seen.frame, seen.memory >> 20));
                ui.add(Label::new(RichText::new(&seen.status).strong()).wrap());
                if let Some(notice) = &seen.notice {
                    ui.add(Label::new(RichText::new(notice).weak()).wrap());
                }
            });
        });
}

fn swaps(ui: &mut Ui, swaps: &[String]) {
    if swaps.is_empty() {
        ui.weak("none yet");
    }
    for swap in swaps {
        ui.add(Label::new(RichText::new(swap).monospace()).wrap());
    }
}

fn capabilities(ui: &mut Ui, seen: &Seen) {
    ui.label(match &seen.granted[..] {
        [] => "granted: nothing beyond the contract".to_owned(),
        granted => format!("granted: {}", granted.join(", ")),
    });
    if let Some(wants) = &seen.wants {
        ui.add(Label::new(format!("the newest code: {wants}")).wrap());
    }
}

/// What the host holds for the guest.
fn assets_panel(ui: &mut Ui, assets: &[AssetInfo]) {
    if assets.is_empty() {
        ui.weak("none");
        return;
    }
    egui::Grid::new("assets").striped(true).show(ui, |ui| {
        for asset in assets {
            thumbnail(ui, &asset.key, asset.pixels.as_ref());
            ui.monospace(&*asset.key);
            ui.label(asset.kind.name());
            ui.label(format!("{} KiB", asset.bytes.div_ceil(1024)));
            let size = asset.size.map_or(String::new(), |size| size.to_string());
            match (&asset.problem, &asset.status) {
                (Some(problem), _) | (None, Status::Failed(problem)) => {
                    ui.colored_label(PROBLEM, problem)
                }
                (None, Status::Loading) => ui.weak("on its way"),
                (None, Status::Ready) => ui.label(size),
            };
            ui.end_row();
        }
    });
}
