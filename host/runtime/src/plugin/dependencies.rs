//! The dependencies between slots: what a plugin imports from others and exports to them, and the check
//! that a new version fits its neighbours. Knows types only, and calls no plugin.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::{Misfit, SwapError};
use crate::guest::{ExportTypes, ImportedInterface, Program};

/// The dependencies of one slot, shared with the slots that it uses and the slots that use it.
pub(super) struct Dependencies {
    name: String,
    /// Providers in the order of the indices that [`ImportedInterface::provider`] returns.
    providers: Vec<Arc<Dependencies>>,
    users: Mutex<Vec<Weak<Dependencies>>>,
    sides: Mutex<Sides>,
}

#[derive(Default)]
struct Sides {
    now: Side,
    /// The version that is about to take over, if there is one.
    coming: Option<Side>,
}

/// The imports and exports of one version.
#[derive(Clone, Default)]
struct Side {
    imports: Arc<[ImportedInterface]>,
    exports: Arc<ExportTypes>,
}

impl Dependencies {
    /// Creates the dependencies of a slot that uses these providers, and enters it among their users.
    pub(super) fn new(name: &str, providers: Vec<Arc<Self>>) -> Arc<Self> {
        let dependencies = Arc::new(Self {
            name: name.to_owned(),
            providers,
            users: Mutex::default(),
            sides: Mutex::default(),
        });
        for provider in &dependencies.providers {
            lock(&provider.users).push(Arc::downgrade(&dependencies));
        }
        dependencies
    }

    /// True if the slot has providers.
    #[inline]
    pub(super) fn uses_any(&self) -> bool {
        !self.providers.is_empty()
    }

    /// Notes that this version is about to take over, perhaps together with those of other slots.
    pub(super) fn expect(&self, program: &Program) {
        lock(&self.sides).coming = Some(Side::of(program));
    }

    /// Drops the version that was expected.
    pub(super) fn forget(&self) {
        lock(&self.sides).coming = None;
    }

    /// Notes that the expected version has taken over.
    pub(super) fn settle(&self) {
        let mut sides = lock(&self.sides);
        if let Some(coming) = sides.coming.take() {
            sides.now = coming;
        }
    }

    /// Checks that the expected version fits the versions that run or are expected beside it.
    ///
    /// # Errors
    /// The misfits, each with the plugin that imports the function.
    pub(super) fn check(&self) -> Result<(), SwapError> {
        let misfits = self.misfits();
        if misfits.is_empty() {
            Ok(())
        } else {
            Err(SwapError::Misfits(misfits))
        }
    }

    /// Lists the imports of this plugin that no provider exports, and the imports of its users that it does
    /// not export.
    pub(super) fn misfits(&self) -> Vec<Misfit> {
        let own = self.soon();
        let mut misfits = Vec::new();
        for need in own.imports.iter() {
            let provider = self
                .provider(need)
                .map(|dependencies| (dependencies, dependencies.soon()));
            let provider = provider
                .as_ref()
                .map(|(dependencies, side)| (dependencies.name.as_str(), &*side.exports));
            misfits.extend(need.misfits(&self.name, provider));
        }
        for user in self.users() {
            for need in user.soon().imports.iter() {
                let is_mine = user
                    .provider(need)
                    .is_some_and(|dependencies| std::ptr::eq(dependencies, self));
                if is_mine {
                    misfits.extend(need.misfits(&user.name, Some((&self.name, &own.exports))));
                }
            }
        }
        misfits
    }

    fn provider(&self, need: &ImportedInterface) -> Option<&Self> {
        let find = |interface: &str| {
            let mut providers = self.providers.iter();
            providers.position(|provider| provider.soon().exports.has(interface))
        };
        need.provider(find).map(|index| &*self.providers[index])
    }

    /// Returns the users that still exist.
    fn users(&self) -> Vec<Arc<Self>> {
        let mut users = lock(&self.users);
        users.retain(|user| user.strong_count() > 0);
        users.iter().filter_map(Weak::upgrade).collect()
    }

    /// Returns the side that counts after the expected swaps.
    fn soon(&self) -> Side {
        let sides = lock(&self.sides);
        sides.coming.as_ref().unwrap_or(&sides.now).clone()
    }
}

impl Side {
    fn of(program: &Program) -> Self {
        Self {
            imports: program.imports(),
            exports: Arc::new(program.export_types()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
