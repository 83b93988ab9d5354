//! The overlay: panels over the game for a person who edits the running program. A key opens it.
//!
//! The overlay knows no window and no GPU. Its input is egui's, and its output is triangles. It affects
//! the run only through a [`Command`](crate::event::Command) or an edit. A closed overlay costs
//! nothing, apart from a border and a line after a failure.

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
use vblank_runtime::thread;

use crate::session::Session;

pub use log::LogRing;
pub use overlay_log::OverlayLog;

use action::OverlayAction;
use panels::Panels;
use snapshot::Snapshot;

/// Interval at which the state is read. A person could not read it faster.
const READ_EVERY: Duration = Duration::from_millis(100);

/// The overlay of one window.
pub struct Overlay {
    ctx: Context,
    panels: Panels,
    snapshot: Snapshot,
    run: OverlayLog,
    log: LogRing,
    /// File that exists if the overlay was open when the host last ended.
    memory: Option<PathBuf>,
    is_open: bool,
    /// Time at which the state was last read.
    read_at: Option<Instant>,
    shown: Shown,
}

/// The overlay's present picture over the window.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Nothing,
    /// The alarm with this number, in a window of this size.
    Alarm(u64, Option<Vec2>),
    Panels,
}

impl Overlay {
    /// Makes an overlay. It is open if it was when the host last ended.
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

    /// Returns egui's context, which holds everything that egui remembers.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.ctx
    }

    /// Returns true if the overlay is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Opens or closes the overlay, and remembers that for the next run.
    pub fn toggle(&mut self) {
        self.is_open = !self.is_open;
        self.read_at = None;
        let (Some(file), is_open) = (self.memory.clone(), self.is_open) else {
            return;
        };
        // The disk must not hold up the game's thread. A failed write loses only this memory.
        let _ = thread::start("overlay", move || {
            if is_open {
                let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.and_then(|()| std::fs::write(&file, "open\n"))
            } else {
                std::fs::remove_file(&file)
            }
        });
    }

    /// Returns true if [`Overlay::frame`] has nothing to do. Costs nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.is_open && self.shown == Shown::Nothing && self.run.alarm_number().is_none()
    }

    /// Returns true if a pointer at this position, in pixels of the window, is over a panel or held by
    /// one.
    #[must_use]
    pub fn wants_pointer(&self, x: f32, y: f32) -> bool {
        let place = egui::pos2(x, y) / self.ctx.pixels_per_point();
        let layer = self.ctx.layer_id_at(place);
        let is_popup = layer.is_some_and(|layer| layer.order != Order::Background);
        let is_over = is_popup || !self.panels.free.contains(place);
        self.is_open && (is_over || self.ctx.egui_is_using_pointer())
    }

    /// Returns true if the keyboard belongs to a text field of the overlay.
    #[must_use]
    pub fn wants_keyboard(&self) -> bool {
        self.is_open && self.ctx.egui_wants_keyboard_input()
    }

    /// Takes the keyboard from the overlay's text field, if one has it.
    pub fn release_keyboard(&mut self) {
        self.ctx.memory_mut(egui::Memory::stop_text_input);
    }

    /// Runs the overlay once, lays it over the window, and carries out what was clicked. To be called
    /// between two frames only. Returns requests to the window system, if there are any.
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
