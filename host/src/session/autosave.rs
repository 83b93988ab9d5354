//! The autosaved image: what `host run --resume` goes on from after the host has died.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use vblank_runtime::files::{self, Access};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::{COST_SHARE, Checkpoint};

use crate::config::AutosaveOptions;

/// Writes images on a thread of its own: compressing and syncing a large state takes longer than a
/// frame. While one is being written, no other is wanted.
pub(super) struct Autosave {
    images: Option<SyncSender<Checkpoint>>,
    written: Receiver<SavedImage>,
    thread: Option<JoinHandle<()>>,
    every: Duration,
    due: Instant,
    is_writing: bool,
}

/// One image, on disk or not.
pub(super) struct SavedImage {
    /// The number of the next update.
    pub(super) frame: u64,
    /// What it took to have it, while the game stood still.
    pub(super) take: Duration,
    /// What it took to write it.
    pub(super) write: Duration,
    /// Why it is not on disk; the image before is still whole.
    pub(super) error: Option<String>,
}

impl Autosave {
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn start(options: AutosaveOptions) -> std::io::Result<Self> {
        let (images, to_write) = sync_channel(1);
        let (tell, written) = channel();
        let thread = std::thread::Builder::new()
            .name("autosave".to_owned())
            .spawn(move || write_all(&options.path, &to_write, &tell))?;
        Ok(Self {
            images: Some(images),
            written,
            thread: Some(thread),
            every: options.every,
            due: Instant::now() + options.every,
            is_writing: false,
        })
    }

    /// Whether it is time for another image.
    pub(super) fn is_due(&self) -> bool {
        !self.is_writing && Instant::now() >= self.due
    }

    /// Here is a newer image. Never waits.
    pub(super) fn offer(&mut self, kept: Checkpoint) {
        if !self.is_due() {
            return;
        }
        self.due = Instant::now() + self.every.max(kept.took * COST_SHARE);
        // Were the thread gone, nothing would ever be due again.
        self.is_writing = true;
        if let Some(images) = &self.images {
            let _ = images.try_send(kept);
        }
    }

    /// What became of the next image, once that is known.
    pub(super) fn written(&mut self) -> Option<SavedImage> {
        let written = self.written.try_recv().ok()?;
        self.is_writing = false;
        Some(written)
    }

    /// The last image; waits until it is written.
    pub(super) fn finish(&mut self, image: Image) {
        if let Some(images) = self.images.take() {
            let (image, took) = (Arc::new(image), Duration::ZERO);
            // The thread ends only when the sender is gone.
            let _ = images.send(Checkpoint { image, took });
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(path: &Path, images: &Receiver<Checkpoint>, tell: &Sender<SavedImage>) {
    let previous = path.with_extension("previous.vbs");
    files::remove_unfinished(path);
    files::remove_unfinished(&previous);
    let mut is_first = true;
    for Checkpoint { image, took } in images {
        let begun = Instant::now();
        // A run that was killed and started anew without --resume is not lost by that. By now the
        // image that this run began with has been read.
        if std::mem::take(&mut is_first)
            && path.is_file()
            && let Err(error) = files::copy_whole(path, &previous, Access::Private)
        {
            tracing::warn!("autosave: the image of the run before is not kept: {error}");
        }
        // A full disk must not stop the game, and what could not be read again is not written over
        // what can.
        let parcel = image.parcel.as_ref();
        let done = vblank_state::check(&image.schema, &parcel)
            .map_err(|error| format!("the guest lent what is no state of its type: {error}"))
            .and_then(|()| {
                image
                    .write(path, Access::Private)
                    .map_err(|error| error.to_string())
            });
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
