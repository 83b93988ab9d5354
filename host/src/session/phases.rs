//! The phases of a frame, in order. This module knows no commands and no windows.

use std::time::{Duration, Instant};

use super::Session;
use super::autosave::Autosave;
use crate::game::GameCalls;
use crate::report::{ReportEvent, millis};

/// Longest time that a picture waits for requested assets when no person watches.
const ASSETS: Duration = Duration::from_secs(5);

impl Session {
    /// Handles events and returns the number of updates that are due.
    pub(super) fn begin(&mut self) -> u32 {
        self.records.flush(false);
        while let Ok(event) = self.parts.outside.try_recv() {
            self.handle(event);
        }
        self.hear_rollback_answer();
        self.hear_images();
        if !self.is_running() {
            return 0;
        }
        let now = self.parts.clock.now();
        if self.images.is_awaited() {
            self.timeline.restart(now);
            return 0;
        }
        self.timeline.take_updates(now)
    }

    /// Fills the step with the input of an update, from the window and from the script.
    fn take_input(&mut self, frame: u64) {
        for event in self.options.input.events_at(frame) {
            self.input.apply(event);
        }
        self.step.number = frame;
        self.input.take(&mut self.step.input);
    }

    pub(super) fn update(&mut self, updates: u32) {
        for left in (0..updates).rev() {
            self.scripted_swap();
            let Some(frame) = self.slot.moving().map(|game| game.frame()) else {
                return;
            };
            self.take_input(frame);
            let begun = Instant::now();
            let game = self.slot.game.as_mut();
            let done = game.map_or(Ok(()), |game| game.update(&self.step));
            self.timings.update.record_since(begun);
            self.fetch_requests();
            if let Err(trap) = done {
                return self.failed(trap, true);
            }
            let made = self.frames();
            if self.outputs.is_due(made) || self.options.frames == Some(made) {
                // An output needs the picture of exactly this frame, so the other updates wait for the
                // next turn.
                self.timeline.put_back(left);
                return;
            }
        }
    }

    pub(super) fn draw(&mut self) {
        let alpha = self.timeline.alpha(self.parts.clock.now());
        let size = self.step.size;
        let Some(game) = self.slot.moving() else {
            return;
        };
        let begun = Instant::now();
        let done = game.instance().draw(size, alpha);
        self.timings.draw.record_since(begun);
        self.fetch_requests();
        if let Err(trap) = done {
            self.failed(trap, false);
        }
    }

    pub(super) fn submit(&mut self) {
        // The time of the last update is the same in each run, so effects that depend on it are too.
        let time = self.step.number as f64 / self.options.hz;
        let Some(game) = self.slot.game.as_mut().filter(|game| !game.is_broken()) else {
            return;
        };
        if self.options.waits_for_assets {
            // With all assets loaded, the picture of a frame is the same in each run.
            self.parts.assets.wait(ASSETS);
        }
        let begun = Instant::now();
        self.parts.renderer.set_time(time as f32);
        game.instance().send_picture(self.parts.renderer.begin());
        let done = self.parts.renderer.submit();
        self.timings.submit.record_since(begun);
        let asset_bytes = match done {
            Ok(()) => self.parts.renderer.stats().asset_bytes,
            Err(error) => {
                self.notice_once("no picture", error);
                0
            }
        };
        self.asset_bytes += asset_bytes;
        if let Some(first) = self.first_frame.take() {
            self.report(ReportEvent::FirstFrame {
                hash: first.hash,
                asset_bytes,
                frame_ms: millis(self.timeline.turn_took()),
                since_saved_ms: millis(first.before + first.ready.elapsed()),
            });
        }
    }

    pub(super) fn present(&mut self) -> Duration {
        let begun = Instant::now();
        if let Err(error) = self.parts.renderer.present() {
            self.notice_once("nothing is shown", error);
        }
        begun.elapsed()
    }

    pub(super) fn boundary(&mut self) {
        self.write_due();
        self.hear_autosave();
        self.hold_sounds();
        let is_wanted = self.autosave.as_ref().is_some_and(Autosave::is_due);
        let game = self.slot.game.as_mut();
        match game.map_or(Ok(None), |game| game.keep_image(is_wanted)) {
            Ok(Some(checkpoint)) => {
                self.timings.image.record(checkpoint.took);
                self.expect_state();
                if let Some(autosave) = &mut self.autosave {
                    autosave.offer(checkpoint);
                }
            }
            Ok(None) => {}
            Err(trap) => self.failed(trap, false),
        }
        if self
            .options
            .frames
            .is_some_and(|most| self.frames() >= most)
        {
            self.exit = Some(self.exit.unwrap_or(0));
            return;
        }
        self.look_for_news();
    }
}
