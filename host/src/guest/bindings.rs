//! Bindings generated from `wit/`, the same files as the guest's.
#![allow(missing_docs, reason = "generated; the documentation is in wit/")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "game",
    imports: { default: trappable },
    ownership: Borrowing { duplicate_if_necessary: true },
});

/// What every guest has.
pub mod plugin {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "plugin",
        imports: { default: trappable },
        ownership: Borrowing { duplicate_if_necessary: true },
        with: {
            "vblank:guest/log": super::vblank::guest::log,
            "vblank:guest/lend": super::vblank::guest::lend,
        },
    });
}
