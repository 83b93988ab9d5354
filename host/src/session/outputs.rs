//! Pictures and state images that the user requested, and the times at which they are due. This module
//! knows files and no command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vblank_runtime::build::News;
use vblank_runtime::files::Access;
use vblank_runtime::history::VersionOutcome;

use super::Session;
use super::autosave::Autosave;
use crate::config::{Output, SessionOptions};
use crate::game::{Game, GameCalls};
use crate::report::{ReportEvent, millis};

/// Kind of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The picture.
    Picture,
    /// The state.
    Image,
}

/// The outputs that are still to be written.
#[derive(Debug)]
pub(super) struct Outputs {
    /// Outputs by the number of updates that precede them.
    due: BTreeMap<u64, Vec<(Kind, PathBuf)>>,
    at_end: Vec<(Kind, PathBuf)>,
    /// True if an output could not be written. The exit code then says so.
    has_failed: bool,
}

impl Outputs {
    pub(super) fn new(options: &SessionOptions) -> Self {
        let mut outputs = Self {
            due: BTreeMap::new(),
            at_end: Vec::new(),
            has_failed: false,
        };
        outputs.add(Kind::Picture, &options.screenshots);
        outputs.add(Kind::Image, &options.state_out);
        outputs
    }

    fn add(&mut self, kind: Kind, files: &[Output]) {
        for file in files {
            let list = match file.frame {
                Some(frame) => self.due.entry(frame).or_default(),
                None => &mut self.at_end,
            };
            list.push((kind, file.path.clone()));
        }
    }

    /// Returns true if an output needs a frame after exactly `made` updates.
    pub(super) fn is_due(&self, made: u64) -> bool {
        self.due.contains_key(&made)
    }

    /// Takes the outputs that are due after `made` updates.
    pub(super) fn take_due(&mut self, made: u64) -> Vec<(Kind, PathBuf)> {
        self.due.remove(&made).unwrap_or_default()
    }

    /// Takes the outputs that are due at the end, and the files that the run was too short for.
    pub(super) fn take_rest(&mut self) -> (Vec<(Kind, PathBuf)>, Vec<PathBuf>) {
        let missed = std::mem::take(&mut self.due).into_values().flatten();
        let missed = missed.map(|(_, path)| path).collect();
        (std::mem::take(&mut self.at_end), missed)
    }
}

impl Session {
    pub(super) fn write_due(&mut self) {
        for (kind, path) in self.outputs.take_due(self.frames()) {
            self.write(kind, &path);
        }
    }

    pub(super) fn write(&mut self, kind: Kind, path: &Path) {
        match kind {
            Kind::Picture => self.write_picture(path),
            Kind::Image => self.write_image(path),
        }
    }

    pub(super) fn write_picture(&mut self, path: &Path) {
        let saved = self
            .parts
            .renderer
            .capture()
            .map_err(|error| error.to_string());
        let saved = saved.and_then(|picture| {
            let saved = picture.save_png(path);
            saved.map_err(|error| error.cause.to_string())
        });
        if let Err(error) = saved {
            self.not_written(format!("no screenshot {}: {error}", path.display()));
        }
    }

    pub(super) fn write_image(&mut self, path: &Path) {
        let Some(game) = &mut self.slot.game else {
            return self.not_written(format!("no image {}: no version ran", path.display()));
        };
        let written = game
            .image()
            .map_err(|trap| format!("no image {}: {trap}", path.display()))
            .and_then(|image| {
                image
                    .write(path, Access::Shared)
                    .map_err(|error| error.to_string())
            });
        if let Err(message) = written {
            self.not_written(message);
        }
    }

    /// Reports that an output is missing. The run continues, and ends with exit code 1.
    fn not_written(&mut self, message: String) {
        self.outputs.has_failed = true;
        self.report(ReportEvent::Notice { message });
    }

    /// Reports the outcomes that the autosave thread has sent.
    pub(super) fn hear_autosave(&mut self) {
        while let Some(written) = self.autosave.as_mut().and_then(Autosave::written) {
            match written.error {
                None => self.report(ReportEvent::Autosave {
                    saved: written.frame,
                    take_ms: millis(written.take),
                    write_ms: millis(written.write),
                }),
                Some(error) => self.notice_once("autosave", error),
            }
        }
    }

    /// Ends the session: writes the last outputs, shuts the guest down, and reports the end.
    pub(super) fn end(&mut self) {
        while let Some(news) = self
            .parts
            .pipeline
            .as_ref()
            .and_then(|source| source.poll())
        {
            // Other news concern a next frame, and none follows.
            if let News::Notice(message) = news {
                self.report(ReportEvent::Notice { message });
            }
        }
        let (at_end, missed) = self.outputs.take_rest();
        for (kind, path) in at_end {
            self.write(kind, &path);
        }
        for path in missed {
            let (path, frames) = (path.display(), self.frames());
            self.not_written(format!(
                "not written: {path}, since the run ended after {frames} frames"
            ));
        }
        if let Some(autosave) = &mut self.autosave
            && let Some(Ok(image)) = self.slot.game.as_mut().map(Game::image)
        {
            autosave.finish(image);
        }
        self.hear_autosave();
        let assets = self.parts.assets.held().entries;
        let state_hash = self
            .slot
            .game
            .as_mut()
            .and_then(|game| game.state_hash().ok());
        if let Some(game) = self.slot.moving()
            && let Err(trap) = game.instance().shutdown()
        {
            self.report(ReportEvent::Notice {
                message: trap.to_string(),
            });
        }
        self.slot.history.leaves(VersionOutcome::Ended, None);
        self.report(ReportEvent::End {
            frames: self.frames(),
            state_hash,
            frame_us: self.timings.frame.percentiles(),
            images: self.timings.image.count(),
            image_us: self.timings.image.percentiles(),
            image_share: self.image_share(),
            asset_bytes: self.asset_bytes,
            assets,
        });
        self.records.flush(true);
        if let Some(message) = self.records.failure() {
            self.not_written(message);
        }
        if self.outputs.has_failed {
            self.exit = Some(1);
        }
    }
}
