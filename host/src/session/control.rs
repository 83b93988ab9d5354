//! What a person wants of the run: stand still, step, go slower, begin anew, keep an image, go back.
//!
//! Whoever has keys or buttons sends a [`Command`]; nobody else touches the session's pace or state.

use std::sync::mpsc::{Receiver, TryRecvError};

use vblank_render::sound::commands::Command as Sound;
use vblank_runtime::history::StateOf;

use crate::clock::Pace;
use crate::control::{Answer, Reply, Request};
use crate::game::Setup;
use crate::report::What;
use super::Session;
use super::images::Then;

/// A wish about the run. What cannot be done is told as a notice, and everything is as it was.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Stand still, or go on. The picture goes on being drawn, and swaps go on happening.
    Pause(bool),
    /// Stand still if the game moves, and go on if it stands still.
    TogglePause,
    /// Stand still, and make one update.
    Step,
    /// Seconds of the game in a second of the clock.
    Speed(f64),
    /// Begin a fresh game with the same code. The state of now is written first.
    Reset,
    /// Write the state of now.
    SaveImage,
    /// Build and look once more, as after a change.
    Rebuild,
    /// Stop the build that runs, and wait for the next change.
    StopBuild,
    /// Go back to the version before, with the state of now.
    RollBack,
    /// Put another value into the state: its path, and the value as text.
    Edit(String, String),
    /// Take the last edit back.
    Undo,
    /// Make it again.
    Redo,
    /// End the run.
    Quit,
}

/// What can be chosen as [`Command::Speed`].
pub const SPEEDS: [f64; 5] = [0.1, 0.25, 0.5, 1.0, 2.0];

impl Session {
    /// Do as somebody wishes. To be called between two frames only.
    pub fn obey(&mut self, command: Command) {
        let now = self.parts.clock.now();
        match command {
            Command::Pause(is_paused) => self.pace.set_paused(is_paused, now),
            Command::TogglePause => self.pace.set_paused(!self.pace.is_paused(), now),
            Command::Step => {
                self.pace.set_paused(true, now);
                self.steps += 1;
            }
            Command::Speed(speed) => self.pace.set_speed(speed, now),
            Command::Reset => self.keep_state(Then::BeginAnew),
            Command::SaveImage => self.keep_state(Then::GoOn),
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
                self.asked(Request::Rollback { hash, state }, reply);
                self.answer = Some(answer);
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

    /// How the game's time follows the clock's.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What became of a rollback that was wished for here.
    pub(super) fn hear_answer(&mut self) {
        let answer = self.answer.as_ref().map(Receiver::try_recv);
        match answer {
            None | Some(Err(TryRecvError::Empty)) => {}
            Some(Ok(Answer::Failed { message })) => {
                self.answer = None;
                self.notice(format!("not rolled back: {message}"));
            }
            Some(_) => self.answer = None,
        }
    }

    /// Begin a fresh game with the same code; the state of before is in this file.
    pub(super) fn begin_anew(&mut self, kept: String) {
        let setup = Setup {
            seed: self.options.seed,
            size: self.step.size,
            hz: self.options.hz as f32,
        };
        let Some(game) = &self.game else { return };
        let fresh = game.fresh_image(&self.parts.engine, setup);
        let done = fresh.and_then(|(image, wishes)| self.go_on_with(&image).map(|_| wishes));
        match done {
            Ok(wishes) => {
                self.edits.clear();
                if let Some(speaker) = &self.parts.speaker {
                    speaker.play(vec![Sound::StopAll]);
                }
                self.grant_wishes(wishes);
                self.tell(What::Reset { image: kept });
            }
            Err(refused) => self.notice(format!("not begun anew: {refused}")),
        }
    }

    pub(super) fn notice(&mut self, message: impl Into<String>) {
        let message = message.into();
        self.tell(What::Notice { message });
    }
}
