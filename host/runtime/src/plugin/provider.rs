//! A provider: a slot whose plugin other plugins use.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::Plugin;
use super::dependencies::Dependencies;
use super::slot::Slot;
use crate::guest::{ImportedFn, Provide, ProviderError, Value};

/// A slot whose plugin other plugins may use ([`SlotBuilder::uses`](super::SlotBuilder::uses)): they may
/// import the interfaces that it exports. [`Slot::provide`] makes one. A provider is cheap to clone and may
/// be used from any thread; its calls run one after the other.
///
/// The provider and its users are swapped independently as long as the functions in use keep their types. A
/// version that changes such a type is refused, and
/// [`SwapError::Misfits`](crate::error::SwapError::Misfits) lists the users and functions. Versions that
/// must change together are let in by [`commit`](super::commit).
///
/// A call by another plugin is recorded ([`Slot::record`]), so its effect on the state survives a failure.
/// It costs about two microseconds, since values are taken apart and put together. Handles of resources
/// cannot cross.
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

/// The slot, and the parts of it that can be read while the slot is locked by a call.
struct SharedSlot<P> {
    name: String,
    slot: Mutex<Slot<P>>,
    dependencies: Arc<Dependencies>,
}

thread_local! {
    /// Addresses of the providers that this thread has locked. Locking one of them again would wait for
    /// ever.
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

    /// Runs `act` on the slot, for example to call its plugin, pass a boundary or offer code. Waits while
    /// another plugin or thread calls it.
    ///
    /// # Panics
    /// If this thread is already inside a call of the provider, for example in one of its imports.
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
    /// Locks the slot. `None` if this thread has locked it already.
    fn enter(&self) -> Option<SlotGuard<'_, P>> {
        let address = std::ptr::from_ref(self).addr();
        ENTERED.with_borrow_mut(|entered| {
            (!entered.contains(&address)).then(|| entered.push(address))
        })?;
        // A panic in another thread leaves the slot in a consistent state, since it ended between two
        // calls.
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

/// The locked slot, held by this thread.
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
        // Guards are dropped in reverse order, so the last address is this slot's.
        ENTERED.with_borrow_mut(Vec::pop);
    }
}
