//! The reaper: a thread that drops old versions and archives the states that they had when they were
//! replaced. Knows no supervisor.
//!
//! Unmapping a guest's memory takes milliseconds, and so does copying a large state. Neither should delay
//! the game. A replaced version has lent its state at the swap and is not called again, so its state can
//! still be read here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use vblank_state::Parked;

use super::archive::{ArchivedStates, STATES};
use super::candidate::Version;
use crate::guest::CodeHash;
use crate::image::Image;
use crate::thread;

/// A handle of the thread, which ends when all handles are gone.
#[derive(Clone)]
pub struct Reaper {
    jobs: Sender<Job>,
    /// Number of replaced versions that the thread has not handled yet.
    waiting: Arc<AtomicUsize>,
}

/// A handle to the archived states.
#[derive(Clone)]
pub struct StateArchive(Sender<Job>);

enum Job {
    Drop(Box<dyn Send>),
    /// A replaced version that lent its state at the swap, and the number of its next update at that time.
    Replaced(Box<(Version, Parked)>, u64),
    /// State of a replaced version, as an image.
    Keep(CodeHash, Arc<Image>),
    Find(CodeHash, Sender<Arc<Image>>),
}

impl Reaper {
    /// Starts a thread that archives the states of the last eight swaps, up to 256 MiB.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub fn with_archive() -> std::io::Result<Self> {
        Self::keeping(STATES)
    }

    /// Starts a thread that only drops. It may serve any number of guests.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub fn without_archive() -> std::io::Result<Self> {
        Self::keeping(0)
    }

    fn keeping(most: usize) -> std::io::Result<Self> {
        let (sender, jobs) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let still_waiting = Arc::clone(&waiting);
        thread::start("reaper", move || {
            let mut states = ArchivedStates::new(most);
            for job in jobs {
                work(job, &mut states, &still_waiting);
            }
        })?;
        Ok(Self {
            jobs: sender,
            waiting,
        })
    }

    /// Drops a value on the thread.
    pub(super) fn discard(&self, what: impl Send + 'static) {
        self.send(Job::Drop(Box::new(what)));
    }

    /// Archives the state that a replaced version has lent, and drops the version. `frame` is the number of
    /// the update that the version did not make.
    pub(super) fn archive_and_drop(&self, version: Box<(Version, Parked)>, frame: u64) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.send(Job::Replaced(version, frame));
    }

    /// Archives an image as the state that a version had when it was replaced.
    pub(super) fn archive(&self, version: CodeHash, image: Arc<Image>) {
        self.send(Job::Keep(version, image));
    }

    pub(super) fn state_archive(&self) -> StateArchive {
        StateArchive(self.jobs.clone())
    }

    fn send(&self, job: Job) {
        // Without a thread, the job is dropped here.
        let _ = self.jobs.send(job);
    }
}

impl StateArchive {
    /// Returns the state that a version had when it was last replaced, if it is still kept. Waits for
    /// states that are being copied.
    #[must_use]
    pub fn state_of(&self, version: CodeHash) -> Option<Arc<Image>> {
        let (reply, state) = channel();
        self.0.send(Job::Find(version, reply)).ok()?;
        state.recv().ok()
    }
}

fn work(job: Job, states: &mut ArchivedStates, waiting: &AtomicUsize) {
    match job {
        Job::Drop(what) => drop(what),
        Job::Replaced(replaced, frame) => {
            // Later versions would push its state out of the archive, so it is dropped at once: many swaps
            // in a row must not pile up memories.
            if waiting.fetch_sub(1, Ordering::Relaxed) > states.most() || states.most() == 0 {
                return;
            }
            let (version, parked) = *replaced;
            let lent = version.instance.parcel();
            let mut parcel = states.evict(lent.bytes());
            lent.clone_into(&mut parcel);
            let image = Image {
                code: version.hash().to_string(),
                frame,
                schema: Arc::clone(&version.schema),
                parcel,
                parked,
            };
            states.keep(version.hash(), Arc::new(image));
        }
        Job::Keep(version, image) => states.keep(version, image),
        Job::Find(version, reply) => {
            if let Some(image) = states.find(version) {
                // An error means that the asking thread is gone.
                let _ = reply.send(image);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::archive::tests::image;
    use super::*;

    #[test]
    fn the_last_states_are_kept() {
        let reaper = Reaper::with_archive().unwrap();
        let archive = reaper.state_archive();
        let hash = |number: u64| CodeHash::of(&number.to_le_bytes());
        (0..10).for_each(|number| reaper.archive(hash(number), image(number, 8)));
        reaper.archive(hash(5), image(50, 8));
        let frames: Vec<_> = (0..10)
            .map(|number| archive.state_of(hash(number)).map(|image| image.frame))
            .collect();
        // Eight states are kept. Two of them belong to version 5, and the newer one counts.
        let kept = [3, 4, 50, 6, 7, 8, 9].map(Some);
        assert_eq!(frames, [[None; 3].as_slice(), &kept].concat());
    }
}
