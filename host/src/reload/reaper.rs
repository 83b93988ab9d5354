//! A thread that drops what is no longer needed, and keeps of versions that were replaced the state
//! that they had then.
//!
//! Unmapping a guest's memory takes milliseconds, and so does copying a large state out of it; nobody
//! waits for either. A version that was replaced lent its state at the swap and is not called again,
//! so its state can still be read here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use vblank_state::{Parcel, Parked};

use super::candidate::Version;
use crate::guest::CodeHash;
use crate::image::Image;

/// States of how many swaps are kept, and how many bytes at most.
const STATES: usize = 8;
const BYTES: usize = 256 << 20;

/// A handle of the thread. It ends when all handles are gone.
#[derive(Clone)]
pub struct Reaper {
    jobs: Sender<Job>,
    /// Versions that were replaced and have not been seen to yet.
    waiting: Arc<AtomicUsize>,
}

/// To ask for a state of then.
#[derive(Clone)]
pub struct Past(Sender<Job>);

enum Job {
    Drop(Box<dyn Send>),
    /// A version that was replaced in probation or after it: what it lent is its state of then.
    Replaced(Box<(Version, Parked)>, u64),
    /// The state of a version when it was replaced, where it is an image already.
    Keep(CodeHash, Arc<Image>),
    Find(CodeHash, Sender<Arc<Image>>),
}

impl Reaper {
    /// A thread that keeps the states of the last swaps.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(super) fn start() -> std::io::Result<Self> {
        Self::keeping(STATES)
    }

    /// A thread that only drops, for any number of guests.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn that_only_drops() -> std::io::Result<Self> {
        Self::keeping(0)
    }

    fn keeping(most: usize) -> std::io::Result<Self> {
        let (sender, jobs) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut states = States::new(most, Arc::clone(&waiting));
        std::thread::Builder::new()
            .name("reaper".to_owned())
            .spawn(move || {
                jobs.into_iter().for_each(|job| states.take(job));
            })?;
        Ok(Self {
            jobs: sender,
            waiting,
        })
    }

    /// Drop this.
    pub(super) fn take(&self, what: impl Send + 'static) {
        self.send(Job::Drop(Box::new(what)));
    }

    /// Keep the state that a replaced version has lent, and drop the version. `frame` is the number of
    /// the update that it did not come to.
    pub(super) fn take_replaced(&self, version: Box<(Version, Parked)>, frame: u64) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.send(Job::Replaced(version, frame));
    }

    /// Keep an image as the state that a version had when it was replaced.
    pub(super) fn keep(&self, version: CodeHash, image: Arc<Image>) {
        self.send(Job::Keep(version, image));
    }

    pub(super) fn past(&self) -> Past {
        Past(self.jobs.clone())
    }

    fn send(&self, job: Job) {
        // Were the thread gone, it would be dropped here.
        let _ = self.jobs.send(job);
    }
}

impl Past {
    /// The state that a version had when it was last replaced, if that is still kept. Waits for what
    /// is being copied.
    #[must_use]
    pub fn state_of(&self, version: CodeHash) -> Option<Arc<Image>> {
        let (tell, told) = channel();
        self.0.send(Job::Find(version, tell)).ok()?;
        told.recv().ok()
    }
}

struct States {
    /// The newest last.
    kept: VecDeque<(CodeHash, Arc<Image>)>,
    /// How many.
    most: usize,
    waiting: Arc<AtomicUsize>,
}

impl States {
    fn new(most: usize, waiting: Arc<AtomicUsize>) -> Self {
        Self {
            most,
            kept: VecDeque::new(),
            waiting,
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Drop(what) => drop(what),
            Job::Replaced(replaced, frame) => {
                // Those behind it would push it out: many swaps in a row must not pile up memories.
                if self.waiting.fetch_sub(1, Ordering::Relaxed) > self.most || self.most == 0 {
                    return;
                }
                let (version, parked) = *replaced;
                let lent = version.instance.parcel();
                let mut parcel = self.make_room(lent.bytes());
                lent.clone_into(&mut parcel);
                let image = Image {
                    code: version.hash().to_string(),
                    frame,
                    schema: Arc::clone(&version.schema),
                    parcel,
                    parked,
                };
                self.kept.push_back((version.hash(), Arc::new(image)));
            }
            Job::Keep(..) if self.most == 0 => {}
            Job::Keep(version, image) => {
                self.make_room(image.parcel.bytes());
                self.kept.push_back((version, image));
            }
            Job::Find(version, tell) => {
                let mut newest_first = self.kept.iter().rev();
                if let Some((_, image)) = newest_first.find(|(of, _)| *of == version) {
                    // Whoever asked may have gone.
                    let _ = tell.send(Arc::clone(image));
                }
            }
        }
    }

    /// Drop the oldest, until there is room for one of so many bytes. Gives memory to use again.
    fn make_room(&mut self, bytes: usize) -> Parcel {
        let mut spare = Parcel::default();
        let size = |(_, image): &(CodeHash, Arc<Image>)| image.parcel.bytes();
        while self.kept.len() >= self.most
            || self.kept.iter().map(size).sum::<usize>() + bytes > BYTES
        {
            let Some((_, oldest)) = self.kept.pop_front() else {
                break;
            };
            // Unless somebody goes on from it at this moment.
            if let Ok(oldest) = Arc::try_unwrap(oldest) {
                spare = oldest.parcel;
            }
        }
        spare
    }
}

#[cfg(test)]
mod tests {
    use vblank_state::Schema;

    use super::*;

    fn image(frame: u64, bytes: usize) -> Arc<Image> {
        let state = vec![7_u8; bytes];
        Arc::new(Image {
            code: String::new(),
            frame,
            schema: Arc::new(Schema::of::<Vec<u8>>()),
            parcel: vblank_state::save(&state).to_parcel(),
            parked: Parked::default(),
        })
    }

    #[test]
    fn the_last_states_are_kept() {
        let reaper = Reaper::start().unwrap();
        let past = reaper.past();
        let hash = |number: u64| CodeHash::of(&number.to_le_bytes());
        (0..10).for_each(|number| reaper.keep(hash(number), image(number, 8)));
        reaper.keep(hash(5), image(50, 8));
        let frames: Vec<_> = (0..10)
            .map(|number| past.state_of(hash(number)).map(|image| image.frame))
            .collect();
        // Eight in all, of which two are of number 5, and the newer one counts.
        let kept = [3, 4, 50, 6, 7, 8, 9].map(Some);
        assert_eq!(frames, [[None; 3].as_slice(), &kept].concat());
    }

    #[test]
    fn large_states_push_out_the_others() {
        let mut states = States::new(STATES, Arc::default());
        for (number, size) in [(0, 8), (1, 200 << 20), (2, 100 << 20)] {
            states.take(Job::Keep(CodeHash::of(b"a"), image(number, size)));
        }
        let kept: Vec<u64> = states.kept.iter().map(|(_, image)| image.frame).collect();
        assert_eq!(kept, [2]);
    }
}
