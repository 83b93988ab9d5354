//! The autosaved image, from which `host run --resume` continues after the host has died. It knows
//! images and files, and no session.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use vblank_runtime::files::{self, Access};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::{COST_SHARE, Checkpoint};
use vblank_runtime::thread;

use crate::config::AutosaveOptions;

/// Thread that writes autosaved images. Compressing and syncing a large state takes longer than a
/// frame. While one image is being written, no other is due.
pub(super) struct Autosave {
    images: Option<SyncSender<Checkpoint>>,
    written: Receiver<SavedImage>,
    thread: Option<JoinHandle<()>>,
    every: Duration,
    due: Instant,
    is_writing: bool,
}

/// Outcome of one write.
pub(super) struct SavedImage {
    /// The number of the next update.
    pub(super) frame: u64,
    /// Time for which the game stood still while the image was taken.
    pub(super) take: Duration,
    /// Duration of the write.
    pub(super) write: Duration,
    /// Reason why the image is not on disk. The previous image is still complete.
    pub(super) error: Option<String>,
}

impl Autosave {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(super) fn start(options: AutosaveOptions) -> std::io::Result<Self> {
        let (images, to_write) = sync_channel(1);
        let (tell, written) = channel();
        let AutosaveOptions { path, lock, every } = options;
        let thread = thread::start("autosave", move || {
            write_all(&path, &to_write, &tell);
            drop(lock);
        })?;
        Ok(Self {
            images: Some(images),
            written,
            thread: Some(thread),
            every,
            due: Instant::now() + every,
            is_writing: false,
        })
    }

    /// Returns true if another image is due.
    pub(super) fn is_due(&self) -> bool {
        !self.is_writing && Instant::now() >= self.due
    }

    /// Hands an image to the thread if one is due. Never waits.
    pub(super) fn offer(&mut self, kept: Checkpoint) {
        if !self.is_due() {
            return;
        }
        self.due = Instant::now() + self.every.max(kept.took * COST_SHARE);
        // If the thread has ended, this flag stays set and no image is due again.
        self.is_writing = true;
        if let Some(images) = &self.images {
            let _ = images.try_send(kept);
        }
    }

    /// Returns the outcome of the next write that has finished.
    pub(super) fn written(&mut self) -> Option<SavedImage> {
        let written = self.written.try_recv().ok()?;
        self.is_writing = false;
        Some(written)
    }

    /// Hands the last image to the thread, and waits until it is written.
    pub(super) fn finish(&mut self, image: Image) {
        if let Some(images) = self.images.take() {
            let (image, took) = (Arc::new(image), Duration::ZERO);
            // Sending fails only if the thread has panicked.
            let _ = images.send(Checkpoint { image, took });
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Copies the image of the run before, once: a run that was killed and restarted without `--resume` keeps it
/// this way. The image that this run resumed from has been read by now. A copy that fails is tried again
/// with the next image, and until then the old image is not replaced.
fn keep_previous(path: &Path, previous: &Path, attempts: &mut u32) -> Result<(), String> {
    const MOST_ATTEMPTS: u32 = 2;
    if *attempts >= MOST_ATTEMPTS || !path.is_file() {
        *attempts = MOST_ATTEMPTS;
        return Ok(());
    }
    *attempts += 1;
    let copied = files::copy_whole(path, previous, Access::Private);
    copied.map_err(|error| format!("the image of the run before cannot be kept: {error}"))?;
    *attempts = MOST_ATTEMPTS;
    Ok(())
}

/// Writes an image. One that fails validation never replaces a valid one.
fn write(image: &Image, path: &Path) -> Result<(), String> {
    vblank_state::check(&image.schema, &image.parcel.as_ref())
        .map_err(|error| format!("the guest lent what is no state of its type: {error}"))?;
    let written = image.write(path, Access::Private);
    written.map_err(|error| error.to_string())
}

fn write_all(path: &Path, images: &Receiver<Checkpoint>, tell: &Sender<SavedImage>) {
    let previous = path.with_extension("previous.vbs");
    files::remove_unfinished(path);
    files::remove_unfinished(&previous);
    let mut attempts = 0;
    for Checkpoint { image, took } in images {
        let begun = Instant::now();
        // A full disk must not stop the game.
        let done = keep_previous(path, &previous, &mut attempts).and_then(|()| write(&image, path));
        let written = SavedImage {
            frame: image.frame,
            take: took,
            write: begun.elapsed(),
            error: done.err(),
        };
        if tell.send(written).is_err() {
            return;
        }
    }
}
