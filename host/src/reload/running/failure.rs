//! What becomes of a game whose code failed: back to the version before, or to the last good frame.
//!
//! Every way ends with a version that has a state, and an image of it to go back to.

use std::sync::Arc;
use std::time::Duration;

use vblank_state::Parcel;

use super::{Aftermath, Running, take_image};
use crate::error::{GuestError, Refused, Trap};
use crate::guest::{Engine, Step};
use crate::reload::candidate::Version;
use crate::reload::recovery::Base;
use crate::reload::swap::{Origin, carry};

impl Running {
    /// The running version has lost its pages to a candidate that failed: it runs again from the image.
    pub(super) fn make_anew(&mut self, engine: &Engine) {
        match self.recovery.replay(engine, Some(&self.version)) {
            Ok(fresh) => {
                let emptied = std::mem::replace(&mut self.version, fresh);
                self.reaper.take(emptied);
            }
            Err(_) => self.give_up_to_image(),
        }
    }

    /// The image is all that is left: the game stands still there.
    fn give_up_to_image(&mut self) {
        self.is_broken = true;
        if let Some(image) = self.recovery.image().map(Arc::clone) {
            self.frame = image.frame;
            let replaced = self.recovery.rebase(Base::Image(image), Duration::ZERO);
            self.reaper.take(replaced);
        }
    }

    /// The guest trapped, in an update with this step or elsewhere.
    ///
    /// In probation, the version before the swap takes over again with its own state, and is fed all
    /// steps since, this one too. Otherwise, and if that version fails on them as well, the game is
    /// brought to its last good frame and stands still.
    pub fn fail(&mut self, engine: &Engine, trap: Trap, step: Option<&Step>) -> Aftermath {
        let from = self.hash();
        let base_frame = self.frame_of_base();
        if let Some(step) = step
            && !matches!(self.recovery.base, Base::Image(_))
        {
            self.recovery.journal.note_step(step);
        }
        let rolled_back = match &self.recovery.base {
            Base::Image(_) => Err(trap),
            Base::Previous(_) => self.go_back_to_previous(base_frame),
            Base::Moved { .. } => self.go_back_by_replay(engine),
        };
        match rolled_back {
            Ok(()) => Aftermath::RolledBack { from },
            Err(trap) => {
                if !self.is_broken {
                    self.stand_still(engine);
                }
                Aftermath::Broken(trap)
            }
        }
    }

    /// The guest trapped in its probation, and not by its own fault: the same code goes on where it stood before the
    /// call, in another instance. Whether it does; if not, [`Running::fail`] is to be called.
    pub fn start_again(&mut self, engine: &Engine) -> bool {
        let Ok(Some(fresh)) = self.same_code_again(engine) else {
            return false;
        };
        let poisoned = std::mem::replace(&mut self.version, fresh);
        self.reaper.take(poisoned);
        true
    }

    /// `None` outside probation, and where the version before has lost its pages.
    fn same_code_again(&mut self, engine: &Engine) -> Result<Option<Version>, Refused> {
        let mut fresh = self.version.again(engine)?;
        let base_frame = self.frame_of_base();
        let Base::Previous(previous) = &mut self.recovery.base else {
            return Ok(None);
        };
        let (previous, parked) = &mut **previous;
        previous.instance.save().map_err(GuestError::from)?;
        let origin = Origin {
            schema: &previous.schema,
            parcel: previous.instance.parcel(),
            parked,
        };
        let swap = carry(&origin, &mut fresh, false)?;
        let resumed = fresh.instance.resume(base_frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        for step in self.recovery.steps() {
            let done = step.relive(&mut fresh.instance);
            done.map_err(GuestError::from)?;
        }
        Ok(Some(fresh))
    }

    /// The version before is there as it was at the swap, before this step: it makes the steps since.
    ///
    /// # Errors
    /// When it traps on one of them. The steps are those before that one then.
    fn go_back_to_previous(&mut self, base_frame: u64) -> Result<(), Trap> {
        if let Base::Previous(previous) = &mut self.recovery.base {
            std::mem::swap(&mut self.version, &mut previous.0);
            std::mem::swap(&mut self.parked, &mut previous.1);
        }
        let image = take_image(
            &mut self.version,
            &self.parked,
            base_frame,
            Parcel::default(),
        );
        let image = image.inspect_err(|_| {
            // It saved at the swap, so this is a guest that counts its calls. Nothing is left to go
            // back to but the state that the new version stands at, and that one is poisoned.
            self.is_broken = true;
        })?;
        let failed = std::mem::replace(&mut self.recovery.base, Base::Image(Arc::new(image)));
        failed.release_assets();
        self.version.instance.sweep_assets();
        self.reaper.take(failed);
        self.frame = base_frame;
        for count in 0..self.recovery.steps().len() {
            let step = &self.recovery.steps()[count];
            let done = step.relive(&mut self.version.instance);
            done.inspect_err(|_| self.recovery.journal.truncate(count))?;
            self.frame += 1;
        }
        Ok(())
    }

    /// The version before has no state any more: it is made anew from the image and all steps since.
    ///
    /// # Errors
    /// When it traps on one of them. The game stands still at the last good frame then.
    fn go_back_by_replay(&mut self, engine: &Engine) -> Result<(), Trap> {
        let fresh = match self.recovery.replay(engine, None) {
            Ok(fresh) => fresh,
            Err(stuck) => {
                self.recovery.journal.truncate(stuck.made);
                let trap = stuck.into_trap();
                match self.recovery.replay(engine, None) {
                    Ok(fresh) => self.stand_at(fresh),
                    Err(_) => self.give_up_to_image(),
                }
                return Err(trap);
            }
        };
        let frame = self.frame_of_base() + self.recovery.steps().len() as u64;
        let failed = std::mem::replace(&mut self.version, fresh);
        self.reaper.take(failed);
        self.frame = frame;
        // What is left of the line has done its service.
        if let Ok(image) = take_image(&mut self.version, &self.parked, frame, Parcel::default()) {
            let base = Base::Image(Arc::new(image));
            let replaced = self.recovery.rebase(base, Duration::ZERO);
            self.reaper.take(replaced);
        }
        Ok(())
    }

    /// The number of the first step since the base, all of which were made.
    pub(super) fn frame_of_base(&self) -> u64 {
        match self.recovery.image() {
            Some(image) => image.frame,
            None => self.frame - self.recovery.steps().len() as u64,
        }
    }

    /// Run the same code again from the image to the last good frame, in a fresh instance, and take
    /// an image there. If the guest cannot be brought there, the older image is what is left.
    fn stand_still(&mut self, engine: &Engine) {
        match self.recovery.replay(engine, Some(&self.version)) {
            Ok(fresh) => self.stand_at(fresh),
            Err(_) => self.give_up_to_image(),
        }
    }

    /// Stand still with this version, which has made all steps since the image.
    fn stand_at(&mut self, mut fresh: Version) {
        let frame = self.frame_of_base() + self.recovery.steps().len() as u64;
        let Ok(image) = take_image(&mut fresh, &self.parked, frame, Parcel::default()) else {
            return self.give_up_to_image();
        };
        self.is_broken = true;
        self.frame = frame;
        let base = Base::Image(Arc::new(image));
        let replaced = self.recovery.rebase(base, Duration::ZERO);
        let poisoned = std::mem::replace(&mut self.version, fresh);
        self.reaper.take((replaced, poisoned));
    }
}
