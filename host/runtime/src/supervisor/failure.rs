//! The recovery after a failure: back to the previous version, or to the last good update.
//!
//! Every way ends with a version that has a state, and with an image of that state as the base.

use std::sync::Arc;
use std::time::Duration;

use vblank_state::Parcel;

use super::candidate::Version;
use super::journal::{JournalEntry, replay};
use super::recovery::{Base, WayBack};
use super::swap::{Origin, transfer};
use super::{FailureOutcome, Supervisor, take_image};
use crate::error::{GuestError, SwapError, Trap};
use crate::guest::Engine;

impl<E: JournalEntry> Supervisor<E> {
    /// Restores the running version from the image and the journal, after a failed candidate has taken its
    /// pages.
    pub(super) fn restore(&mut self, engine: &Engine) {
        match self.recovery.replay(engine, Some(&self.version)) {
            Ok(fresh) => {
                let emptied = std::mem::replace(&mut self.version, fresh);
                self.reaper.discard(emptied);
            }
            Err(_) => self.stop_at_image(),
        }
    }

    /// Lets the guest stand still at the image, which is the only state left.
    fn stop_at_image(&mut self) {
        self.is_broken = true;
        if let Some(image) = self.recovery.base.image().map(Arc::clone) {
            self.frame = image.frame;
            let replaced = self.recovery.rebase(Base::Image(image), Duration::ZERO);
            self.reaper.discard(replaced);
        }
    }

    /// Recovers after the guest trapped, in an update with this entry or elsewhere.
    ///
    /// In probation, the previous version takes over again with its own state, and everything since the
    /// swap is replayed on it, including this entry. Otherwise, and if that version fails too, the guest is
    /// brought to its last good update and stands still.
    pub fn fail(&mut self, engine: &Engine, trap: Trap, entry: Option<&E>) -> FailureOutcome {
        let from = self.hash();
        let base_frame = self.frame_of_base();
        let way_back = self.recovery.base.way_back();
        if let Some(entry) = entry
            && way_back != WayBack::None
        {
            self.recovery.journal.record(entry);
        }
        let rolled_back = match way_back {
            WayBack::None => Err(trap),
            WayBack::Previous => self.go_back_to_previous(base_frame),
            WayBack::Replay => self.go_back_by_replay(engine),
        };
        match rolled_back {
            Ok(()) => FailureOutcome::RolledBack { from },
            Err(trap) => {
                if !self.is_broken {
                    self.stand_still(engine);
                }
                FailureOutcome::Broken(trap)
            }
        }
    }

    /// Restarts the same code at the point before the call, after it trapped in probation through no fault
    /// of its own. Returns false if that failed; [`Supervisor::fail`] must then be called.
    pub fn restart(&mut self, engine: &Engine) -> bool {
        let Ok(Some(fresh)) = self.same_code_again(engine) else {
            return false;
        };
        let poisoned = std::mem::replace(&mut self.version, fresh);
        self.reaper.discard(poisoned);
        true
    }

    /// Makes a fresh instance of the running code with the state before the call. `None` outside probation,
    /// and if the previous version has lost its pages.
    fn same_code_again(&mut self, engine: &Engine) -> Result<Option<Version>, SwapError> {
        let mut fresh = self.version.another_instance(engine)?;
        let base_frame = self.frame_of_base();
        let Some((previous, parked)) = self.recovery.base.previous_mut() else {
            return Ok(None);
        };
        previous.instance.save().map_err(GuestError::from)?;
        let origin = Origin {
            schema: &previous.schema,
            parcel: previous.instance.parcel(),
            parked,
        };
        let swap = transfer(&origin, &mut fresh, None, false)?;
        let resumed = fresh.instance.resume(base_frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        for entry in self.recovery.entries() {
            let done = replay(entry, &mut fresh.instance);
            done.map_err(GuestError::from)?;
        }
        Ok(Some(fresh))
    }

    /// Puts the previous version back, with its state at the swap, and replays the journal on it.
    ///
    /// # Errors
    /// When the version traps on an entry. The journal then ends before that entry.
    fn go_back_to_previous(&mut self, base_frame: u64) -> Result<(), Trap> {
        if let Some((version, parked)) = self.recovery.base.previous_mut() {
            std::mem::swap(&mut self.version, version);
            std::mem::swap(&mut self.parked, parked);
        }
        let image = take_image(
            &mut self.version,
            &self.parked,
            base_frame,
            Parcel::default(),
        );
        let image = image.inspect_err(|_| {
            // The version could save at the swap, so its behaviour depends on the number of its calls. The
            // only other state is that of the new version, which is poisoned.
            self.is_broken = true;
        })?;
        let failed = std::mem::replace(&mut self.recovery.base, Base::Image(Arc::new(image)));
        failed.retire();
        self.version.instance.sweep();
        self.reaper.discard(failed);
        self.frame = base_frame;
        for count in 0..self.recovery.entries().len() {
            let entry = &self.recovery.entries()[count];
            let done = replay(entry, &mut self.version.instance);
            done.inspect_err(|_| self.recovery.journal.truncate(count))?;
            self.frame += 1;
        }
        Ok(())
    }

    /// Makes the previous version again from the image and the journal, since its pages were moved out.
    ///
    /// # Errors
    /// When the version traps on an entry. The guest then stands still at the last good update.
    fn go_back_by_replay(&mut self, engine: &Engine) -> Result<(), Trap> {
        let fresh = match self.recovery.replay(engine, None) {
            Ok(fresh) => fresh,
            Err(failure) => {
                self.recovery.journal.truncate(failure.made);
                let trap = failure.into_trap();
                match self.recovery.replay(engine, None) {
                    Ok(fresh) => self.stand_at(fresh),
                    Err(_) => self.stop_at_image(),
                }
                return Err(trap);
            }
        };
        let frame = self.frame_of_base() + self.recovery.entries().len() as u64;
        let failed = std::mem::replace(&mut self.version, fresh);
        self.reaper.discard(failed);
        self.frame = frame;
        // An image of the present state replaces the emptied versions as the base.
        if let Ok(image) = take_image(&mut self.version, &self.parked, frame, Parcel::default()) {
            let base = Base::Image(Arc::new(image));
            let replaced = self.recovery.rebase(base, Duration::ZERO);
            self.reaper.discard(replaced);
        }
        Ok(())
    }

    /// Number of the first update since the base.
    pub(super) fn frame_of_base(&self) -> u64 {
        match self.recovery.base.image() {
            Some(image) => image.frame,
            None => self.frame - self.recovery.entries().len() as u64,
        }
    }

    /// Replays the journal on a fresh instance of the same code, up to the last good update, and takes an
    /// image there. If that fails, the older image remains.
    fn stand_still(&mut self, engine: &Engine) {
        match self.recovery.replay(engine, Some(&self.version)) {
            Ok(fresh) => self.stand_at(fresh),
            Err(_) => self.stop_at_image(),
        }
    }

    /// Stands still with this version, on which the journal was replayed.
    fn stand_at(&mut self, mut fresh: Version) {
        let frame = self.frame_of_base() + self.recovery.entries().len() as u64;
        let Ok(image) = take_image(&mut fresh, &self.parked, frame, Parcel::default()) else {
            return self.stop_at_image();
        };
        self.is_broken = true;
        self.frame = frame;
        let base = Base::Image(Arc::new(image));
        let replaced = self.recovery.rebase(base, Duration::ZERO);
        let poisoned = std::mem::replace(&mut self.version, fresh);
        self.reaper.discard((replaced, poisoned));
    }
}
