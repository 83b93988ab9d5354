//! Swaps at regular intervals during a measurement, back and forth between two versions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use vblank_runtime::build::{CargoFlags, GuestCrate};
use vblank_runtime::guest::{Code, Engine};
use vblank_runtime::supervisor::prepare;

use crate::session::Session;

/// Swaps that will be made once the guest has been built.
pub(super) struct PlannedSwaps {
    every: u64,
    /// File of the guest, which may not exist yet.
    own: PathBuf,
    other: Option<Code>,
}

impl PlannedSwaps {
    /// Plans a swap for every `every` updates. The swaps alternate between `other` and `guest`. Without
    /// `other`, each is a swap to the same code.
    pub(super) fn new(
        every: u64,
        guest: &Path,
        flags: &CargoFlags,
        other: Option<&PathBuf>,
    ) -> anyhow::Result<Self> {
        let own = if guest.is_dir() {
            GuestCrate::open(guest, flags)?.artifact()
        } else {
            guest.to_owned()
        };
        let other = other.map(|other| Code::read(other)).transpose()?;
        Ok(Self { every, own, other })
    }

    /// Reads the guest, which has been built meanwhile. The first swap follows `every` updates after `now`.
    pub(super) fn start(self, engine: &Arc<Engine>, now: u64) -> anyhow::Result<Swaps> {
        let own = Code::read(&self.own)?;
        Ok(Swaps {
            engine: Arc::clone(engine),
            every: self.every,
            next: now + self.every,
            codes: [self.other.unwrap_or_else(|| own.clone()), own],
        })
    }
}

/// Schedule of the swaps, with the two versions.
pub(super) struct Swaps {
    engine: Arc<Engine>,
    every: u64,
    next: u64,
    /// The next version, and the one after it.
    codes: [Code; 2],
}

impl Swaps {
    /// Prepares the next version and swaps to it, if a swap is due. The preparation is no part of the pause.
    pub(super) fn make(&mut self, session: &mut Session) -> anyhow::Result<()> {
        if session.frames() < self.next {
            return Ok(());
        }
        self.next = session.frames() + self.every;
        let expected = session.expected_state();
        let candidate = prepare(&self.engine, &self.codes[0], &expected)
            .map_err(|error| anyhow!("cannot swap: {error}"))?;
        session.swap_now(candidate);
        self.codes.swap(0, 1);
        Ok(())
    }
}
