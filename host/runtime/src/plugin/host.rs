//! The host of an application's plugins, which makes slots.

use std::sync::Arc;

use super::bindings::Plugin;
use super::intake::Preparer;
use super::shared::Shared;
use super::slot_builder::SlotBuilder;
use crate::error::GuestError;
use crate::guest::{Engine, EngineOptions, World};
use crate::supervisor::Reaper;

/// The parts that all slots of an application share: the compiler with its cache, a thread that prepares
/// new versions, and one that drops old ones. A host is cheap to clone and may be used from any thread.
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
    /// Creates a host that keeps compiled code in memory only.
    ///
    /// # Errors
    /// When the system starts no thread, or wasmtime does not support the processor.
    pub fn new() -> Result<Self, GuestError> {
        Self::with(EngineOptions::default())
    }

    /// Creates a host with these options. Their grants and limits apply to each slot that sets none of its
    /// own.
    ///
    /// # Errors
    /// As for [`Host::new`].
    pub fn with(options: EngineOptions) -> Result<Self, GuestError> {
        let no_thread = |name| move |cause| GuestError::Thread { name, cause };
        Ok(Self(Arc::new(Shared {
            engine: Engine::new(World::common(), options)?,
            preparer: Preparer::start().map_err(no_thread("plugins"))?,
            reaper: Reaper::without_archive().map_err(no_thread("reaper"))?,
        })))
    }

    /// Starts building a slot for a plugin of the world `P`. The name is used in messages.
    pub fn slot<P: Plugin<Data: Default>>(&self, name: impl Into<String>) -> SlotBuilder<P> {
        self.slot_with(name, P::Data::default)
    }

    /// Starts building a slot whose imports work on data of the application. `data` is called once for each
    /// instance, also for those of new versions. Data that must outlive an instance is shared, for example
    /// with an `Arc`.
    pub fn slot_with<P: Plugin>(
        &self,
        name: impl Into<String>,
        data: impl Fn() -> P::Data + Send + Sync + 'static,
    ) -> SlotBuilder<P> {
        let world = World::new(P::WORLD, P::link, P::bind, data);
        SlotBuilder::new(Arc::clone(&self.0), name.into(), world)
    }
}
