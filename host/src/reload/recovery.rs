//! What it takes to go on after a version failed: a base to go back to, and the steps since.
//!
//! For the first frames after a swap the base is the old version itself, kept as it was at the swap
//! (*probation*). After that it is an image of the state, taken anew at intervals. Where a swap moved the
//! state out of the old version, the image before stays the base, and old code makes its steps again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::{Parcel, Parked};

use super::candidate::Version;
use super::journal::{Entry, Journal};
use super::swap::{Origin, carry};
use crate::error::{GuestError, Refused, Trap};
use crate::guest::Engine;
use crate::image::Image;

/// How many updates a new version is watched for: a second of most games.
pub const PROBATION: usize = 60;
/// How often to take an image, if that costs little enough.
pub(super) const IMAGE_EVERY: Duration = Duration::from_secs(1);
/// Images may take one part in so many of the time.
pub const COST_SHARE: u32 = 50;

/// Where to go back to.
pub(super) enum Base {
    /// The version before the swap, standing where it stood then.
    Previous(Box<(Version, Parked)>),
    /// The state some frames ago.
    Image(Arc<Image>),
    /// The state some frames ago, and the versions whose pages were moved out of them since, each with
    /// how many of the steps had been made then. Only their code is of use.
    Moved {
        /// Of the type of all of them.
        image: Arc<Image>,
        /// Oldest first.
        line: Vec<(Version, usize)>,
    },
}

/// A replay came to an end too early.
pub(super) struct Stuck {
    /// After so many steps.
    pub(super) made: usize,
    /// Why.
    pub(super) why: Refused,
}

/// A base and the steps since.
pub(super) struct Recovery {
    pub(super) base: Base,
    /// The steps since the base.
    pub(super) journal: Journal,
    /// How often to take an image.
    every: Duration,
    next_image: Instant,
    /// The memory of an image that is no longer needed.
    spare: Option<Parcel>,
}

impl Base {
    /// The versions in it are not going to draw again.
    pub(super) fn release_assets(&self) {
        match self {
            Self::Previous(previous) => previous.0.instance.release_assets(),
            Self::Moved { line, .. } => {
                let versions = line.iter().map(|(version, _)| version);
                versions.for_each(|version| version.instance.release_assets());
            }
            Self::Image(_) => {}
        }
    }
}

impl Stuck {
    /// What the guest did.
    pub(super) fn into_trap(self) -> Trap {
        match self.why {
            Refused::Guest(GuestError::Trap(trap)) => trap,
            other => Trap::new("migrate", other.to_string()),
        }
    }
}

impl Recovery {
    pub(super) fn new(image: Arc<Image>, every: Duration) -> Self {
        Self {
            base: Base::Image(image),
            journal: Journal::default(),
            every,
            next_image: Instant::now() + every,
            spare: None,
        }
    }

    /// Memory for the next image, warm where there is some.
    pub(super) fn take_spare(&mut self) -> Parcel {
        self.spare.take().unwrap_or_default()
    }

    /// Go back to this from now on. Gives what is no longer needed.
    pub(super) fn rebase(&mut self, base: Base, cost: Duration) -> Base {
        self.journal.clear();
        self.next_image = Instant::now() + self.every.max(cost * COST_SHARE);
        std::mem::replace(&mut self.base, base)
    }

    /// Keep the memory of an image that nobody else has. Gives back what is left.
    pub(super) fn recycle(&mut self, base: Base) -> Option<Base> {
        match base {
            Base::Image(image) => match Arc::try_unwrap(image) {
                Ok(image) => {
                    self.spare = Some(image.parcel);
                    None
                }
                Err(shared) => Some(Base::Image(shared)),
            },
            other => Some(other),
        }
    }

    /// The pages of this version have been moved out of it. The base stays what it was.
    ///
    /// # Panics
    /// When the base is the version before, which is never so when pages are moved.
    pub(super) fn moved_out(&mut self, version: Version) {
        let made = self.steps().len();
        match &mut self.base {
            Base::Moved { line, .. } => line.push((version, made)),
            Base::Image(image) => {
                let image = Arc::clone(image);
                let line = vec![(version, made)];
                self.base = Base::Moved { image, line };
            }
            Base::Previous(_) => unreachable!("pages are moved only where there is an image"),
        }
    }

    /// The image of the base, where there is one.
    pub(super) fn image(&self) -> Option<&Arc<Image>> {
        match &self.base {
            Base::Image(image) | Base::Moved { image, .. } => Some(image),
            Base::Previous(_) => None,
        }
    }

    /// Run the steps since the image once more: the versions of the line, each up to where its pages were
    /// moved out, and the last one, in a fresh instance of its own, up to the end. `last` is a version
    /// after the line; without it, the last of the line makes all further steps.
    ///
    /// # Panics
    /// When the base is no image, or there is no version at all.
    pub(super) fn replay(&self, engine: &Engine, last: Option<&Version>) -> Result<Version, Stuck> {
        let (image, line) = match &self.base {
            Base::Image(image) => (image, &[][..]),
            Base::Moved { image, line } => (image, &line[..]),
            Base::Previous(_) => unreachable!("a replay begins at an image"),
        };
        let mut spans: Vec<(&Version, usize)> = line.iter().map(|(v, made)| (v, *made)).collect();
        spans.extend(last.map(|version| (version, self.steps().len())));
        if let Some(last) = spans.last_mut() {
            last.1 = self.steps().len();
        }
        let mut made = 0;
        let mut current: Option<Version> = None;
        for (version, until) in spans {
            let mut take_over = || -> Result<Version, Refused> {
                let mut fresh = version.again(engine)?;
                let Some(mut before) = current.take() else {
                    carry(&Origin::of(image), &mut fresh, false)?;
                    return Ok(fresh);
                };
                before.instance.save().map_err(GuestError::from)?;
                let origin = Origin {
                    schema: &before.schema,
                    parcel: before.instance.parcel(),
                    parked: &image.parked,
                };
                carry(&origin, &mut fresh, false)?;
                let frame = image.frame + made as u64;
                let resumed = fresh.instance.resume(frame, true);
                resumed.map_err(GuestError::from)?;
                Ok(fresh)
            };
            let mut fresh = take_over().map_err(|why| Stuck { made, why })?;
            for step in &self.steps()[made..until] {
                let done = step.relive(&mut fresh.instance).map_err(GuestError::from);
                done.map_err(|why| Stuck {
                    made,
                    why: why.into(),
                })?;
                made += 1;
            }
            current = Some(fresh);
        }
        Ok(current.expect("a replay has a version"))
    }

    /// The steps since the base.
    pub(super) fn steps(&self) -> &[Entry] {
        self.journal.entries()
    }

    /// Whether an image is due: at the end of probation, and at intervals.
    pub(super) fn is_image_due(&self) -> bool {
        match &self.base {
            Base::Previous(_) => self.journal.told() >= PROBATION,
            Base::Image(_) => Instant::now() >= self.next_image,
            Base::Moved { line, .. } => {
                let swapped_at = line.last().map_or(0, |(_, made)| *made);
                self.journal.told() - swapped_at >= PROBATION
            }
        }
    }
}
