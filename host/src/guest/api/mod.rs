//! What the host offers to a guest, and the guest's side of the host: one file an interface.

pub mod assets;
mod audio;
pub mod draw;
mod log;
pub mod window;

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::handoff::Lent;
use super::limits::Memory;
use crate::error::Binary;
use crate::render::assets::Claim;

/// Everything that belongs to one guest instance beside its memory.
pub(crate) struct Context {
    pub(super) memory: Memory,
    pub(super) lent: Lent,
    pub(super) commands: draw::Commands,
    pub(super) wishes: window::Wishes,
    /// What it has asked for.
    pub(super) claim: Claim,
    /// What the guest's panic hook said; the trap that follows says only `unreachable`.
    pub(super) panic: Option<String>,
    pub(super) binary: Arc<Binary>,
    wasi: Option<(WasiCtx, ResourceTable)>,
}

impl Context {
    pub(super) fn new(memory: Memory, binary: Arc<Binary>, claim: Claim, with_wasi: bool) -> Self {
        let wasi = with_wasi.then(|| {
            let context = WasiCtx::builder().inherit_stdout().inherit_stderr().build();
            (context, ResourceTable::new())
        });
        Self {
            memory,
            lent: Lent::default(),
            commands: draw::Commands::default(),
            claim,
            wishes: window::Wishes::default(),
            panic: None,
            binary,
            wasi,
        }
    }
}

impl WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (ctx, table) = self
            .wasi
            .as_mut()
            .expect("WASI is linked only where granted");
        WasiCtxView { ctx, table }
    }
}
