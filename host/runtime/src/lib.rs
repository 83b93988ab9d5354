//! Vblank's runtime: runs WebAssembly components and replaces their code while they run, with the
//! state intact.
//!
//! This crate knows no graphics, no sound, no window and no command line. `vblank-host` builds games on top of it.
//! An application that wants plugins depends on this crate alone and starts at [`plugin`](mod@plugin).
//!
//! The modules are listed in reading order, and each names only those above it. `ARCHITECTURE.md` has the
//! map.

// Layer 0
pub mod error;
// Not part of the interface: for tests, with the feature `faults`.
#[doc(hidden)]
pub mod fault;
pub mod files;
pub mod image;
mod reserve;
// Not part of the interface: for `vblank-host`.
#[doc(hidden)]
pub mod thread;
// Layer 1
pub mod build;
pub mod guest;
pub mod history;
pub mod plugin;
pub mod supervisor;

/// The pages whose code is compiled.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/embedding.md")]
    mod embedding {}
}
