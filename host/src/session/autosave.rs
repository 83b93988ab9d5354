//! The autosaved image: what `host run --resume` goes on from after the host has died.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::image::Image;

/// How often to write, at most.
const EVERY: Duration = Duration::from_secs(2);

/// Writes images on a thread of its own: compressing and syncing a large state takes longer than a
/// frame. While one is being written, others are passed over.
pub(super) struct Autosave {
    images: Option<SyncSender<Arc<Image>>>,
    thread: Option<JoinHandle<()>>,
    due: Instant,
}

impl Autosave {
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn start(path: PathBuf) -> std::io::Result<Self> {
        let (images, written) = sync_channel::<Arc<Image>>(1);
        let thread = std::thread::Builder::new()
            .name("autosave".to_owned())
            .spawn(move || {
                let mut is_first = true;
                for image in written {
                    // A run that was killed and started anew without --resume is not lost by that.
                    // By now the image that this run began with has been read.
                    if std::mem::take(&mut is_first)
                        && path.is_file()
                        && let Err(error) =
                            std::fs::copy(&path, path.with_extension("previous.vbs"))
                    {
                        tracing::warn!(
                            "autosave: the image of the run before is not kept: {error}"
                        );
                    }
                    // A full disk must not stop the game; the image before is still whole.
                    if let Err(error) = image.write(&path) {
                        tracing::warn!("autosave: {error}");
                    }
                }
            })?;
        Ok(Self {
            images: Some(images),
            thread: Some(thread),
            due: Instant::now(),
        })
    }

    /// Here is a newer image. Never waits.
    pub(super) fn offer(&mut self, image: &Arc<Image>) {
        let now = Instant::now();
        if now >= self.due
            && let Some(images) = &self.images
            && images.try_send(Arc::clone(image)).is_ok()
        {
            self.due = now + EVERY;
        }
    }

    /// The last image; waits until it is written.
    pub(super) fn finish(&mut self, image: Image) {
        if let Some(images) = self.images.take() {
            // The thread ends only when the sender is gone.
            let _ = images.send(Arc::new(image));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
