//! The supervisor of one guest. It runs a version, replaces it between two updates, and recovers from its
//! failures. Swaps are committed here.
//!
//! The supervisor knows no files, no clock of a game and no window. Its owner decides what happens and
//! when. Each method that can fail documents the state after a failure.

mod archive;
mod candidate;
mod failure;
mod journal;
mod reaper;
mod recovery;
mod restart;
mod swap;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::{Comparison, Parcel, Parked};

use crate::error::{GuestError, SwapError, Trap};
use crate::guest::{CallResult, CodeHash, Engine, Instance, Program, Store};
use crate::image::{Image, state_hash};

pub use candidate::{Candidate, ExpectedState, Stages, Version, prepare, prepare_file};
pub use journal::JournalEntry;
pub use reaper::{Reaper, StateArchive};
pub use recovery::{COST_SHARE, PROBATION};
pub use swap::{
    Origin, PAGES_MIN, Swap, SwapVerdict, TransferMode, transfer, transfer_without_pages,
};

use recovery::{Base, Recovery, WayBack};

/// A guest that runs, or stands still at its last good update. `E` is the type of recorded calls: a game's
/// steps, or an application's calls.
pub struct Supervisor<E> {
    version: Version,
    parked: Parked,
    /// Number of the next update.
    frame: u64,
    recovery: Recovery<E>,
    is_broken: bool,
    /// Sizes of the state at the last look, in bytes: in total, and of its movable pages.
    bytes: (usize, usize),
    reaper: Reaper,
}

/// The options that the owner of a supervisor sets.
#[derive(Clone)]
pub struct SupervisorOptions {
    /// Interval of images of the state. They are taken less often if they would cost more than 2% of the
    /// time.
    pub image_every: Duration,
    /// Thread that drops old versions.
    pub reaper: Reaper,
}

/// An image that was taken while the guest stood still.
pub struct Checkpoint {
    /// The state.
    pub image: Arc<Image>,
    /// Time for which the guest stood still.
    pub took: Duration,
}

/// A candidate that has taken over the state and waits to be published.
pub struct PreparedSwap {
    next: Version,
    swap: Swap,
    begun: Instant,
    /// State that replaced the present one, if it did.
    state: Option<Image>,
}

/// The outcome of a failure.
pub enum FailureOutcome {
    /// The version was in probation. Code and state are those before the swap, and all calls since were
    /// replayed on the older version.
    RolledBack {
        /// The code that failed.
        from: CodeHash,
    },
    /// The guest stands still at its last good update, until the next candidate.
    Broken(Trap),
}

impl<E: JournalEntry> Supervisor<E> {
    /// Starts a guest. `init` is called once, before its first image is taken.
    ///
    /// # Errors
    /// When the guest traps. There is no supervisor then.
    pub fn fresh(
        candidate: Candidate,
        options: SupervisorOptions,
        init: impl FnOnce(&mut Instance) -> Result<(), Trap>,
    ) -> Result<Self, SwapError> {
        let mut version = candidate.version;
        init(&mut version.instance).map_err(GuestError::from)?;
        Self::new(version, Parked::default(), 0, options)
    }

    /// Starts a guest from an image. Returns how the image's state crossed into this code, as for a swap.
    ///
    /// # Errors
    /// When the image does not fit this code, or the guest traps. There is no supervisor then.
    pub fn from_image(
        candidate: Candidate,
        options: SupervisorOptions,
        image: &Image,
        strict: bool,
    ) -> Result<(Self, Swap), SwapError> {
        let mut version = candidate.version;
        let swap = transfer(&Origin::of(image), &mut version, None, strict)?;
        let resumed = version.instance.resume(image.frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        let supervisor = Self::new(version, swap.parked.clone(), image.frame, options)?;
        Ok((supervisor, swap))
    }

    fn new(
        mut version: Version,
        parked: Parked,
        frame: u64,
        options: SupervisorOptions,
    ) -> Result<Self, SwapError> {
        let image = take_image(&mut version, &parked, frame, Parcel::default());
        let image = image.and_then(validated).map_err(GuestError::from)?;
        let bytes = (image.parcel.bytes(), version.instance.movable());
        Ok(Self {
            version,
            parked,
            frame,
            recovery: Recovery::new(Arc::new(image), options.image_every),
            is_broken: false,
            bytes,
            reaper: options.reaper,
        })
    }

    /// Hash of the running code.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        self.version.hash()
    }

    /// Number of the next update. Swaps and rollbacks of code alone do not change it.
    #[must_use]
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// True if the guest stands still after a failure.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The state that the next candidate will take over, as far as it is known now.
    #[must_use]
    pub fn expected_state(&self) -> ExpectedState {
        ExpectedState {
            bytes: self.bytes_to_copy() as u64,
            schema: Some(Arc::clone(&self.version.schema)),
        }
    }

    /// Size of the part of the state that a swap will copy, in bytes.
    #[must_use]
    pub fn bytes_to_copy(&self) -> usize {
        let (state, movable) = self.bytes;
        if movable >= PAGES_MIN && self.recovery.base.image().is_some() {
            state.saturating_sub(movable)
        } else {
            state
        }
    }

    /// The running instance, for drawing and inspection.
    pub fn instance(&mut self) -> &mut Instance {
        &mut self.version.instance
    }

    /// Makes a call and records it in the journal. If this version fails, the call is replayed on the
    /// version that takes over. Allocates nothing if the entry's buffers are large enough.
    ///
    /// # Errors
    /// When the guest traps. [`Supervisor::fail`] must then be called with the entry.
    pub fn update(&mut self, entry: &E) -> Result<(), Trap> {
        entry.apply(&mut self.version.instance)?;
        self.recovery.journal.record(entry);
        self.frame += 1;
        Ok(())
    }

    /// Calls an export of the guest's world. With an `entry` the call is recorded, and replayed on the
    /// version that takes over if this one fails. Without an `entry`, its effect on the state is kept only
    /// from the next image on.
    ///
    /// # Errors
    /// When the guest traps. [`Supervisor::fail`] must then be called.
    pub fn call<F: 'static, T>(
        &mut self,
        call: impl FnOnce(&mut F, &mut Store) -> CallResult<T>,
        entry: Option<&E>,
    ) -> Result<T, Trap> {
        let done = self.version.instance.call("call", call)?;
        match entry {
            Some(entry) => {
                self.recovery.journal.record(entry);
                self.frame += 1;
            }
            None => self.recovery.journal.note_unrecorded(),
        }
        Ok(done)
    }

    /// True if the guest has been called since the last image.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.recovery.journal.calls() > 0
    }

    /// Lets the guest run again after a break, from the point at which it stands still.
    pub fn go_on(&mut self) {
        self.is_broken = false;
    }

    /// Replaces the code: save, plan, migrate, verify, publish.
    ///
    /// # Errors
    /// The candidate is dropped and nothing has changed. Until publishing, which cannot fail, the old
    /// version is only read. An old version that cannot save stays in place, and its next update will show
    /// the failure. If its pages were already moved out, it is restored from the last image and the
    /// journal. If that fails too, the guest stands still at that image.
    pub fn swap(
        &mut self,
        engine: &Engine,
        candidate: Candidate,
        strict: bool,
    ) -> Result<Swap, SwapError> {
        self.replace(engine, candidate, None, strict)
    }

    /// Replaces code and state: the new version continues from `state` instead of the present state. The
    /// number of the next update stays.
    ///
    /// # Errors
    /// As for [`Supervisor::swap`].
    pub fn swap_with(
        &mut self,
        engine: &Engine,
        candidate: Candidate,
        state: &Image,
        strict: bool,
    ) -> Result<Swap, SwapError> {
        self.replace(engine, candidate, Some(state), strict)
    }

    fn replace(
        &mut self,
        engine: &Engine,
        candidate: Candidate,
        state: Option<&Image>,
        strict: bool,
    ) -> Result<Swap, SwapError> {
        let mut prepared = self.prepare_with(candidate, state, strict, true)?;
        if prepared.swap.mode == TransferMode::Pages {
            prepared.next = match self.move_pages_into(prepared.next) {
                Ok(next) => next,
                Err(refused) => {
                    self.restore(engine);
                    return Err(refused);
                }
            };
        }
        Ok(self.publish(prepared))
    }

    /// Transfers the present state to a candidate and leaves the old version in place.
    /// [`Supervisor::publish`] then replaces the old version. Until the guest's next call,
    /// [`Supervisor::abort`] may drop the candidate instead.
    ///
    /// # Errors
    /// As for [`Supervisor::swap`].
    pub fn prepare(
        &mut self,
        candidate: Candidate,
        strict: bool,
    ) -> Result<PreparedSwap, SwapError> {
        self.prepare_with(candidate, None, strict, false)
    }

    /// Does all steps of a swap that can fail, except moving pages.
    fn prepare_with(
        &mut self,
        candidate: Candidate,
        state: Option<&Image>,
        strict: bool,
        may_move: bool,
    ) -> Result<PreparedSwap, SwapError> {
        let begun = Instant::now();
        let Candidate {
            version: mut next,
            comparison,
            ..
        } = candidate;
        let transferred =
            self.transfer_into(&mut next, state, comparison.as_ref(), strict, may_move);
        match transferred {
            Ok(swap) => Ok(PreparedSwap {
                next,
                swap,
                begun,
                state: state.cloned(),
            }),
            Err(refused) => {
                self.drop_candidate(next);
                Err(refused)
            }
        }
    }

    /// Drops a candidate that has taken over the state. The old version keeps running.
    pub fn abort(&self, prepared: PreparedSwap) {
        self.drop_candidate(prepared.next);
    }

    /// Replaces the old version by a candidate that has taken over the state. Cannot fail.
    pub fn publish(&mut self, prepared: PreparedSwap) -> Swap {
        let PreparedSwap {
            next,
            mut swap,
            begun,
            state,
        } = prepared;
        let previous = std::mem::replace(&mut self.version, next);
        let parked = std::mem::replace(&mut self.parked, swap.parked.clone());
        swap.pause = begun.elapsed();
        self.bytes.0 = swap.state_bytes;
        if std::mem::replace(&mut self.is_broken, false) {
            // The old version is poisoned, so the image that the new one continues from stays the base.
            self.archive_image(previous.hash());
            self.reaper.discard(previous);
            if let Some(mut image) = state {
                image.frame = self.frame;
                self.rebase(Base::Image(Arc::new(image)));
            }
        } else if swap.mode == TransferMode::Pages {
            // The old version has lost its state, so the last image before the swap replaces it as the
            // base.
            self.archive_image(previous.hash());
            self.recovery.moved_out(previous);
        } else {
            self.rebase(Base::Previous(Box::new((previous, parked))));
        }
        swap
    }

    /// Archives the base's image as the state of the replaced version.
    fn archive_image(&self, version: CodeHash) {
        if let Some(image) = self.recovery.base.image() {
            self.reaper.archive(version, Arc::clone(image));
        }
    }

    /// Does the part of a swap that only reads the old version.
    fn transfer_into(
        &mut self,
        next: &mut Version,
        state: Option<&Image>,
        comparison: Option<&Comparison>,
        strict: bool,
        may_move: bool,
    ) -> Result<Swap, SwapError> {
        let swap = match (self.recovery.base.image(), state) {
            (_, Some(state)) => {
                if !self.is_broken {
                    // The present state becomes the rollback target.
                    self.version.instance.save().map_err(GuestError::from)?;
                }
                transfer(&Origin::of(state), next, comparison, strict)?
            }
            (Some(image), None) if self.is_broken => {
                transfer(&Origin::of(image), next, comparison, strict)?
            }
            (image, None) => {
                // Pages are moved only if there is an image to recover from.
                let may_move = may_move && image.is_some();
                self.version.instance.save().map_err(GuestError::from)?;
                self.bytes.1 = self.version.instance.movable();
                if may_move
                    && let Some(swap) = transfer_without_pages(&self.version, &self.parked, next)?
                {
                    return Ok(swap);
                }
                let origin = Origin {
                    schema: &self.version.schema,
                    parcel: self.version.instance.parcel(),
                    parked: &self.parked,
                };
                transfer(&origin, next, comparison, strict)?
            }
        };
        let resumed = next.instance.resume(self.frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        Ok(swap)
    }

    /// Does the rest of a swap by pages. After an error the old version has lost its state.
    fn move_pages_into(&mut self, next: Version) -> Result<Version, SwapError> {
        let instance = next.instance.take_pages(&mut self.version.instance)?;
        let mut next = Version { instance, ..next };
        let resumed = next.instance.resume(self.frame, true);
        match resumed.map_err(GuestError::from) {
            Ok(()) => Ok(next),
            Err(error) => {
                self.drop_candidate(next);
                Err(error.into())
            }
        }
    }

    /// Drops a failed candidate and the assets that it claimed.
    fn drop_candidate(&self, candidate: Version) {
        candidate.instance.retire();
        if !self.is_broken {
            self.version.instance.sweep();
        }
        self.reaper.discard(candidate);
    }

    /// Takes an image if `is_wanted` is set or one is due: at the end of probation, and at intervals that
    /// keep the cost under 2% of the time. Returns the image if one was taken.
    ///
    /// Images taken during probation are validated. A version whose saved state fails validation is never
    /// used as a rollback target.
    ///
    /// # Errors
    /// When the guest traps. [`Supervisor::fail`] must then be called.
    pub fn keep_image(&mut self, is_wanted: bool) -> Result<Option<Checkpoint>, Trap> {
        let is_due = self.recovery.is_image_due();
        if self.is_broken || !(is_due || is_wanted) {
            return Ok(None);
        }
        let begun = Instant::now();
        let spare = self.recovery.take_spare();
        let mut image = take_image(&mut self.version, &self.parked, self.frame, spare)?;
        let is_trusted = self.recovery.base.way_back() == WayBack::None;
        if !is_trusted {
            image = validated(image)?;
        }
        let image = Arc::new(image);
        let took = begun.elapsed();
        self.bytes = (image.parcel.bytes(), self.version.instance.movable());
        // In probation the previous version stays the base.
        if is_due || is_trusted {
            let frame = self.frame_of_base();
            let base = Base::Image(Arc::clone(&image));
            let replaced = self.recovery.rebase(base, took);
            if let Some(replaced) = self.recovery.recycle(replaced) {
                self.retire(replaced, frame);
            }
            // By the end of its probation a version has claimed every asset that it uses.
            self.version.instance.sweep();
        }
        Ok(Some(Checkpoint { image, took }))
    }

    /// Replaces the base.
    fn rebase(&mut self, base: Base) {
        let frame = self.frame_of_base();
        let replaced = self.recovery.rebase(base, Duration::ZERO);
        self.retire(replaced, frame);
    }

    /// Drops a base that is no longer needed. `frame` is the number of its next update.
    fn retire(&self, base: Base, frame: u64) {
        base.retire();
        match base {
            Base::Previous(previous) => self.reaper.archive_and_drop(previous, frame),
            other => self.reaper.discard(other),
        }
    }

    /// A handle to the states that versions had when they were replaced.
    #[must_use]
    pub fn state_archive(&self) -> StateArchive {
        self.reaper.state_archive()
    }

    /// Returns the state that a version had when it was replaced, if the running version replaced it and is
    /// in probation. Copies the state.
    #[must_use]
    pub fn state_before(&self, version: CodeHash) -> Option<Image> {
        self.recovery.base.state_of(version, self.frame_of_base())
    }

    /// The compiled code of the running version.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.version.program
    }

    /// Hash of the type of the state.
    #[must_use]
    pub fn schema_hash(&self) -> String {
        self.version.schema.hash().to_string()
    }

    /// Copies the present state.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn image(&mut self) -> Result<Image, Trap> {
        match self.recovery.base.image() {
            Some(image) if self.is_broken => Ok(Image::clone(image)),
            _ => take_image(
                &mut self.version,
                &self.parked,
                self.frame,
                Parcel::default(),
            ),
        }
    }

    /// Hash of the present state: equal states of equal types have equal hashes.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn state_hash(&mut self) -> Result<String, Trap> {
        if let (true, Some(image)) = (self.is_broken, self.recovery.base.image()) {
            return Ok(state_hash(&image.schema, &image.parcel.as_ref()));
        }
        self.version.instance.save()?;
        let parcel = self.version.instance.parcel();
        Ok(state_hash(&self.version.schema, &parcel))
    }
}

/// Takes an image of the present state, in the memory of a parcel that is no longer needed.
fn take_image(
    version: &mut Version,
    parked: &Parked,
    frame: u64,
    mut spare: Parcel,
) -> Result<Image, Trap> {
    version.instance.save()?;
    version.instance.parcel().clone_into(&mut spare);
    Ok(Image {
        code: version.hash().to_string(),
        frame,
        schema: version.schema.clone(),
        parcel: spare,
        parked: parked.clone(),
    })
}

/// Checks that the image matches its schema, and returns it. Costs a walk through its tree.
///
/// # Errors
/// When the state does not match the schema.
fn validated(image: Image) -> Result<Image, Trap> {
    match vblank_state::check(&image.schema, &image.parcel.as_ref()) {
        Ok(()) => Ok(image),
        Err(error) => Err(Trap::new(
            "save",
            format!("lent what is no state of its type: {error}"),
        )),
    }
}
