//! The running version: updated, replaced, and brought back when it fails. This is where a swap is
//! committed.
//!
//! What each failure leaves behind is written at the method that can fail.

mod again;
mod failure;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::{Parcel, Parked};

use super::candidate::{Candidate, Version};
use super::journal::Again;
use super::reaper::{Past, Reaper};
use super::recovery::{Base, IMAGE_EVERY, Recovery};
use super::swap::{Origin, PAGES_MIN, Path, Swap, carry, carry_but_pages};
use crate::error::{GuestError, Refused, Trap};
use crate::guest::{CallResult, CodeHash, Engine, Instance, Program, Step, Store};
use crate::image::{Image, state_hash};
use crate::input::Size;

/// A game that runs, or stands still at its last good frame.
pub struct Running {
    version: Version,
    parked: Parked,
    /// The number of the next update.
    frame: u64,
    recovery: Recovery,
    is_broken: bool,
    /// How large the state was when last looked at, and how much of it can be moved.
    bytes: (usize, usize),
    reaper: Reaper,
}

/// What a fresh game is told.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The run's seed.
    pub seed: u64,
    /// The picture, in pixels.
    pub size: Size,
    /// Updates a second.
    pub hz: f32,
}

/// An image that was taken while the game stood still.
pub struct Kept {
    /// The state.
    pub image: Arc<Image>,
    /// For how long it stood still.
    pub took: Duration,
}

/// A candidate that has been given the state and only waits to be published.
pub struct Carried {
    next: Version,
    swap: Swap,
    begun: Instant,
    /// The state that it was given, where it was not that of now.
    state: Option<Image>,
}

/// What became of a game whose code failed.
pub enum Aftermath {
    /// It was in probation. Code and state are those before the swap, and the inputs since were fed
    /// to it.
    RolledBack {
        /// The code that failed.
        from: CodeHash,
    },
    /// It stands still at its last good frame, until a candidate comes.
    Broken(Trap),
}

impl Running {
    /// Begin a fresh game.
    ///
    /// # Errors
    /// When the guest traps; there is no game then.
    pub fn fresh(candidate: Candidate, setup: Setup) -> Result<Self, Refused> {
        let mut version = candidate.version;
        let begun = version.instance.init(setup.seed, setup.size, setup.hz);
        begun.map_err(GuestError::from)?;
        Self::new(version, Parked::default(), 0, IMAGE_EVERY, start_reaper()?)
    }

    /// Begin with an image, or with the state that the guest has by itself, for a guest that is no game. An
    /// image is taken so often, if that costs little enough.
    ///
    /// # Errors
    /// When the image does not fit this code, or the guest traps.
    pub fn plain(
        candidate: Candidate,
        image: Option<&Image>,
        strict: bool,
        every: Duration,
        reaper: Reaper,
    ) -> Result<Self, Refused> {
        let mut version = candidate.version;
        let Some(image) = image else {
            return Self::new(version, Parked::default(), 0, every, reaper);
        };
        let swap = carry(&Origin::of(image), &mut version, strict)?;
        let resumed = version.instance.resume(image.frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        Self::new(version, swap.parked, image.frame, every, reaper)
    }

    /// Go on from an image.
    ///
    /// # Errors
    /// When the image does not fit this code, or the guest traps; there is no game then.
    pub fn from_image(candidate: Candidate, image: &Image, strict: bool) -> Result<Self, Refused> {
        Self::plain(candidate, Some(image), strict, IMAGE_EVERY, start_reaper()?)
    }

    fn new(
        mut version: Version,
        parked: Parked,
        frame: u64,
        every: Duration,
        reaper: Reaper,
    ) -> Result<Self, Refused> {
        let image = take_image(&mut version, &parked, frame, Parcel::default());
        let image = image.and_then(checked).map_err(GuestError::from)?;
        let bytes = (image.parcel.bytes(), version.instance.movable());
        Ok(Self {
            version,
            parked,
            frame,
            recovery: Recovery::new(Arc::new(image), every),
            is_broken: false,
            bytes,
            reaper,
        })
    }

    /// The code that runs.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        self.version.hash()
    }

    /// The number of the next update.
    #[must_use]
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Whether it stands still.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// How much memory a candidate should have warm: the size of the state, as far as it will be copied.
    #[must_use]
    pub fn bytes_to_copy(&self) -> usize {
        let (state, movable) = self.bytes;
        if movable >= PAGES_MIN && self.recovery.image().is_some() {
            state.saturating_sub(movable)
        } else {
            state
        }
    }

    /// The guest, to draw it and to ask it things.
    pub fn instance(&mut self) -> &mut Instance {
        &mut self.version.instance
    }

    /// One update. `step.number` is to be [`Running::frame`].
    ///
    /// # Errors
    /// When the guest traps: [`Running::fail`] is to be called then, with the step.
    pub fn update(&mut self, step: &Step) -> Result<(), Trap> {
        self.version.instance.update(step)?;
        self.recovery.journal.note_step(step);
        self.frame += 1;
        Ok(())
    }

    /// One call of what the guest's world exports. With `again` it is noted, and made again of the version
    /// that takes over if this one fails; without, its effect on the state is kept by the next image.
    ///
    /// # Errors
    /// When the guest traps: [`Running::fail`] is to be called then.
    pub fn call<F: 'static, T>(
        &mut self,
        call: impl FnOnce(&mut F, &mut Store) -> CallResult<T>,
        again: Option<Again>,
    ) -> Result<T, Trap> {
        let done = self.version.instance.call("call", call)?;
        match again {
            Some(call) => {
                self.recovery.journal.note_call(call);
                self.frame += 1;
            }
            None => self.recovery.journal.pass(),
        }
        Ok(done)
    }

    /// Whether the guest has been called since the last image.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.recovery.journal.told() > 0
    }

    /// Go on after a break, from where the game stands still.
    pub fn go_on(&mut self) {
        self.is_broken = false;
    }

    /// Replace the code: save, plan, migrate, verify, publish.
    ///
    /// # Errors
    /// The candidate is dropped and everything is as it was: until publishing, which cannot fail, the
    /// old version is only read. Where it is the old version itself that cannot save, it is left as it
    /// is, and its next update will tell. Where pages were moved out of it already, it is made anew from
    /// the last image and the steps since; if it cannot be, the game stands still at that image.
    pub fn swap(
        &mut self,
        engine: &Engine,
        candidate: Candidate,
        strict: bool,
    ) -> Result<Swap, Refused> {
        self.replace(engine, candidate, None, strict)
    }

    /// The same, but for the state: the new version goes on with this one, and not with that of now.
    /// The number of the next update stays.
    ///
    /// # Errors
    /// As for [`Running::swap`].
    pub fn swap_with(
        &mut self,
        engine: &Engine,
        candidate: Candidate,
        state: &Image,
        strict: bool,
    ) -> Result<Swap, Refused> {
        self.replace(engine, candidate, Some(state), strict)
    }

    fn replace(
        &mut self,
        engine: &Engine,
        candidate: Candidate,
        state: Option<&Image>,
        strict: bool,
    ) -> Result<Swap, Refused> {
        let mut carried = self.carry(candidate, state, strict, true)?;
        if carried.swap.path == Path::Pages {
            carried.next = match self.move_into(carried.next) {
                Ok(next) => next,
                Err(refused) => {
                    self.make_anew(engine);
                    return Err(refused);
                }
            };
        }
        Ok(self.publish(carried))
    }

    /// Give a candidate the state of now, and go on as before. [`Running::publish`] puts it in its place;
    /// until the next call of the guest it may be dropped instead ([`Running::let_go`]).
    ///
    /// # Errors
    /// As for [`Running::swap`].
    pub fn carry_only(&mut self, candidate: Candidate, strict: bool) -> Result<Carried, Refused> {
        self.carry(candidate, None, strict, false)
    }

    /// Everything of a swap that can fail, but for the moving of pages.
    fn carry(
        &mut self,
        candidate: Candidate,
        state: Option<&Image>,
        strict: bool,
        may_move: bool,
    ) -> Result<Carried, Refused> {
        let begun = Instant::now();
        let mut next = candidate.version;
        match self.carry_into(&mut next, state, strict, may_move) {
            Ok(swap) => Ok(Carried {
                next,
                swap,
                begun,
                state: state.cloned(),
            }),
            Err(refused) => {
                self.give_up(next);
                Err(refused)
            }
        }
    }

    /// Drop a candidate that has been given the state.
    pub fn let_go(&self, carried: Carried) {
        self.give_up(carried.next);
    }

    /// Put a candidate that has been given the state in its place. Nothing fails.
    pub fn publish(&mut self, carried: Carried) -> Swap {
        let Carried {
            next,
            mut swap,
            begun,
            state,
        } = carried;
        let previous = std::mem::replace(&mut self.version, next);
        let parked = std::mem::replace(&mut self.parked, swap.parked.clone());
        swap.pause = begun.elapsed();
        self.bytes.0 = swap.state_bytes;
        if std::mem::replace(&mut self.is_broken, false) {
            // There is nothing behind it but the image that it goes on from, which stays the base.
            if let Some(image) = self.recovery.image() {
                self.reaper.keep(previous.hash(), Arc::clone(image));
            }
            self.reaper.take(previous);
            if let Some(mut image) = state {
                image.frame = self.frame;
                self.rebase(Base::Image(Arc::new(image)));
            }
        } else if swap.path == Path::Pages {
            // It has lost its state: of then there is the last image before.
            if let Some(image) = self.recovery.image() {
                self.reaper.keep(previous.hash(), Arc::clone(image));
            }
            self.recovery.moved_out(previous);
        } else {
            self.rebase(Base::Previous(Box::new((previous, parked))));
        }
        swap
    }

    /// Everything of a swap that can fail while the old version is only read.
    fn carry_into(
        &mut self,
        next: &mut Version,
        state: Option<&Image>,
        strict: bool,
        may_move: bool,
    ) -> Result<Swap, Refused> {
        let swap = match (self.recovery.image(), state) {
            (_, Some(state)) => {
                if !self.is_broken {
                    // It is what can be gone back to.
                    self.version.instance.save().map_err(GuestError::from)?;
                }
                carry(&Origin::of(state), next, strict)?
            }
            (Some(image), None) if self.is_broken => carry(&Origin::of(image), next, strict)?,
            (image, None) => {
                // Pages are moved only where there is an image to go back to.
                let may_move = may_move && image.is_some();
                self.version.instance.save().map_err(GuestError::from)?;
                self.bytes.1 = self.version.instance.movable();
                if may_move && let Some(swap) = carry_but_pages(&self.version, &self.parked, next)?
                {
                    return Ok(swap);
                }
                let origin = Origin {
                    schema: &self.version.schema,
                    parcel: self.version.instance.parcel(),
                    parked: &self.parked,
                };
                carry(&origin, next, strict)?
            }
        };
        let resumed = next.instance.resume(self.frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        Ok(swap)
    }

    /// The rest of a swap by pages. After an error the old version's state is gone.
    fn move_into(&mut self, next: Version) -> Result<Version, Refused> {
        let instance = next.instance.take_pages(&mut self.version.instance)?;
        let mut next = Version { instance, ..next };
        let resumed = next.instance.resume(self.frame, true);
        match resumed.map_err(GuestError::from) {
            Ok(()) => Ok(next),
            Err(error) => {
                self.give_up(next);
                Err(error.into())
            }
        }
    }

    /// A candidate has failed: what it asked for goes with it.
    fn give_up(&self, candidate: Version) {
        candidate.instance.release_assets();
        if !self.is_broken {
            self.version.instance.sweep_assets();
        }
        self.reaper.take(candidate);
    }

    /// Take an image if one is wanted, or due: at the end of probation, and at intervals that keep
    /// the cost under 2% of the time. Gives it if one was taken.
    ///
    /// # Errors
    /// When the guest traps: [`Running::fail`] is to be called then.
    pub fn keep_image(&mut self, is_wanted: bool) -> Result<Option<Kept>, Trap> {
        let is_due = self.recovery.is_image_due();
        if self.is_broken || !(is_due || is_wanted) {
            return Ok(None);
        }
        let begun = Instant::now();
        let spare = self.recovery.take_spare();
        let image = take_image(&mut self.version, &self.parked, self.frame, spare)?;
        let image = match self.recovery.base {
            Base::Image(_) => image,
            // This version's first ones. Later it is trusted, and has nothing to fall back to.
            _ => checked(image)?,
        };
        let image = Arc::new(image);
        let took = begun.elapsed();
        self.bytes = (image.parcel.bytes(), self.version.instance.movable());
        // In probation what there was to go back to stays.
        if is_due || matches!(self.recovery.base, Base::Image(_)) {
            let frame = self.frame_of_base();
            let base = Base::Image(Arc::clone(&image));
            let replaced = self.recovery.rebase(base, took);
            if let Some(replaced) = self.recovery.recycle(replaced) {
                self.retire(replaced, frame);
            }
            // By the end of its probation a version has asked for what it needs.
            self.version.instance.sweep_assets();
        }
        Ok(Some(Kept { image, took }))
    }

    /// Go back to this from now on, if need be.
    fn rebase(&mut self, base: Base) {
        let frame = self.frame_of_base();
        let replaced = self.recovery.rebase(base, Duration::ZERO);
        self.retire(replaced, frame);
    }

    /// This is no longer needed to go back to; `frame` is where it stands.
    fn retire(&self, base: Base, frame: u64) {
        base.release_assets();
        match base {
            Base::Previous(previous) => self.reaper.take_replaced(previous, frame),
            other => self.reaper.take(other),
        }
    }

    /// The states that versions had when they were replaced.
    #[must_use]
    pub fn past(&self) -> Past {
        self.reaper.past()
    }

    /// The state that a version had when it was replaced, if the version that runs is in probation
    /// and that is what it replaced. Copies the state.
    #[must_use]
    pub fn state_before(&self, version: CodeHash) -> Option<Image> {
        let Base::Previous(previous) = &self.recovery.base else {
            return None;
        };
        let (previous, parked) = &**previous;
        (previous.hash() == version).then(|| Image {
            code: version.to_string(),
            frame: self.frame_of_base(),
            schema: Arc::clone(&previous.schema),
            parcel: previous.instance.parcel().to_owned(),
            parked: parked.clone(),
        })
    }

    /// The compiled code that runs.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.version.program
    }

    /// The hash of the type of its state.
    #[must_use]
    pub fn schema_hash(&self) -> String {
        self.version.schema.hash().to_string()
    }

    /// The state as it is now.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn image(&mut self) -> Result<Image, Trap> {
        match self.recovery.image() {
            Some(image) if self.is_broken => Ok(Image::clone(image)),
            _ => take_image(
                &mut self.version,
                &self.parked,
                self.frame,
                Parcel::default(),
            ),
        }
    }

    /// What the state is known by.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn state_hash(&mut self) -> Result<String, Trap> {
        if let (true, Some(image)) = (self.is_broken, self.recovery.image()) {
            return Ok(state_hash(&image.schema, &image.parcel.as_ref()));
        }
        self.version.instance.save()?;
        let parcel = self.version.instance.parcel();
        Ok(state_hash(&self.version.schema, &parcel))
    }
}

fn start_reaper() -> Result<Reaper, GuestError> {
    Reaper::start().map_err(|error| GuestError::Engine(error.to_string()))
}

/// The state as it is now, in the memory of a parcel that is no longer needed.
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

/// The image, if it holds what its schema says. Costs a walk through its tree.
///
/// # Errors
/// What a version did that lends something else.
fn checked(image: Image) -> Result<Image, Trap> {
    match vblank_state::check(&image.schema, &image.parcel.as_ref()) {
        Ok(()) => Ok(image),
        Err(error) => Err(Trap::new(
            "save",
            format!("lent what is no state of its type: {error}"),
        )),
    }
}
