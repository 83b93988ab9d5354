//! Bindings of the world `vblank:guest/plugin`, which every world includes. They are generated from `wit/`,
//! which the guest's bindings come from too.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: trappable },
    ownership: Borrowing { duplicate_if_necessary: true },
});
