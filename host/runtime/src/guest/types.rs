//! Types of wasmtime that cross the seams of this module.

/// An instance's exports, as generated bindings look them up.
pub type Exports = wasmtime::component::Instance;
/// A value that crosses from one plugin to another.
pub(crate) type Value = wasmtime::component::Val;
/// The result of generated bindings.
pub type CallResult<T> = wasmtime::Result<T>;
