//! A provider: a slot whose plugin other plugins use.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::Plugin;
use super::dependencies::Dependencies;
use super::slot::Slot;
use crate::guest::{ImportedFn, Provide, ProviderError, Value};

/// A slot whose plugin other plugins may use ([`SlotBuilder::uses`](super::SlotBuilder::uses)): what it exports as
/// interfaces, they may import. [`Slot::provide`] makes one. Cheap to clone, and may be used from any thread; calls
/// come one after the other.
///
/// Its version and theirs are swapped by themselves as long as the functions that are used keep their types.
/// Otherwise a version is refused, and [`SwapError::Misfits`](crate::error::SwapError::Misfits) lists who uses what;
/// those that must change together are let in by [`commit`](super::commit).
///
/// A call by another plugin is recorded ([`Slot::record`]), so what it did to the state is not lost. It costs some
/// two microseconds, since values are taken apart and put together; handles of resources cannot cross.
///
/// ```no_run
/// # use vblank_runtime::plugin::{Host, Plugin, StartError};
/// # fn start<Words: Plugin<Data: Default>, Filter: Plugin<Data: Default>>(host: &Host) -> Result<(), StartError> {
/// let words = host.slot::<Words>("words").load("words.wasm")?.provide();
/// let mut filter = host.slot::<Filter>("filter").uses(&words).load("filter.wasm")?;
/// // Each has its boundary.
/// words.with(|words| words.boundary());
/// filter.boundary();
/// # Ok(()) }
/// ```
pub struct Provider<P>(Arc<SharedSlot<P>>);

impl<P> Clone for Provider<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The slot, and what is known of it without waiting for its calls.
struct SharedSlot<P> {
    name: String,
    slot: Mutex<Slot<P>>,
    dependencies: Arc<Dependencies>,
}

thread_local! {
    /// The providers that this thread is in, by where they lie: to wait for one of them would be for ever.
    static ENTERED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl<P: Plugin> Slot<P> {
    /// Lets other plugins use what this one exports.
    #[must_use]
    pub fn provide(mut self) -> Provider<P> {
        let dependencies = self.share_dependencies();
        Provider::new(self, dependencies)
    }
}

impl<P: Plugin> Provider<P> {
    fn new(slot: Slot<P>, dependencies: Arc<Dependencies>) -> Self {
        Self(Arc::new(SharedSlot {
            name: slot.name().to_owned(),
            slot: Mutex::new(slot),
            dependencies,
        }))
    }

    /// Do something with the slot: call its plugin, pass a boundary, offer it code. Waits while another plugin, or
    /// another thread, calls it.
    ///
    /// # Panics
    /// When this thread is in a call of it already: in an import of its own, say.
    pub fn with<T>(&self, act: impl FnOnce(&mut Slot<P>) -> T) -> T {
        let slot = self.0.enter();
        let mut slot =
            slot.unwrap_or_else(|| panic!("plugin {} is in a call already", self.0.name));
        act(&mut slot)
    }

    pub(super) fn used(&self) -> (Arc<dyn Provide>, Arc<Dependencies>) {
        (
            Arc::clone(&self.0) as Arc<dyn Provide>,
            Arc::clone(&self.0.dependencies),
        )
    }
}

impl<P> SharedSlot<P> {
    /// Wait for the slot. `None` where this thread has it.
    fn enter(&self) -> Option<SlotGuard<'_, P>> {
        let place = std::ptr::from_ref(self).addr();
        ENTERED
            .with_borrow_mut(|entered| (!entered.contains(&place)).then(|| entered.push(place)))?;
        // Whatever panicked in there, a slot is whole between two calls.
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        Some(SlotGuard(slot))
    }
}

impl<P: Plugin> Provide for SharedSlot<P> {
    fn provide(
        &self,
        function: &Arc<ImportedFn>,
        params: &[Value],
    ) -> Result<Vec<Value>, ProviderError> {
        let Some(mut slot) = self.enter() else {
            return Err(ProviderError(format!(
                "plugin {} is in a call already and cannot be called back",
                self.name
            )));
        };
        let (function, params) = (Arc::clone(function), params.to_vec());
        let called = slot.record(move |_, store| function.call(store, &params));
        match called {
            Ok(Ok(given)) => Ok(given),
            Ok(Err(changed)) => Err(ProviderError(format!("plugin {}: {changed}", self.name))),
            Err(failed) => Err(ProviderError(failed.to_string())),
        }
    }
}

/// The slot, for this thread.
struct SlotGuard<'a, P>(MutexGuard<'a, Slot<P>>);

impl<P> Deref for SlotGuard<'_, P> {
    type Target = Slot<P>;

    fn deref(&self) -> &Slot<P> {
        &self.0
    }
}

impl<P> DerefMut for SlotGuard<'_, P> {
    fn deref_mut(&mut self) -> &mut Slot<P> {
        &mut self.0
    }
}

impl<P> Drop for SlotGuard<'_, P> {
    fn drop(&mut self) {
        // The innermost goes first.
        ENTERED.with_borrow_mut(Vec::pop);
    }
}
