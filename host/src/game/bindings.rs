//! Bindings of the world `vblank:guest/game`, generated from `wit/`: the same files as the guest's.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

vblank_runtime::guest::wasmtime::component::bindgen!({
    path: "../wit",
    world: "game",
    imports: { default: trappable },
    ownership: Borrowing { duplicate_if_necessary: true },
    wasmtime_crate: vblank_runtime::guest::wasmtime,
});
