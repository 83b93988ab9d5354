//! Commands of a person: pause, step, slow motion, reset, save an image, roll back.
//!
//! Keys and buttons send a [`Command`]. No other module outside the session changes its pace or state.

use std::sync::mpsc::{Receiver, TryRecvError};

use vblank_render::sound::commands::Command as Sound;
use vblank_runtime::history::StateOf;

use super::Session;
use super::images::AfterSave;
use crate::clock::Pace;
use crate::control::{Answer, Reply, Request};
use crate::event::Command;
use crate::game::GameCalls;
use crate::report::ReportEvent;

/// The choices of [`Command::Speed`].
pub const SPEEDS: [f64; 5] = [0.1, 0.25, 0.5, 1.0, 2.0];

impl Session {
    /// Carries out a command. To be called between two frames only.
    pub fn obey(&mut self, command: Command) {
        let now = self.parts.clock.now();
        match command {
            Command::Pause(is_paused) => self.timeline.pace_mut().set_paused(is_paused, now),
            Command::TogglePause => {
                let is_paused = self.timeline.pace().is_paused();
                self.timeline.pace_mut().set_paused(!is_paused, now);
            }
            Command::Step => self.timeline.step_once(now),
            Command::Speed(speed) => self.timeline.pace_mut().set_speed(speed, now),
            Command::Reset => self.keep_state(AfterSave::StartFresh),
            Command::SaveImage => self.keep_state(AfterSave::GoOn),
            Command::Rebuild => match &self.parts.pipeline {
                Some(pipeline) => pipeline.rebuild(),
                None => self.notice("this host builds nothing while it runs"),
            },
            Command::StopBuild => {
                if let Some(pipeline) = &self.parts.pipeline {
                    pipeline.stop_build();
                }
            }
            Command::RollBack => {
                let (reply, answer) = Reply::channel();
                let (hash, state) = (None, StateOf::Now);
                self.answer(Request::Rollback { hash, state }, reply);
                self.slot.rollback_answer = Some(answer);
            }
            Command::Edit(path, text) => {
                if let Err(error) = self.edit(&path, &text) {
                    self.notice(format!("not edited: {path}: {error}"));
                }
            }
            Command::Undo => self.take_back(),
            Command::Redo => self.make_again(),
            Command::Quit => self.exit = Some(0),
        }
    }

    /// The relation of the game's time to the clock's.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        self.timeline.pace()
    }

    /// Reports the outcome of a rollback that a command asked for.
    pub(super) fn hear_rollback_answer(&mut self) {
        let answer = self.slot.rollback_answer.as_ref().map(Receiver::try_recv);
        match answer {
            None | Some(Err(TryRecvError::Empty)) => {}
            Some(Ok(Answer::Failed { message })) => {
                self.slot.rollback_answer = None;
                self.notice(format!("not rolled back: {message}"));
            }
            Some(_) => self.slot.rollback_answer = None,
        }
    }

    /// Starts a fresh game with the same code. `kept` is the file with the image of the previous state.
    pub(super) fn start_fresh(&mut self, kept: std::path::PathBuf) {
        let setup = self.setup();
        let Some(game) = &self.slot.game else { return };
        let fresh = game.fresh_image(&self.parts.engine, |guest| {
            guest.init(setup)?;
            Ok(guest.take_requests())
        });
        let done = fresh.and_then(|(image, requests)| self.replace_state(&image).map(|_| requests));
        match done {
            Ok(requests) => {
                self.edits.clear();
                if let Some(speaker) = &self.parts.speaker {
                    speaker.play(vec![Sound::StopAll]);
                }
                self.apply_requests(requests);
                self.report(ReportEvent::Reset { image: kept });
            }
            Err(refused) => self.notice(format!("the game was not reset: {refused}")),
        }
    }
}
