//! A guest's compiled code, linked to its world. Knows no engine and no instance.

use std::sync::Arc;

use wasmtime::component::InstancePre;

use super::context::Context;
use super::hash::CodeHash;
use super::provide::{ExportTypes, ImportedInterface};
use crate::error::Binary;

/// A guest's compiled code, linked: an instance of it is some 20 µs away.
#[derive(Clone)]
pub struct Program {
    /// Hash of the file that it came from.
    pub hash: CodeHash,
    /// The file, for the source locations of a trap.
    pub(super) binary: Arc<Binary>,
    pub(super) pre: InstancePre<Context>,
    /// Its imports from other plugins.
    pub(super) imports: Arc<[ImportedInterface]>,
}

impl Program {
    /// The file that it came from.
    #[must_use]
    pub fn binary(&self) -> &Arc<Binary> {
        &self.binary
    }

    /// Its imports from other plugins.
    pub(crate) fn imports(&self) -> Arc<[ImportedInterface]> {
        Arc::clone(&self.imports)
    }

    /// The types of its exports. Takes some microseconds.
    pub(crate) fn export_types(&self) -> ExportTypes {
        ExportTypes::of(self.pre.component())
    }
}
