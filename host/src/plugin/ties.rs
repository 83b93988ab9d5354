//! Who uses whom: what the plugin of a slot takes from others and gives to others, and whether a version that is
//! to come fits those beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::{Misfit, Refused};
use crate::guest::{Gives, Need, Program};

/// A slot, as those know it that its plugin uses or that use its plugin.
pub(super) struct Ties {
    name: String,
    /// In the order in which [`Need::provider`] counts them.
    providers: Vec<Arc<Ties>>,
    users: Mutex<Vec<Weak<Ties>>>,
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
    needs: Arc<[Need]>,
    gives: Arc<Gives>,
}

impl Ties {
    /// Of a slot that uses these.
    pub(super) fn new(name: &str, providers: Vec<Arc<Self>>) -> Arc<Self> {
        let ties = Arc::new(Self {
            name: name.to_owned(),
            providers,
            users: Mutex::default(),
            sides: Mutex::default(),
        });
        for provider in &ties.providers {
            lock(&provider.users).push(Arc::downgrade(&ties));
        }
        ties
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
    pub(super) fn check(&self) -> Result<(), Refused> {
        let misfits = self.misfits();
        if misfits.is_empty() {
            Ok(())
        } else {
            Err(Refused::Misfits(misfits))
        }
    }

    /// What it uses and is not given, and what others use that it does not give.
    pub(super) fn misfits(&self) -> Vec<Misfit> {
        let own = self.soon();
        let mut misfits = Vec::new();
        for need in own.needs.iter() {
            let provider = self.provider(need).map(|ties| (ties, ties.soon()));
            let provider = provider
                .as_ref()
                .map(|(ties, side)| (ties.name.as_str(), &*side.gives));
            misfits.extend(need.misfits(&self.name, provider));
        }
        for user in self.users() {
            for need in user.soon().needs.iter() {
                let is_mine = user
                    .provider(need)
                    .is_some_and(|ties| std::ptr::eq(ties, self));
                if is_mine {
                    misfits.extend(need.misfits(&user.name, Some((&self.name, &own.gives))));
                }
            }
        }
        misfits
    }

    fn provider(&self, need: &Need) -> Option<&Self> {
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
            needs: program.needs(),
            gives: Arc::new(program.gives()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
