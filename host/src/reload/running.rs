//! The running version: updated, replaced, and brought back when it fails. This is where a swap is
//! committed.
//!
//! What each failure leaves behind is written at the method that can fail.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use vblank_state::Parked;

use super::candidate::{Candidate, Version};
use super::recovery::{Base, Recovery};
use super::swap::{Origin, Swap, carry};
use crate::error::{GuestError, Refused, Trap};
use crate::guest::{CodeHash, Engine, Instance, Step};
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
        Self::new(version, Parked::default(), 0)
    }

    /// Go on from an image.
    ///
    /// # Errors
    /// When the image does not fit this code, or the guest traps; there is no game then.
    pub fn from_image(candidate: Candidate, image: &Image, strict: bool) -> Result<Self, Refused> {
        let mut version = candidate.version;
        let swap = carry(&origin(image), &mut version, strict)?;
        let resumed = version.instance.resume(image.frame, swap.is_identical());
        resumed.map_err(GuestError::from)?;
        Self::new(version, swap.parked, image.frame)
    }

    fn new(mut version: Version, parked: Parked, frame: u64) -> Result<Self, Refused> {
        let image = take_image(&mut version, &parked, frame).map_err(GuestError::from)?;
        let reaper = Reaper::start();
        Ok(Self {
            version,
            parked,
            frame,
            recovery: Recovery::new(Arc::new(image)),
            is_broken: false,
            reaper: reaper.map_err(|error| GuestError::Engine(error.to_string()))?,
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
        self.recovery.note(step);
        self.frame += 1;
        Ok(())
    }

    /// Replace the code: save, plan, migrate, verify, publish.
    ///
    /// # Errors
    /// The candidate is dropped and everything is as it was: until publishing, which cannot fail, the
    /// old version is only read. Where it is the old version itself that cannot save, it is left as it
    /// is, and its next update will tell.
    pub fn swap(&mut self, candidate: Candidate, strict: bool) -> Result<Swap, Refused> {
        let begun = Instant::now();
        let mut next = candidate.version;
        let carried = self.carry_into(&mut next, strict);
        let mut swap = match carried {
            Ok(swap) => swap,
            Err(refused) => {
                self.reaper.take(next);
                return Err(refused);
            }
        };
        // Published: from here on nothing fails.
        let previous = std::mem::replace(&mut self.version, next);
        let parked = std::mem::replace(&mut self.parked, swap.parked.clone());
        swap.pause = begun.elapsed();
        if std::mem::replace(&mut self.is_broken, false) {
            // There is nothing behind it but the image, which stays the base.
            self.reaper.take(previous);
        } else {
            let base = Base::Previous(Box::new((previous, parked)));
            let replaced = self.recovery.rebase(base, Duration::ZERO);
            self.reaper.take(replaced);
        }
        Ok(swap)
    }

    /// Everything of a swap that can fail.
    fn carry_into(&mut self, next: &mut Version, strict: bool) -> Result<Swap, Refused> {
        let swap = match &self.recovery.base {
            Base::Image(image) if self.is_broken => carry(&origin(image), next, strict)?,
            _ => {
                self.version.instance.save().map_err(GuestError::from)?;
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

    /// The guest trapped, in an update with this step or elsewhere.
    ///
    /// In probation, the version before the swap takes over again with its own state, and is fed all
    /// steps since, this one too. Otherwise, and if that version fails on them as well, the game is
    /// brought to its last good frame and stands still.
    pub fn fail(&mut self, engine: &Engine, trap: Trap, step: Option<&Step>) -> Aftermath {
        let from = self.hash();
        let base_frame = self.frame - self.recovery.steps().len() as u64;
        let Base::Previous(previous) = &mut self.recovery.base else {
            self.stand_still(engine);
            return Aftermath::Broken(trap);
        };
        std::mem::swap(&mut self.version, &mut previous.0);
        std::mem::swap(&mut self.parked, &mut previous.1);
        let image = match take_image(&mut self.version, &self.parked, base_frame) {
            Ok(image) => image,
            Err(trap) => {
                // It saved at the swap, so this is a guest that counts its calls. Nothing is left to
                // go back to but the state that the new version stands at, and that one is poisoned.
                self.is_broken = true;
                return Aftermath::Broken(trap);
            }
        };
        if let Some(step) = step {
            self.recovery.note(step);
        }
        let failed = std::mem::replace(&mut self.recovery.base, Base::Image(Arc::new(image)));
        self.reaper.take(failed);
        self.frame = base_frame;
        for count in 0..self.recovery.steps().len() {
            if let Err(trap) = self.version.instance.update(&self.recovery.steps()[count]) {
                self.recovery.truncate(count);
                self.stand_still(engine);
                return Aftermath::Broken(trap);
            }
            self.frame += 1;
        }
        Aftermath::RolledBack { from }
    }

    /// Run the same code again from the image to the last good frame, in a fresh instance, and take
    /// an image there. If the guest cannot be brought there, the older image is what is left.
    fn stand_still(&mut self, engine: &Engine) {
        self.is_broken = true;
        let Base::Image(image) = &self.recovery.base else {
            return;
        };
        self.frame = image.frame;
        let rerun = || -> Result<Version, Refused> {
            let mut fresh = self.version.again(engine)?;
            carry(&origin(image), &mut fresh, false)?;
            for step in self.recovery.steps() {
                fresh.instance.update(step).map_err(GuestError::from)?;
            }
            Ok(fresh)
        };
        if let Ok(mut fresh) = rerun() {
            let frame = image.frame + self.recovery.steps().len() as u64;
            if let Ok(image) = take_image(&mut fresh, &self.parked, frame) {
                self.frame = frame;
                let base = Base::Image(Arc::new(image));
                let replaced = self.recovery.rebase(base, Duration::ZERO);
                let poisoned = std::mem::replace(&mut self.version, fresh);
                self.reaper.take((replaced, poisoned));
                return;
            }
        }
        self.recovery.truncate(0);
    }

    /// Take an image if one is due: at the end of probation, and at intervals that keep the cost
    /// under 2% of the time. Gives it if one was taken.
    ///
    /// # Errors
    /// When the guest traps: [`Running::fail`] is to be called then.
    pub fn keep_image(&mut self) -> Result<Option<Arc<Image>>, Trap> {
        if self.is_broken || !self.recovery.is_image_due() {
            return Ok(None);
        }
        let begun = Instant::now();
        let image = take_image(&mut self.version, &self.parked, self.frame)?;
        let image = Arc::new(image);
        let base = Base::Image(Arc::clone(&image));
        let replaced = self.recovery.rebase(base, begun.elapsed());
        self.reaper.take(replaced);
        Ok(Some(image))
    }

    /// The state as it is now.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn image(&mut self) -> Result<Image, Trap> {
        match &self.recovery.base {
            Base::Image(image) if self.is_broken => Ok(Image::clone(image)),
            _ => take_image(&mut self.version, &self.parked, self.frame),
        }
    }

    /// What the state is known by.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn state_hash(&mut self) -> Result<String, Trap> {
        if let (true, Base::Image(image)) = (self.is_broken, &self.recovery.base) {
            return Ok(state_hash(&image.schema, &image.parcel.as_ref()));
        }
        self.version.instance.save()?;
        let parcel = self.version.instance.parcel();
        Ok(state_hash(&self.version.schema, &parcel))
    }
}

fn take_image(version: &mut Version, parked: &Parked, frame: u64) -> Result<Image, Trap> {
    version.instance.save()?;
    Ok(Image {
        code: version.hash().to_string(),
        frame,
        schema: version.schema.clone(),
        parcel: version.instance.parcel().to_owned(),
        parked: parked.clone(),
    })
}

fn origin(image: &Image) -> Origin<'_> {
    Origin {
        schema: &image.schema,
        parcel: image.parcel.as_ref(),
        parked: &image.parked,
    }
}

/// Drops what is no longer needed on a thread of its own: unmapping a guest's memory takes
/// milliseconds.
struct Reaper(Sender<Box<dyn Send>>);

impl Reaper {
    fn start() -> std::io::Result<Self> {
        let (sender, receiver) = channel::<Box<dyn Send>>();
        std::thread::Builder::new()
            .name("reaper".to_owned())
            .spawn(move || receiver.into_iter().for_each(drop))?;
        Ok(Self(sender))
    }

    fn take(&self, what: impl Send + 'static) {
        // Were the thread gone, it would be dropped here.
        let _ = self.0.send(Box::new(what));
    }
}
