//! Further instances of the running code, to inspect the state, edit it or start the game again.

use std::sync::Arc;

use vblank_state::{Parcel, ParcelRef, Parked, Schema};

use super::candidate::Candidate;
use super::journal::JournalEntry;
use super::swap::Swap;
use super::{Supervisor, take_image, validated};
use crate::error::{GuestError, SwapError, Trap};
use crate::guest::{Engine, Instance};
use crate::image::Image;

impl<E: JournalEntry> Supervisor<E> {
    /// Reads the state in place, without a copy.
    ///
    /// # Errors
    /// When the guest traps. [`Supervisor::fail`] must then be called.
    pub fn look<T>(&mut self, look: impl FnOnce(&Schema, &ParcelRef<'_>) -> T) -> Result<T, Trap> {
        if let (true, Some(image)) = (self.is_broken, self.recovery.base.image()) {
            return Ok(look(&image.schema, &image.parcel.as_ref()));
        }
        self.version.instance.save()?;
        let parcel = self.version.instance.parcel();
        Ok(look(&self.version.schema, &parcel))
    }

    /// Makes the initial state of this code, with the present frame number. Returns it with the result of
    /// `init`. The running instance is not touched.
    ///
    /// # Errors
    /// When the guest traps. Nothing has changed then.
    pub fn fresh_image<T>(
        &self,
        engine: &Engine,
        init: impl FnOnce(&mut Instance) -> Result<T, Trap>,
    ) -> Result<(Image, T), SwapError> {
        let mut version = self.version.another_instance(engine)?;
        let result = init(&mut version.instance).map_err(GuestError::from)?;
        let (parked, spare) = (Parked::default(), Parcel::default());
        let image = take_image(&mut version, &parked, self.frame, spare);
        let image = image.and_then(validated).map_err(GuestError::from)?;
        self.reaper.discard(version);
        Ok((image, result))
    }

    /// Replaces the state and keeps the code. This is a swap like any other, with probation: if the code
    /// fails on that state, the present one comes back.
    ///
    /// # Errors
    /// As for [`Supervisor::swap`]. Nothing has changed then.
    pub fn replace_state(&mut self, engine: &Engine, state: &Image) -> Result<Swap, SwapError> {
        let candidate = Candidate::of(self.version.another_instance(engine)?);
        self.swap_with(engine, candidate, state, false)
    }

    /// Number of updates until the end of probation. `None` after it.
    #[must_use]
    pub fn probation_left(&self) -> Option<usize> {
        self.recovery.probation_left()
    }

    /// The type of the state.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.version.schema
    }
}
