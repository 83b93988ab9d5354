//! What a commit needs of a slot, whatever its world.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Slot;
use crate::error::Refused;
use crate::plugin::Plugin;
use crate::plugin::commit::{Member, Prepared};

impl<P: Plugin> Member for Slot<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn look(&mut self) -> bool {
        self.keep_bond();
        self.take_in();
        self.candidate.is_some()
    }

    fn expect(&mut self) {
        if let Some(candidate) = &self.candidate {
            Slot::expect(self, &candidate.version.program);
        }
    }

    fn forget(&mut self) {
        Slot::forget(self);
        self.candidate = None;
    }

    fn carry(&mut self) -> Result<Prepared, Refused> {
        self.fits()?;
        let candidate = self.candidate.take().expect("it was looked for");
        let (from, to) = (self.hash(), candidate.version.hash());
        let carried = self
            .running
            .carry_only(candidate, self.settings.is_strict)?;
        Ok(Prepared { from, to, carried })
    }

    fn let_go(&mut self, prepared: Prepared) {
        self.running.let_go(prepared.carried);
    }

    fn publish(&mut self, prepared: Prepared, bond: &Arc<AtomicBool>) {
        let swap = self.running.publish(prepared.carried);
        self.bond = Some(Arc::clone(bond));
        self.swapped(prepared.from, prepared.to, &swap);
    }
}
