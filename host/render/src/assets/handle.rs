//! The assets of a host, shared by guests, loader and renderer.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vblank_input::Size;

use super::error::AssetError;
use super::info::{AssetInfo, AssetRequest, Held, Live};
use super::payload::Payload;
use super::registry::Registry;
use crate::commands::TextStyle;
use crate::sound::{Library, LookUp};
use crate::text::{Layout, Typesetter};

/// The assets of a host. A handle: cheap to clone.
#[derive(Clone, Default)]
pub struct Assets(Arc<Shared>);

#[derive(Default)]
struct Shared {
    registry: Mutex<Registry>,
    /// Made for the first text. Locked after the registry, never before it.
    typesetter: Mutex<Option<Typesetter>>,
    /// Something was loaded, or could not be.
    settled: Condvar,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assets({:?})", self.held())
    }
}

impl Assets {
    /// Free what nobody claims.
    pub fn sweep(&self) {
        let registry = &mut self.lock();
        if registry.sweep()
            && let Some(typesetter) = &mut *self.typesetter()
        {
            typesetter.keep_fonts(|font| registry.font(font).is_some());
        }
    }

    /// Of a texture or canvas that is there.
    #[must_use]
    pub fn texture_size(&self, handle: u32) -> Option<Size> {
        self.lock().texture_size(handle)
    }

    /// All of them, also such as are on their way or missing.
    #[must_use]
    pub fn list(&self) -> Vec<AssetInfo> {
        self.lock().list()
    }

    /// How much there is.
    #[must_use]
    pub fn held(&self) -> Held {
        self.lock().held()
    }

    /// All assets that are there, if something about them has changed since `seen`, which is 0 for
    /// whoever looks for the first time.
    #[must_use]
    pub fn changed_since(&self, seen: &mut u64) -> Option<Vec<Live>> {
        let registry = self.lock();
        if std::mem::replace(seen, registry.version()) == registry.version() {
            return None;
        }
        Some(registry.live())
    }

    /// Wait until the files that were asked for have been looked at, each for the first time, and not
    /// longer than this. What is not there by then is not waited for again.
    pub fn wait(&self, limit: Duration) {
        let begun = Instant::now();
        let mut registry = self.lock();
        while registry.is_waiting() {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return registry.give_up_waiting();
            }
            let waited = self.0.settled.wait_timeout(registry, left);
            registry = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// From now on there is a loader: `wake` is called when a file is wanted, and must not ask back.
    pub fn attach_loader(&self, wake: impl Fn() + Send + 'static) {
        self.lock().set_loader(Some(Box::new(wake)));
    }

    /// The loader is gone.
    pub fn detach_loader(&self) {
        self.lock().set_loader(None);
        self.0.settled.notify_all();
    }

    /// The files that have been asked for since this was last called.
    #[must_use]
    pub fn take_wanted(&self) -> Vec<AssetRequest> {
        self.lock().take_wanted()
    }

    /// All assets that come from files.
    #[must_use]
    pub fn files(&self) -> Vec<AssetRequest> {
        self.lock().files()
    }

    /// A file was read: here is its content, or why there is none. An asset that has a content keeps it
    /// then. `tell` hears what a person should know, if that is new; it must not ask back.
    pub fn loaded(
        &self,
        handle: u32,
        content: Result<(blake3::Hash, Payload), AssetError>,
        tell: impl FnOnce(String),
    ) {
        // Told before whoever waits can go on.
        let mut registry = self.lock();
        if let Some(notice) = registry.loaded(handle, content) {
            tell(notice);
        }
        self.0.settled.notify_all();
    }

    /// Whether an asset has just this content.
    #[must_use]
    pub fn has(&self, handle: u32, hash: blake3::Hash) -> bool {
        self.lock().has(handle, hash)
    }

    /// Lay a text out, or find it again.
    pub(crate) fn layout(&self, style: &TextStyle, text: &str) -> Arc<Layout> {
        let font = match style.font {
            0 => None,
            font => self.lock().font(font),
        };
        self.typeset(|typesetter| typesetter.layout(font.as_ref(), style, text))
    }

    /// Have the typesetter do something.
    pub(crate) fn typeset<T>(&self, something: impl FnOnce(&mut Typesetter) -> T) -> T {
        something(self.typesetter().get_or_insert_with(Typesetter::new))
    }

    fn typesetter(&self) -> MutexGuard<'_, Option<Typesetter>> {
        let typesetter = &self.0.typesetter;
        typesetter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for assets: one has been loaded, or cannot be.
    pub(super) fn notify_settled(&self) {
        self.0.settled.notify_all();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Registry> {
        let registry = &self.0.registry;
        registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Library for Assets {
    fn sound(&self, handle: u32) -> LookUp {
        self.lock().sound(handle)
    }
}
