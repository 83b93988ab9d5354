//! The panels: a strip along the bottom with the status and the buttons, and the other panels at the
//! right. The game stays visible.

use egui::{
    Button, CollapsingHeader, Color32, Label, Panel, Rect, Response, RichText, ScrollArea, Ui,
};
use vblank_render::assets::{AssetInfo, Status};

use super::action::OverlayAction;
use super::alarm::Alarm;
use super::log::{LogPanel, LogRing};
use super::snapshot::Snapshot;
use super::style::frame;
use super::thumbnail::thumbnail;
use super::tree::Tree;
use super::{frames, state};
use crate::event::Command;
use crate::session::SPEEDS;

/// Colour of a faulty asset.
const PROBLEM: Color32 = Color32::from_rgb(240, 100, 90);

/// State of the panels between frames.
pub(super) struct Panels {
    pub(super) tree: Tree,
    log: LogPanel,
    /// Area in which the game is visible.
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

impl Panels {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        alarm: &Option<Alarm>,
        log: &LogRing,
        actions: &mut Vec<OverlayAction>,
    ) {
        strip(ui, snapshot, actions);
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
                    .show(ui, |ui| self.right(ui, snapshot, log, actions));
            });
        self.free = ui.available_rect_before_wrap();
    }

    fn right(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        log: &LogRing,
        actions: &mut Vec<OverlayAction>,
    ) {
        let part = |name: &str, is_open: bool| CollapsingHeader::new(name).default_open(is_open);
        part("Frames", true).show(ui, |ui| frames::show(ui, snapshot));
        part("State", true).show(ui, |ui| state::show(ui, snapshot, &mut self.tree, actions));
        part("Swaps", true).show(ui, |ui| swaps(ui, &snapshot.swaps));
        part("Log", false).show(ui, |ui| self.log.show(ui, log));
        part("Assets", false).show(ui, |ui| assets_panel(ui, &snapshot.assets));
        part("Capabilities", false).show(ui, |ui| capabilities(ui, snapshot));
    }
}

fn strip(ui: &mut Ui, snapshot: &Snapshot, actions: &mut Vec<OverlayAction>) {
    Panel::bottom("strip")
        .resizable(false)
        .frame(frame(ui))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let mut act = |response: Response, action: OverlayAction| {
                    if response.clicked() {
                        actions.push(action);
                    }
                };
                let button =
                    |ui: &mut Ui, text: &str, hint: &str| ui.button(text).on_hover_text(hint);
                let is_paused = snapshot.is_paused;
                let pause = if is_paused { "go on" } else { "pause" };
                let command = Command::Pause(!is_paused);
                act(
                    button(
                        ui,
                        pause,
                        "the game stands still; drawing and swaps continue",
                    ),
                    OverlayAction::Do(command),
                );
                act(
                    button(ui, "step", "one update"),
                    OverlayAction::Do(Command::Step),
                );
                for speed in SPEEDS {
                    let is_it = snapshot.speed == speed;
                    let text = format!("{speed}×");
                    let speeds = ui.add(Button::selectable(is_it, text));
                    act(speeds, OverlayAction::Do(Command::Speed(speed)));
                }
                ui.separator();
                let hint =
                    "a fresh game with the same code; the present state is written to a file first";
                act(button(ui, "reset", hint), OverlayAction::Do(Command::Reset));
                act(
                    button(ui, "keep", "write the present state to a file"),
                    OverlayAction::Do(Command::SaveImage),
                );
                act(
                    button(ui, "rebuild", "build again, as after a change"),
                    OverlayAction::Do(Command::Rebuild),
                );
                let hint = "to the previous version, with the present state";
                act(
                    button(ui, "roll back", hint),
                    OverlayAction::Do(Command::RollBack),
                );
                act(
                    button(ui, "shut", "close the overlay, as F1 does"),
                    OverlayAction::Close,
                );
                ui.separator();
                ui.label(format!(
                    "frame {}, {} MiB",
                    snapshot.frame,
                    snapshot.memory >> 20
                ));
                ui.add(Label::new(RichText::new(&snapshot.status).strong()).wrap());
                if let Some(notice) = &snapshot.notice {
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

fn capabilities(ui: &mut Ui, snapshot: &Snapshot) {
    ui.label(match &snapshot.granted[..] {
        [] => "granted: nothing beyond the contract".to_owned(),
        granted => format!("granted: {}", granted.join(", ")),
    });
    if let Some(wants) = &snapshot.wants {
        ui.add(Label::new(format!("the newest code: {wants}")).wrap());
    }
}

/// Shows the assets that the host holds for the guest.
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
