//! The host of an application's plugins, and how a slot is made.

use std::sync::Arc;

use super::bindings::Plugin;
use super::intake::Preparer;
use super::shared::Shared;
use super::slot_builder::SlotBuilder;
use crate::error::GuestError;
use crate::guest::{Engine, EngineOptions, World};
use crate::supervisor::Reaper;

/// What all slots of an application share: the compiler with its cache, a thread that makes new versions
/// ready, and one that drops old ones. Cheap to clone, and may be used from any thread.
///
/// ```
/// use vblank_runtime::guest::{CacheOptions, EngineOptions};
/// use vblank_runtime::plugin::Host;
///
/// // Compiled plugins are kept between runs.
/// let folder = std::env::temp_dir().join("plugins-compiled");
/// let host = Host::with(EngineOptions {
///     cache: Some(CacheOptions::new(folder)),
///     ..EngineOptions::default()
/// })?;
/// # let _ = host;
/// # Ok::<(), vblank_runtime::error::GuestError>(())
/// ```
#[derive(Clone)]
pub struct Host(Arc<Shared>);

impl Host {
    /// A host that keeps compiled code in memory only.
    ///
    /// # Errors
    /// When the machine gives no threads, or wasmtime does not know the processor.
    pub fn new() -> Result<Self, GuestError> {
        Self::with(EngineOptions::default())
    }

    /// A host with these options. What they allow and limit holds for slots that do not say otherwise.
    ///
    /// # Errors
    /// As for [`Host::new`].
    pub fn with(options: EngineOptions) -> Result<Self, GuestError> {
        let no_thread = |name| move |source| GuestError::Thread { name, source };
        Ok(Self(Arc::new(Shared {
            engine: Engine::new(World::common(), options)?,
            preparer: Preparer::start().map_err(no_thread("plugins"))?,
            reaper: Reaper::without_archive().map_err(no_thread("reaper"))?,
        })))
    }

    /// A slot for a plugin of this world. The name is for messages.
    pub fn slot<P: Plugin<Data: Default>>(&self, name: impl Into<String>) -> SlotBuilder<P> {
        self.slot_with(name, P::Data::default)
    }

    /// The same, where the imports work on something of the application's: `data` makes it, once for each
    /// instance, also for those of a new version. What is to outlive an instance is shared, say by an `Arc`.
    pub fn slot_with<P: Plugin>(
        &self,
        name: impl Into<String>,
        data: impl Fn() -> P::Data + Send + Sync + 'static,
    ) -> SlotBuilder<P> {
        let world = World::new(P::WORLD, P::link, P::bind, data);
        SlotBuilder::new(Arc::clone(&self.0), name.into(), world)
    }
}
