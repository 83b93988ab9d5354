//! Bindings of the world `vblank:guest/plugin`, which every world includes, generated from `wit/`: the
//! same files as the guest's.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: trappable },
    ownership: Borrowing { duplicate_if_necessary: true },
});
