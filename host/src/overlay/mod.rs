//! The overlay: what a person who edits a running program sees of it, over the game and opened by a key.
//!
//! It knows no window and no GPU: it is given egui's input, and gives triangles. Everything that it does
//! to the run is a [`Command`](crate::event::Command) or an edit. Shut, it does nothing at all, but
//! for a border and a line where something has failed.

mod action;
mod alarm;
mod frames;
mod log;
mod overlay_log;
mod panels;
mod snapshot;
mod state;
mod style;
#[cfg(test)]
mod tests;
mod thumbnail;
mod tree;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Context, Order, PlatformOutput, RawInput, Vec2};
use vblank_render::Layer;

use crate::session::Session;

pub use log::LogRing;
pub use overlay_log::OverlayLog;

use action::OverlayAction;
use panels::Panels;
use snapshot::Snapshot;

/// How often the state is read: more often nobody could read it.
const READ_EVERY: Duration = Duration::from_millis(100);

/// The overlay of one window.
pub struct Overlay {
    ctx: Context,
    panels: Panels,
    snapshot: Snapshot,
    run: OverlayLog,
    log: LogRing,
    /// The file that says whether it was open when the host last ended.
    memory: Option<PathBuf>,
    is_open: bool,
    /// When the state was last read.
    read_at: Option<Instant>,
    shown: Shown,
}

/// The overlay's picture that lies over the window.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Nothing,
    /// This alarm, in a window of this size.
    Alarm(u64, Option<Vec2>),
    Panels,
}

impl Overlay {
    /// Open, if it was when the host last ended.
    #[must_use]
    pub fn new(run: OverlayLog, log: LogRing, memory: Option<PathBuf>) -> Self {
        let is_open = memory.as_deref().is_some_and(|file| file.exists());
        let ctx = Context::default();
        style::set_style(&ctx);
        Self {
            ctx,
            panels: Panels::default(),
            snapshot: Snapshot::default(),
            run,
            log,
            memory,
            is_open,
            read_at: None,
            shown: Shown::Nothing,
        }
    }

    /// Of everything that egui remembers.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.ctx
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Open it, or shut it; remembered for the next run.
    pub fn toggle(&mut self) {
        self.is_open = !self.is_open;
        self.read_at = None;
        let (Some(file), is_open) = (self.memory.clone(), self.is_open) else {
            return;
        };
        // Not on the game's thread. What cannot be written is forgotten, which harms nobody.
        let _ = std::thread::Builder::new().spawn(move || {
            if is_open {
                let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.and_then(|()| std::fs::write(&file, "open\n"))
            } else {
                std::fs::remove_file(&file)
            }
        });
    }

    /// Whether there is anything for [`Overlay::frame`] to do. Costs nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.is_open && self.shown == Shown::Nothing && self.run.alarm_number().is_none()
    }

    /// Whether the pointer, if it is here (in pixels of the window), is over a panel, or held by one.
    #[must_use]
    pub fn wants_pointer(&self, x: f32, y: f32) -> bool {
        let place = egui::pos2(x, y) / self.ctx.pixels_per_point();
        let layer = self.ctx.layer_id_at(place);
        let is_popup = layer.is_some_and(|layer| layer.order != Order::Background);
        let is_over = is_popup || !self.panels.free.contains(place);
        self.is_open && (is_over || self.ctx.egui_is_using_pointer())
    }

    /// Whether what is typed is for a field of it.
    #[must_use]
    pub fn wants_keyboard(&self) -> bool {
        self.is_open && self.ctx.egui_wants_keyboard_input()
    }

    /// Run it once, lay it over the window, and do what was clicked. To be called between two frames
    /// only. Returns what the window system has to do, if anything.
    pub fn frame(&mut self, input: RawInput, session: &mut Session) -> Option<PlatformOutput> {
        let size = input.screen_rect.map(|rect| rect.size());
        let shown = match self.run.alarm_number() {
            _ if self.is_open => Shown::Panels,
            Some(number) => Shown::Alarm(number, size),
            None => Shown::Nothing,
        };
        if shown != Shown::Panels && shown == self.shown {
            return None;
        }
        self.shown = shown;
        if shown == Shown::Nothing {
            session.lay_over(Layer::default());
            return None;
        }
        if self.is_open {
            self.read(session);
        }
        let mut actions = Vec::new();
        let (snapshot, panels) = (&self.snapshot, &mut self.panels);
        let (alarm, log, is_open) = (self.run.alarm(), &self.log, self.is_open);
        let output = self.ctx.run_ui(input, |ui| {
            if is_open {
                panels.show(ui, snapshot, &alarm, log, &mut actions);
            } else if let Some(alarm) = &alarm {
                alarm.show_shut(ui);
            }
        });
        session.lay_over(Layer {
            primitives: self.ctx.tessellate(output.shapes, output.pixels_per_point),
            textures: output.textures_delta,
            pixels_per_point: output.pixels_per_point,
        });
        for action in actions {
            self.act(action, session);
        }
        Some(output.platform_output)
    }

    fn read(&mut self, session: &mut Session) {
        self.snapshot.look(session, &self.run);
        let is_due = self.read_at.is_none_or(|at| at.elapsed() >= READ_EVERY);
        if is_due {
            self.snapshot.assets = session.assets();
            self.read_at = Some(Instant::now());
            let tree = &mut self.panels.tree;
            let read = session.look(|schema, parcel| tree.read(schema, parcel));
            self.snapshot.rows = read.unwrap_or_default();
            self.snapshot.read_took = self.read_at.map_or(Duration::ZERO, |at| at.elapsed());
        }
    }

    fn act(&mut self, action: OverlayAction, session: &mut Session) {
        match action {
            OverlayAction::Do(command) => session.obey(command),
            OverlayAction::Look => {}
            OverlayAction::Close => self.toggle(),
            OverlayAction::Edit { path, text } => {
                let done = session.edit(&path, &text);
                self.panels
                    .tree
                    .edited(done.map_err(|error| error.to_string()));
            }
        }
        self.read_at = None;
    }
}
