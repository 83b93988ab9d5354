//! What the host offers to a guest, and the guest's side of the host: one file an interface.

pub mod assets;
mod audio;
pub mod draw;
pub mod log;
pub mod window;

use std::any::Any;
use std::sync::Arc;

use wasmtime_wasi::{WasiCtxView, WasiView};

use super::Exports;
use super::capability::{self, Granted};
use super::engine::Engine;
use super::exchanges::Exchanges;
use super::handoff::Lent;
use super::limits::Memory;
use crate::error::{Binary, GuestError};
use crate::render::assets::Claim;

/// Everything that belongs to one guest instance beside its memory.
pub struct Context {
    pub(super) memory: Memory,
    pub(super) lent: Lent,
    pub(super) commands: draw::Commands,
    pub(super) wishes: window::Wishes,
    /// What it has asked for.
    pub(super) claim: Claim,
    /// What the guest's panic hook said; the trap that follows says only `unreachable`.
    pub(super) panic: Option<String>,
    pub(super) binary: Arc<Binary>,
    pub(super) is_replay: bool,
    /// What the instance exports, for plugins that use it.
    pub(super) exports: Option<Exports>,
    /// What plugins that it uses have given in the call that is made.
    pub(super) exchanges: Option<Arc<Exchanges>>,
    log: log::Log,
    flood: log::Flood,
    data: Box<dyn Any + Send>,
    /// Until its time is over, where samples are taken at each tick.
    pub(super) ticks_left: u64,
    granted: Option<Granted>,
}

impl Context {
    pub(super) fn new(
        engine: &Engine,
        memory: Memory,
        binary: Arc<Binary>,
    ) -> Result<Self, GuestError> {
        let limit = engine.options().limits.call;
        let granted = capability::context(&engine.allowed(), limit)?;
        Ok(Self {
            memory,
            lent: Lent::default(),
            commands: draw::Commands::default(),
            claim: engine.assets().claim(),
            wishes: window::Wishes::default(),
            panic: None,
            binary,
            is_replay: false,
            exports: None,
            exchanges: None,
            log: engine.world().log(),
            flood: log::Flood::default(),
            data: engine.world().data(),
            ticks_left: 0,
            granted,
        })
    }

    /// Whether a call is made again, after a version failed, only to have the state that it led to. What
    /// an import does to the world outside has been done then; what it gives should be the same.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.is_replay
    }

    fn granted(&mut self) -> &mut Granted {
        let granted = self.granted.as_mut();
        granted.expect("WASI is linked only where granted")
    }

    /// What the application's imports work on for this instance.
    ///
    /// # Panics
    /// When the instance's world has data of another type.
    pub fn data<D: 'static>(&mut self) -> &mut D {
        let data = self.data.downcast_mut();
        data.expect("the data is of the type that the world was made with")
    }
}

impl WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Granted { wasi, table, .. } = self.granted();
        WasiCtxView { ctx: wasi, table }
    }
}

#[cfg(feature = "http")]
impl wasmtime_wasi_http::WasiHttpView for Context {
    fn http(&mut self) -> wasmtime_wasi_http::WasiHttpCtxView<'_> {
        let Granted { table, http, .. } = self.granted();
        http.view(table)
    }
}
