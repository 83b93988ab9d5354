//! Recovery: the base from which a failed version is recovered, and the journal since. Knows no supervisor.
//!
//! In the first frames after a swap (*probation*) the base is the old version itself, with its state at the
//! swap. After that it is an image of the state, taken again at intervals. If a swap moved pages out of the
//! old version, the image before the swap stays the base, and the old code replays its steps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::{Parcel, Parked};

use super::candidate::Version;
use super::journal::{Journal, JournalEntry, replay};
use super::swap::{Origin, transfer};
use crate::error::{GuestError, SwapError, Trap};
use crate::guest::{CodeHash, Engine};
use crate::image::Image;

/// Length of probation in updates: a second of most games.
pub const PROBATION: usize = 60;
/// Divisor of the time that images may take.
pub const COST_SHARE: u32 = 50;

/// The point from which a failed version is recovered. After a swap it is `Previous` or `Moved`. At the end
/// of probation it becomes `Image`.
pub(super) enum Base {
    /// The previous version with its state at the swap, and the parked values.
    Previous(Box<(Version, Parked)>),
    /// An image of an earlier state.
    Image(Arc<Image>),
    /// An image of an earlier state, and the versions whose pages were moved out since.
    Moved {
        /// The state. Its type is that of all the versions.
        image: Arc<Image>,
        /// The versions, oldest first, each with the length of the journal when its pages were moved out.
        /// Only their code can be used.
        emptied: Vec<(Version, usize)>,
    },
}

/// The way back that a base offers if the running version fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WayBack {
    /// The previous version still has its state.
    Previous,
    /// The previous version's code replays the journal from an image.
    Replay,
    /// There is no previous version.
    None,
}

impl Base {
    /// Returns the way back from the running version.
    pub(super) fn way_back(&self) -> WayBack {
        match self {
            Self::Previous(_) => WayBack::Previous,
            Self::Moved { .. } => WayBack::Replay,
            Self::Image(_) => WayBack::None,
        }
    }

    /// Returns the image, if the base has one.
    pub(super) fn image(&self) -> Option<&Arc<Image>> {
        match self {
            Self::Image(image) | Self::Moved { image, .. } => Some(image),
            Self::Previous(_) => None,
        }
    }

    /// Returns the previous version and its parked values, if it still has its state.
    pub(super) fn previous(&self) -> Option<&(Version, Parked)> {
        match self {
            Self::Previous(previous) => Some(previous),
            Self::Image(_) | Self::Moved { .. } => None,
        }
    }

    /// Returns the previous version and its parked values, to call it.
    pub(super) fn previous_mut(&mut self) -> Option<&mut (Version, Parked)> {
        match self {
            Self::Previous(previous) => Some(previous),
            Self::Image(_) | Self::Moved { .. } => None,
        }
    }

    /// Copies the state that the running version replaced, if it replaced a version of this hash.
    pub(super) fn state_of(&self, version: CodeHash, frame: u64) -> Option<Image> {
        let (previous, parked) = self.previous()?;
        (previous.hash() == version).then(|| Image {
            code: version.to_string(),
            frame,
            schema: Arc::clone(&previous.schema),
            parcel: previous.instance.parcel().to_owned(),
            parked: parked.clone(),
        })
    }

    /// Returns the versions whose pages were moved out, oldest first.
    fn emptied(&self) -> &[(Version, usize)] {
        match self {
            Self::Moved { emptied, .. } => emptied,
            Self::Previous(_) | Self::Image(_) => &[],
        }
    }

    /// Returns the length of the journal at the last swap.
    fn swapped_at(&self) -> usize {
        self.emptied().last().map_or(0, |(_, length)| *length)
    }

    /// Tells the world that the versions of this base will not be shown again.
    pub(super) fn retire(&self) {
        if let Some((previous, _)) = self.previous() {
            previous.instance.retire();
        }
        for (version, _) in self.emptied() {
            version.instance.retire();
        }
    }

    /// Adds a version whose pages have just been moved out.
    ///
    /// # Panics
    /// When the base has no image. Pages are moved only if it has one.
    fn add_emptied(&mut self, version: Version, length: usize) {
        match self {
            Self::Moved { emptied, .. } => emptied.push((version, length)),
            Self::Image(image) => {
                *self = Self::Moved {
                    image: Arc::clone(image),
                    emptied: vec![(version, length)],
                };
            }
            Self::Previous(_) => unreachable!("pages are moved only where there is an image"),
        }
    }
}

/// A replay that ended before the last entry.
pub(super) struct ReplayFailure {
    /// Number of entries that were replayed.
    pub(super) made: usize,
    /// Failure of the next entry.
    pub(super) why: SwapError,
}

impl ReplayFailure {
    /// Returns the guest's trap.
    pub(super) fn into_trap(self) -> Trap {
        match self.why {
            SwapError::Guest(GuestError::Trap(trap)) => trap,
            other => Trap::new("migrate", other.to_string()),
        }
    }
}

/// A base and the journal since.
pub(super) struct Recovery<E> {
    pub(super) base: Base,
    /// Calls since the base.
    pub(super) journal: Journal<E>,
    /// Interval of images.
    image_every: Duration,
    next_image: Instant,
    /// Memory of an image that is no longer needed.
    spare: Option<Parcel>,
}

impl<E: JournalEntry> Recovery<E> {
    pub(super) fn new(image: Arc<Image>, image_every: Duration) -> Self {
        Self {
            base: Base::Image(image),
            journal: Journal::default(),
            image_every,
            next_image: Instant::now() + image_every,
            spare: None,
        }
    }

    /// Returns memory for the next image. Reused memory is warm.
    pub(super) fn take_spare(&mut self) -> Parcel {
        self.spare.take().unwrap_or_default()
    }

    /// Sets the base and empties the journal. Returns the old base. `cost` is the time that taking the new
    /// base took.
    pub(super) fn rebase(&mut self, base: Base, cost: Duration) -> Base {
        self.journal.clear();
        self.next_image = Instant::now() + self.image_every.max(cost * COST_SHARE);
        std::mem::replace(&mut self.base, base)
    }

    /// Keeps the memory of an image that is used nowhere else. Returns any other base.
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

    /// Notes that pages have been moved out of this version. The image does not change.
    ///
    /// # Panics
    /// When the base has no image. Pages are moved only if it has one.
    pub(super) fn moved_out(&mut self, version: Version) {
        let length = self.entries().len();
        self.base.add_emptied(version, length);
    }

    /// Replays the journal from the image. Each emptied version replays up to the point at which its pages
    /// were moved out, and the last version, in a fresh instance, up to the end. `last` is a version after
    /// the emptied ones. Without it, the last emptied version replays the rest.
    ///
    /// # Errors
    /// The first entry on which a version fails.
    ///
    /// # Panics
    /// When the base has no image, or there is no version at all.
    pub(super) fn replay(
        &self,
        engine: &Engine,
        last: Option<&Version>,
    ) -> Result<Version, ReplayFailure> {
        let image = self.base.image().expect("a replay begins at an image");
        let end = self.entries().len();
        let emptied = self.base.emptied().iter();
        let mut spans: Vec<(&Version, usize)> = emptied
            .map(|(version, length)| (version, *length))
            .collect();
        spans.extend(last.map(|version| (version, end)));
        if let Some(last) = spans.last_mut() {
            last.1 = end;
        }
        let mut made = 0;
        let mut current: Option<Version> = None;
        for (version, until) in spans {
            let frame = image.frame + made as u64;
            let fresh = take_over(engine, version, image, current.take(), frame);
            let mut fresh = fresh.map_err(|why| ReplayFailure { made, why })?;
            for entry in &self.entries()[made..until] {
                let done = replay(entry, &mut fresh.instance).map_err(GuestError::from);
                done.map_err(|why| ReplayFailure {
                    made,
                    why: why.into(),
                })?;
                made += 1;
            }
            current = Some(fresh);
        }
        Ok(current.expect("a replay has a version"))
    }

    /// Returns the recorded calls since the base.
    pub(super) fn entries(&self) -> &[E] {
        self.journal.entries()
    }

    /// Number of updates until the end of probation. `None` after it.
    pub(super) fn probation_left(&self) -> Option<usize> {
        if self.base.way_back() == WayBack::None {
            return None;
        }
        let made = self.journal.calls() - self.base.swapped_at();
        Some(PROBATION.saturating_sub(made))
    }

    /// True if an image is due: at the end of probation, and at intervals after it.
    pub(super) fn is_image_due(&self) -> bool {
        match self.probation_left() {
            Some(left) => left == 0,
            None => Instant::now() >= self.next_image,
        }
    }
}

/// Gives a fresh instance of a version the state of the previous instance, or that of the image if there is
/// none.
fn take_over(
    engine: &Engine,
    version: &Version,
    image: &Image,
    before: Option<Version>,
    frame: u64,
) -> Result<Version, SwapError> {
    let mut fresh = version.another_instance(engine)?;
    let Some(mut before) = before else {
        transfer(&Origin::of(image), &mut fresh, None, false)?;
        return Ok(fresh);
    };
    before.instance.save().map_err(GuestError::from)?;
    let origin = Origin {
        schema: &before.schema,
        parcel: before.instance.parcel(),
        parked: &image.parked,
    };
    transfer(&origin, &mut fresh, None, false)?;
    let resumed = fresh.instance.resume(frame, true);
    resumed.map_err(GuestError::from)?;
    Ok(fresh)
}
