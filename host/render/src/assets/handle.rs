//! The assets of a host, shared by guests, loader and renderer. Knows no files and no GPU.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vblank_input::Size;

use super::budget::{DecodeBudget, MAX_DECODE_TIME};
use super::error::AssetError;
use super::info::{AssetInfo, AssetRequest, Held, Live};
use super::payload::Payload;
use super::registry::Registry;
use crate::commands::TextStyle;
use crate::sound::{Library, LookUp};
use crate::text::{Layout, Typesetter};

/// A handle to the assets of a host. Cheap to clone.
#[derive(Clone, Default)]
pub struct Assets(Arc<Shared>);

#[derive(Default)]
struct Shared {
    registry: Mutex<Registry>,
    /// Created for the first text. Locked after the registry, never before it.
    typesetter: Mutex<Option<Typesetter>>,
    /// Notified when a file has been loaded, or failed to load.
    settled: Condvar,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assets({:?})", self.held())
    }
}

impl Assets {
    /// Frees assets that no guest claims.
    pub fn sweep(&self) {
        let registry = &mut self.lock();
        if registry.sweep()
            && let Some(typesetter) = &mut *self.typesetter()
        {
            typesetter.keep_fonts(|font| registry.font(font).is_some());
        }
    }

    /// Size of a texture or canvas, once it is loaded.
    #[must_use]
    pub fn texture_size(&self, handle: u32) -> Option<Size> {
        self.lock().texture_size(handle)
    }

    /// Lists all assets, including those that are loading or missing.
    #[must_use]
    pub fn list(&self) -> Vec<AssetInfo> {
        self.lock().list()
    }

    /// Number and size of the assets.
    #[must_use]
    pub fn held(&self) -> Held {
        self.lock().held()
    }

    /// Returns all loaded assets if any of them has changed since `seen`, and updates `seen`. It starts at
    /// 0.
    #[must_use]
    pub fn changed_since(&self, seen: &mut u64) -> Option<Vec<Live>> {
        let registry = self.lock();
        if std::mem::replace(seen, registry.version()) == registry.version() {
            return None;
        }
        Some(registry.live())
    }

    /// Waits until every requested file has been tried, no longer than `limit`. Files that are not ready by
    /// then are not waited for again.
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

    /// Attaches a loader. `wake` is called when a file is requested, and must not call back into the
    /// assets.
    pub fn attach_loader(&self, wake: impl Fn() + Send + 'static) {
        self.lock().set_loader(Some(Box::new(wake)));
    }

    /// Detaches the loader.
    pub fn detach_loader(&self) {
        self.lock().set_loader(None);
        self.0.settled.notify_all();
    }

    /// Takes the requests for files that were made since the last call.
    #[must_use]
    pub fn take_wanted(&self) -> Vec<AssetRequest> {
        self.lock().take_wanted()
    }

    /// Lists all assets that come from files.
    #[must_use]
    pub fn files(&self) -> Vec<AssetRequest> {
        self.lock().files()
    }

    /// Sets the content of an asset that was read from a file, or the reason why it could not be read.
    /// After a failure, an asset keeps its old content. `tell` is called with a new notice for the user,
    /// and must not call back into the assets.
    pub fn loaded(
        &self,
        handle: u32,
        content: Result<(blake3::Hash, Payload), AssetError>,
        tell: impl FnOnce(String),
    ) {
        // The notice is sent before waiting threads can continue.
        let mut registry = self.lock();
        if let Some(notice) = registry.loaded(handle, content) {
            tell(notice);
        }
        self.0.settled.notify_all();
    }

    /// Returns the budget for decoding the file of an asset.
    #[must_use]
    pub fn budget(&self, handle: u32) -> DecodeBudget {
        DecodeBudget::new(self.lock().left_for_file(handle), MAX_DECODE_TIME)
    }

    /// True if an asset has exactly this content.
    #[must_use]
    pub fn has(&self, handle: u32, hash: blake3::Hash) -> bool {
        self.lock().has(handle, hash)
    }

    /// Returns the layout of a text, from the cache if possible.
    pub(crate) fn layout(&self, style: &TextStyle, text: &str) -> Arc<Layout> {
        let font = match style.font {
            0 => None,
            font => self.lock().font(font),
        };
        self.typeset(|typesetter| typesetter.layout(font.as_ref(), style, text))
    }

    /// Work for all new layouts so far, in bytes of text.
    pub(crate) fn layout_work(&self) -> u64 {
        let typesetter = self.typesetter();
        typesetter.as_ref().map_or(0, Typesetter::work)
    }

    /// Calls a function with the typesetter.
    pub(crate) fn typeset<T>(&self, something: impl FnOnce(&mut Typesetter) -> T) -> T {
        something(self.typesetter().get_or_insert_with(Typesetter::new))
    }

    fn typesetter(&self) -> MutexGuard<'_, Option<Typesetter>> {
        let typesetter = &self.0.typesetter;
        typesetter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes threads that wait for assets.
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
