//! wasmtime's store and linker with our context in them.

use super::context::Context;

/// The store that an instance lives in; generated bindings call through it.
pub type Store = wasmtime::Store<Context>;
/// The linker that an application adds its imports to.
pub type Linker = wasmtime::component::Linker<Context>;
