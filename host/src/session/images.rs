//! Images of the state that a person saves, written on threads of their own. This module knows no keys
//! and no command line.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use vblank_runtime::files::{self, Access};
use vblank_runtime::image::Image;
use vblank_runtime::thread;

use super::Session;
use crate::report::ReportEvent;

/// The action that follows when an image is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterSave {
    /// Nothing more: the game continues.
    GoOn,
    /// A fresh game starts. The old one stands still until then, so that no update is lost.
    StartFresh,
}

/// The images that are being written.
pub(super) struct Images {
    tell: Sender<SavedImage>,
    written: Receiver<SavedImage>,
    /// True while a fresh game waits for its image.
    is_awaited: bool,
}

struct SavedImage {
    frame: u64,
    after: AfterSave,
    /// The file, or the reason why there is none.
    file: Result<PathBuf, String>,
}

impl Default for Images {
    fn default() -> Self {
        let (tell, written) = channel();
        Self {
            tell,
            written,
            is_awaited: false,
        }
    }
}

impl Images {
    /// Returns true while the game must stand still.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited
    }
}

impl Session {
    /// Takes an image of the present state and has it written.
    pub(super) fn keep_state(&mut self, after: AfterSave) {
        if self.images.is_awaited {
            return;
        }
        if let Err(message) = self.start_to_write(after) {
            self.cannot_keep(after, &message);
        }
    }

    fn start_to_write(&mut self, after: AfterSave) -> Result<(), String> {
        let game = self.slot.game.as_mut().ok_or("no version runs yet")?;
        let image = game.image().map_err(|trap| trap.to_string())?;
        let folder = self.options.images.clone();
        let folder = folder.ok_or("there is no folder for images")?;
        let tell = self.images.tell.clone();
        let write = move || {
            let frame = image.frame;
            let file = write(&image, &folder);
            // Sending fails only if the session has ended.
            let _ = tell.send(SavedImage { frame, after, file });
        };
        thread::start("image", write).map_err(|error| format!("no thread to write it: {error}"))?;
        self.images.is_awaited = after == AfterSave::StartFresh;
        Ok(())
    }

    /// Handles finished writes and the actions that follow them.
    pub(super) fn hear_images(&mut self) {
        while let Ok(SavedImage { frame, after, file }) = self.images.written.try_recv() {
            if after == AfterSave::StartFresh {
                self.images.is_awaited = false;
            }
            match (file, after) {
                (Ok(file), AfterSave::GoOn) => {
                    self.report(ReportEvent::Image { file, saved: frame });
                }
                (Ok(file), AfterSave::StartFresh) => self.start_fresh(file),
                (Err(message), after) => self.cannot_keep(after, &message),
            }
        }
    }

    fn cannot_keep(&mut self, after: AfterSave, message: &str) {
        let what = match after {
            AfterSave::GoOn => "no image",
            AfterSave::StartFresh => {
                "the game was not reset, since the present state cannot be saved"
            }
        };
        self.notice(format!("{what}: {message}"));
    }
}

/// Writes an image to a file whose name is free.
fn write(image: &Image, folder: &Path) -> Result<PathBuf, String> {
    files::create_folder(folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    let named = |number| match number {
        1 => folder.join(format!("frame-{}.vbs", image.frame)),
        number => folder.join(format!("frame-{}-{number}.vbs", image.frame)),
    };
    let file = (1_u32..).map(named).find(|file| !file.exists());
    let file = file.ok_or("no name is free")?;
    vblank_state::check(&image.schema, &image.parcel.as_ref())
        .map_err(|error| format!("the guest lent a malformed state: {error}"))?;
    image
        .write(&file, Access::Private)
        .map_err(|error| error.to_string())?;
    Ok(file)
}
