//! The phases of a frame, in order.

use std::time::{Duration, Instant};

use crate::report::What;
use super::{Session, millis};
use super::autosave::Autosave;

/// How long a picture waits for assets that were asked for, where nobody watches.
const ASSETS: Duration = Duration::from_secs(5);

impl Session {
    pub(super) fn begin(&mut self) -> u32 {
        self.tell_on(false);
        while let Ok(event) = self.parts.outside.try_recv() {
            self.handle(event);
        }
        self.hear_answer();
        self.hear_images();
        let is_moving = self.game.as_ref().is_some_and(|game| !game.is_broken());
        if !is_moving {
            return 0;
        }
        let now = self.pace.game_time(self.parts.clock.now());
        if self.images.is_awaited() {
            self.fixed.restart(now);
            return 0;
        }
        if self.pace.is_paused() && self.steps > 0 {
            self.steps -= 1;
            return 1;
        }
        self.fixed.take(now)
    }

    /// The input of the next update: what the window told, and what the script says for it.
    pub(super) fn take_input(&mut self, frame: u64) {
        for event in self.options.input.events_at(frame) {
            self.input.apply(event);
        }
        self.step.number = frame;
        self.input.take(&mut self.step.input);
    }

    pub(super) fn update(&mut self, updates: u32) {
        for left in (0..updates).rev() {
            self.scripted_swap();
            let Some(frame) = self.moving().map(|game| game.frame()) else {
                return;
            };
            self.take_input(frame);
            let begun = Instant::now();
            let done = self
                .game
                .as_mut()
                .map_or(Ok(()), |game| game.update(&self.step));
            self.timings.update.record_since(begun);
            self.hear_wishes();
            if let Err(trap) = done {
                return self.failed(trap, true);
            }
            let made = self.frames();
            if self.outputs.is_due(made) || self.options.frames == Some(made) {
                // It wants a picture of just this frame: the other updates wait for the next one.
                (0..left).for_each(|_| self.fixed.put_back());
                return;
            }
        }
    }

    pub(super) fn draw(&mut self) {
        let alpha = self
            .fixed
            .alpha(self.pace.game_time(self.parts.clock.now()));
        let size = self.step.size;
        let Some(game) = self.moving() else { return };
        let begun = Instant::now();
        let done = game.instance().draw(size, alpha);
        self.timings.draw.record_since(begun);
        self.hear_wishes();
        if let Err(trap) = done {
            self.failed(trap, false);
        }
    }

    pub(super) fn submit(&mut self) {
        // Of the last update: what depends on it is the same in each run.
        let time = self.step.number as f64 / self.options.hz;
        let Some(game) = self.game.as_mut().filter(|game| !game.is_broken()) else {
            return;
        };
        if self.options.waits_for_assets {
            // So that the picture of a frame is the same each time.
            self.parts.engine.assets().wait(ASSETS);
        }
        let begun = Instant::now();
        self.parts.renderer.set_time(time as f32);
        game.instance().replay(self.parts.renderer.begin());
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
            self.tell(What::FirstFrame {
                hash: first.hash,
                asset_bytes,
                frame_ms: millis(self.turn_begun.elapsed()),
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
        let game = self.game.as_mut();
        match game.map_or(Ok(None), |game| game.keep_image(is_wanted)) {
            Ok(Some(kept)) => {
                self.timings.image.record(kept.took);
                self.tell_state_size();
                if let Some(autosave) = &mut self.autosave {
                    autosave.offer(kept);
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
