//! Swaps at regular intervals during a measurement, back and forth between two versions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use vblank_runtime::build::{CargoFlags, GuestCrate};
use vblank_runtime::guest::{Code, Engine};
use vblank_runtime::supervisor::prepare;

use crate::session::Session;

/// Schedule of the swaps, with the two versions.
pub(super) struct Swaps {
    engine: Arc<Engine>,
    every: u64,
    next: u64,
    /// The next version, and the one after it.
    codes: [Code; 2],
}

impl Swaps {
    /// Plans a swap for every `every` updates after the `first` ones. The swaps alternate between `other` and
    /// `guest`. Without `other`, each is a swap to the same code.
    pub(super) fn new(
        engine: &Arc<Engine>,
        (every, first): (u64, u64),
        guest: &Path,
        flags: &CargoFlags,
        other: Option<&PathBuf>,
    ) -> anyhow::Result<Self> {
        let own = if guest.is_dir() {
            let file = GuestCrate::open(guest, flags)?.artifact();
            if !file.is_file() {
                bail!(
                    "--swap-every: {} has not been built yet; type: host build --release {}",
                    file.display(),
                    guest.display()
                );
            }
            file
        } else {
            guest.to_owned()
        };
        let codes = [Code::read(other.unwrap_or(&own))?, Code::read(&own)?];
        Ok(Self {
            engine: Arc::clone(engine),
            every,
            next: first + every,
            codes,
        })
    }

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
