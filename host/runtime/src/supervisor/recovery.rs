//! Recovery: the base that a failed version goes back to, and the journal of everything since.
//!
//! For the first frames after a swap the base is the old version itself, kept as it was at the swap
//! (*probation*). After that it is an image of the state, taken anew at intervals. Where a swap moved
//! pages out of the old version, the image before the swap stays the base, and the old code replays its
//! steps.

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
/// Images may take one part in so many of the time.
pub const COST_SHARE: u32 = 50;

/// The point that a failed version goes back to. After a swap it is `Previous` or `Moved`; at the end of
/// probation it becomes `Image`.
pub(super) enum Base {
    /// The version before the swap, as it stood then, with its parked values.
    Previous(Box<(Version, Parked)>),
    /// The state some updates ago.
    Image(Arc<Image>),
    /// The state some updates ago, and the versions whose pages were moved out since.
    Moved {
        /// The state. Its type is that of all the versions.
        image: Arc<Image>,
        /// The versions, oldest first, each with the length of the journal when its pages were moved out.
        /// Only their code is of use.
        emptied: Vec<(Version, usize)>,
    },
}

/// The way back that a base offers when the running version fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WayBack {
    /// The previous version is there, with its state.
    Previous,
    /// The previous version's code replays the journal from an image.
    Replay,
    /// There is no previous version.
    None,
}

impl Base {
    /// The way back from the running version.
    pub(super) fn way_back(&self) -> WayBack {
        match self {
            Self::Previous(_) => WayBack::Previous,
            Self::Moved { .. } => WayBack::Replay,
            Self::Image(_) => WayBack::None,
        }
    }

    /// The image, where the base has one.
    pub(super) fn image(&self) -> Option<&Arc<Image>> {
        match self {
            Self::Image(image) | Self::Moved { image, .. } => Some(image),
            Self::Previous(_) => None,
        }
    }

    /// The previous version with its parked values, where it still has its state.
    pub(super) fn previous(&self) -> Option<&(Version, Parked)> {
        match self {
            Self::Previous(previous) => Some(previous),
            Self::Image(_) | Self::Moved { .. } => None,
        }
    }

    /// The previous version with its parked values, to call it.
    pub(super) fn previous_mut(&mut self) -> Option<&mut (Version, Parked)> {
        match self {
            Self::Previous(previous) => Some(previous),
            Self::Image(_) | Self::Moved { .. } => None,
        }
    }

    /// The state that the running version replaced, if that was a version of this hash. Copies it.
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

    /// Versions whose pages were moved out, oldest first.
    fn emptied(&self) -> &[(Version, usize)] {
        match self {
            Self::Moved { emptied, .. } => emptied,
            Self::Previous(_) | Self::Image(_) => &[],
        }
    }

    /// Length of the journal at the last swap.
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
    /// When the base has no image, which is never so when pages are moved.
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

/// A replay that ended too early.
pub(super) struct ReplayFailure {
    /// Number of entries that were replayed.
    pub(super) made: usize,
    /// The failure of the next one.
    pub(super) why: SwapError,
}

impl ReplayFailure {
    /// The guest's trap.
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
    /// Entries since the base.
    pub(super) journal: Journal<E>,
    /// Interval of images.
    image_every: Duration,
    next_image: Instant,
    /// The memory of an image that is no longer needed.
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

    /// Memory for the next image, warm where there is some.
    pub(super) fn take_spare(&mut self) -> Parcel {
        self.spare.take().unwrap_or_default()
    }

    /// Makes this the base and empties the journal. Returns the base before. `cost` is the time that the
    /// new base took.
    pub(super) fn rebase(&mut self, base: Base, cost: Duration) -> Base {
        self.journal.clear();
        self.next_image = Instant::now() + self.image_every.max(cost * COST_SHARE);
        std::mem::replace(&mut self.base, base)
    }

    /// Keeps the memory of an image that nobody else has. Returns a base that has something else.
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

    /// Notes that pages have been moved out of this version. The image stays what it was.
    ///
    /// # Panics
    /// When the base has no image, which is never so when pages are moved.
    pub(super) fn moved_out(&mut self, version: Version) {
        let length = self.entries().len();
        self.base.add_emptied(version, length);
    }

    /// Replays the journal from the image: each emptied version up to where its pages were moved out, and
    /// the last one, in a fresh instance, up to the end. `last` is a version after the emptied ones;
    /// without it, the last emptied one replays the rest.
    ///
    /// # Errors
    /// With the first entry that a version fails on.
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

    /// The journal's entries since the base.
    pub(super) fn entries(&self) -> &[E] {
        self.journal.entries()
    }

    /// Number of updates that are left of probation; `None` after it.
    pub(super) fn probation_left(&self) -> Option<usize> {
        if self.base.way_back() == WayBack::None {
            return None;
        }
        let made = self.journal.told() - self.base.swapped_at();
        Some(PROBATION.saturating_sub(made))
    }

    /// Returns whether an image is due: at the end of probation, and after it at intervals.
    pub(super) fn is_image_due(&self) -> bool {
        match self.probation_left() {
            Some(left) => left == 0,
            None => Instant::now() >= self.next_image,
        }
    }
}

/// Gives a fresh instance of a version the state of the instance before it, or of the image where there
/// is none.
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
