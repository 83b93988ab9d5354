//! What it takes to go on after a version failed: a base to go back to, and the steps since.
//!
//! For the first frames after a swap the base is the old version itself, kept as it was at the swap
//! (*probation*). After that it is an image of the state, taken anew at intervals.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::Parked;

use super::candidate::Version;
use crate::guest::Step;
use crate::image::Image;

/// How many updates a new version is watched for: a second of most games.
pub const PROBATION: usize = 60;
/// How often to take an image, if that takes less than 2% of the time.
const IMAGE_EVERY: Duration = Duration::from_secs(1);
const COST_SHARE: u32 = 50;

/// Where to go back to.
pub(super) enum Base {
    /// The version before the swap, standing where it stood then.
    Previous(Box<(Version, Parked)>),
    /// The state some frames ago.
    Image(Arc<Image>),
}

/// A base and the steps since.
pub(super) struct Recovery {
    pub(super) base: Base,
    /// Buffers; the first `used` are the steps since the base.
    steps: Vec<Step>,
    used: usize,
    next_image: Instant,
}

impl Recovery {
    pub(super) fn new(image: Arc<Image>) -> Self {
        Self {
            base: Base::Image(image),
            steps: Vec::new(),
            used: 0,
            next_image: Instant::now() + IMAGE_EVERY,
        }
    }

    /// Go back to this from now on. Gives what is no longer needed.
    pub(super) fn rebase(&mut self, base: Base, cost: Duration) -> Base {
        self.used = 0;
        self.next_image = Instant::now() + IMAGE_EVERY.max(cost * COST_SHARE);
        std::mem::replace(&mut self.base, base)
    }

    /// A step that was made. Allocates nothing once as many were made between two images before.
    pub(super) fn note(&mut self, step: &Step) {
        match self.steps.get_mut(self.used) {
            Some(buffer) => buffer.clone_from(step),
            None => self.steps.push(step.clone()),
        }
        self.used += 1;
    }

    /// The steps since the base.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps[..self.used]
    }

    /// Keep only the first steps.
    pub(super) fn truncate(&mut self, count: usize) {
        self.used = self.used.min(count);
    }

    /// Whether an image is due: at the end of probation, and at intervals.
    pub(super) fn is_image_due(&self) -> bool {
        match self.base {
            Base::Previous(_) => self.used >= PROBATION,
            Base::Image(_) => Instant::now() >= self.next_image,
        }
    }
}
