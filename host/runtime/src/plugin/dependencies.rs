//! Who uses whom: what the plugin of a slot takes from others and gives to others, and whether a version that is
//! to come fits those beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::{Misfit, SwapError};
use crate::guest::{ExportTypes, ImportedInterface, Program};

/// A slot, as those know it that its plugin uses or that use its plugin.
pub(super) struct Dependencies {
    name: String,
    /// In the order in which [`ImportedInterface::provider`] counts them.
    providers: Vec<Arc<Dependencies>>,
    users: Mutex<Vec<Weak<Dependencies>>>,
    sides: Mutex<Sides>,
}

#[derive(Default)]
struct Sides {
    now: Side,
    /// Of the version that is about to take over.
    coming: Option<Side>,
}

/// What one version takes and gives.
#[derive(Clone, Default)]
struct Side {
    imports: Arc<[ImportedInterface]>,
    gives: Arc<ExportTypes>,
}

impl Dependencies {
    /// Of a slot that uses these.
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

    /// Whether there is anybody that it may use.
    #[inline]
    pub(super) fn uses_any(&self) -> bool {
        !self.providers.is_empty()
    }

    /// This version is about to take over, perhaps together with others.
    pub(super) fn expect(&self, program: &Program) {
        lock(&self.sides).coming = Some(Side::of(program));
    }

    /// It does not, after all.
    pub(super) fn forget(&self) {
        lock(&self.sides).coming = None;
    }

    /// It has.
    pub(super) fn settle(&self) {
        let mut sides = lock(&self.sides);
        if let Some(coming) = sides.coming.take() {
            sides.now = coming;
        }
    }

    /// Whether the version that is about to take over fits those that will be there then.
    ///
    /// # Errors
    /// What does not fit, with those who use it.
    pub(super) fn check(&self) -> Result<(), SwapError> {
        let misfits = self.misfits();
        if misfits.is_empty() {
            Ok(())
        } else {
            Err(SwapError::Misfits(misfits))
        }
    }

    /// What it uses and is not given, and what others use that it does not give.
    pub(super) fn misfits(&self) -> Vec<Misfit> {
        let own = self.soon();
        let mut misfits = Vec::new();
        for need in own.imports.iter() {
            let provider = self
                .provider(need)
                .map(|dependencies| (dependencies, dependencies.soon()));
            let provider = provider
                .as_ref()
                .map(|(dependencies, side)| (dependencies.name.as_str(), &*side.gives));
            misfits.extend(need.misfits(&self.name, provider));
        }
        for user in self.users() {
            for need in user.soon().imports.iter() {
                let is_mine = user
                    .provider(need)
                    .is_some_and(|dependencies| std::ptr::eq(dependencies, self));
                if is_mine {
                    misfits.extend(need.misfits(&user.name, Some((&self.name, &own.gives))));
                }
            }
        }
        misfits
    }

    fn provider(&self, need: &ImportedInterface) -> Option<&Self> {
        let gives = |interface: &str| {
            let mut providers = self.providers.iter();
            providers.position(|provider| provider.soon().gives.has(interface))
        };
        need.provider(gives).map(|index| &*self.providers[index])
    }

    /// Those who use it and are still there.
    fn users(&self) -> Vec<Arc<Self>> {
        let mut users = lock(&self.users);
        users.retain(|user| user.strong_count() > 0);
        users.iter().filter_map(Weak::upgrade).collect()
    }

    /// What counts when the swaps that are about to be are over.
    fn soon(&self) -> Side {
        let sides = lock(&self.sides);
        sides.coming.as_ref().unwrap_or(&sides.now).clone()
    }
}

impl Side {
    fn of(program: &Program) -> Self {
        Self {
            imports: program.imports(),
            gives: Arc::new(program.export_types()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
