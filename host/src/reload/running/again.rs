//! Another instance of the code that runs: to look at its state, to edit it, to begin anew.

use std::sync::Arc;
use std::time::Instant;

use vblank_state::{Parcel, ParcelRef, Parked, Schema};

use super::{Running, Setup, checked, take_image};
use crate::error::{GuestError, Refused, Trap};
use crate::guest::{Engine, Wishes};
use crate::image::Image;
use crate::reload::candidate::{Candidate, Stages};
use crate::reload::recovery::{Base, PROBATION};
use crate::reload::swap::Swap;

impl Running {
    /// Look at the state where it lies, without a copy.
    ///
    /// # Errors
    /// When the guest traps: [`Running::fail`] is to be called then.
    pub fn look<T>(&mut self, look: impl FnOnce(&Schema, &ParcelRef<'_>) -> T) -> Result<T, Trap> {
        if let (true, Some(image)) = (self.is_broken, self.recovery.image()) {
            return Ok(look(&image.schema, &image.parcel.as_ref()));
        }
        self.version.instance.save()?;
        let parcel = self.version.instance.parcel();
        Ok(look(&self.version.schema, &parcel))
    }

    /// The state in which this code begins a fresh game, with the number of now, and what it wants of the
    /// window then.
    ///
    /// # Errors
    /// When the guest traps on the way. Nothing else has happened then.
    pub fn fresh_image(&self, engine: &Engine, setup: Setup) -> Result<(Image, Wishes), Refused> {
        let mut version = self.version.again(engine)?;
        let begun = version.instance.init(setup.seed, setup.size, setup.hz);
        begun.map_err(GuestError::from)?;
        let (parked, spare) = (Parked::default(), Parcel::default());
        let image = take_image(&mut version, &parked, self.frame, spare);
        let image = image.and_then(checked).map_err(GuestError::from)?;
        let wishes = version.instance.take_wishes();
        self.reaper.take(version);
        Ok((image, wishes))
    }

    /// Go on with another state in another instance of the same code. It is a swap like any other, with
    /// probation: if the code fails on that state, the present one comes back.
    ///
    /// # Errors
    /// As for [`Running::swap`]: everything is as it was.
    pub fn go_on_with(&mut self, engine: &Engine, state: &Image) -> Result<Swap, Refused> {
        let candidate = Candidate {
            version: self.version.again(engine)?,
            stages: Stages::default(),
            ready: Instant::now(),
        };
        self.swap_with(engine, candidate, state, false)
    }

    /// How many updates of probation are left; none after it.
    #[must_use]
    pub fn probation_left(&self) -> Option<usize> {
        let made = match &self.recovery.base {
            Base::Image(_) => return None,
            Base::Previous(_) => self.recovery.journal.told(),
            Base::Moved { line, .. } => {
                let swapped_at = line.last().map_or(0, |(_, made)| *made);
                self.recovery.steps().len() - swapped_at
            }
        };
        Some(PROBATION.saturating_sub(made))
    }

    /// The type of its state.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.version.schema
    }
}
