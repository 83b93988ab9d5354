//! A guest's compiled code, linked to its world. Knows no engine and no instance.

use std::sync::Arc;

use wasmtime::component::InstancePre;

use super::context::Context;
use super::hash::CodeHash;
use super::provide::{ExportTypes, ImportedInterface};
use crate::error::Binary;

/// A guest's compiled and linked code. Making an instance of it takes about 20 µs.
#[derive(Clone)]
pub struct Program {
    /// Hash of the guest's file.
    pub hash: CodeHash,
    /// The guest's file, for the source locations of a trap.
    pub(super) binary: Arc<Binary>,
    pub(super) pre: InstancePre<Context>,
    /// Imports from other plugins.
    pub(super) imports: Arc<[ImportedInterface]>,
}

impl Program {
    /// Returns the guest's file.
    #[must_use]
    pub fn binary(&self) -> &Arc<Binary> {
        &self.binary
    }

    /// Returns the imports from other plugins.
    pub(crate) fn imports(&self) -> Arc<[ImportedInterface]> {
        Arc::clone(&self.imports)
    }

    /// Returns the types of the exports. Takes some microseconds.
    pub(crate) fn export_types(&self) -> ExportTypes {
        ExportTypes::of(self.pre.component())
    }
}
