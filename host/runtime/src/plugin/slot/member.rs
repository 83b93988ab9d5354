//! The part of a slot that a commit uses, independent of its world.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Slot;
use crate::error::SwapError;
use crate::plugin::bindings::Plugin;
use crate::plugin::member::sealed::Sealed;
use crate::plugin::member::{Member, MemberSwap};

impl<P: Plugin> Sealed for Slot<P> {}

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

    fn prepare(&mut self) -> Result<MemberSwap, SwapError> {
        self.fits()?;
        let candidate = self.candidate.take().expect("it was looked for");
        let (from, to) = (self.hash(), candidate.version.hash());
        let prepared = self
            .supervisor
            .prepare(candidate, self.settings.is_strict)?;
        Ok(MemberSwap { from, to, prepared })
    }

    fn abort(&mut self, prepared: MemberSwap) {
        self.supervisor.abort(prepared.prepared);
    }

    fn publish(&mut self, prepared: MemberSwap, bond: &Arc<AtomicBool>) {
        let swap = self.supervisor.publish(prepared.prepared);
        self.bond = Some(Arc::clone(bond));
        self.swapped(prepared.from, prepared.to, &swap);
    }
}
