//! Grants: the capabilities of an engine's guests, and a linker that offers just those.

use wasmtime::component::Linker;

use super::blocking;
use super::capability::{self, Capability};
use super::context::Context;
use super::wants::Want;
use super::world::World;
use crate::error::GuestError;

/// The granted capabilities, and a linker that offers exactly these. A grant is never withdrawn, since a
/// guest that was linked with it may be instantiated at any time.
pub(super) struct Grants {
    pub(super) allow: Vec<Capability>,
    pub(super) linker: Linker<Context>,
}

impl Grants {
    /// Links a world and the capabilities.
    ///
    /// # Errors
    /// When an import cannot be linked.
    pub(super) fn new(
        wasm: &wasmtime::Engine,
        world: &World,
        allow: Vec<Capability>,
    ) -> Result<Self, GuestError> {
        let linker = || {
            let mut linker = world.linker(wasm)?;
            if !allow.is_empty() {
                wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
                blocking::add_to_linker(&mut linker)?;
                #[cfg(feature = "http")]
                wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker)?;
            }
            Ok(linker)
        };
        let linker =
            linker().map_err(|error: wasmtime::Error| GuestError::Engine(format!("{error:#}")))?;
        Ok(Self { allow, linker })
    }

    /// Checks that all the code wants is granted.
    ///
    /// # Errors
    /// Every want that is not granted.
    pub(super) fn check_wants(&self, wants: &[Want]) -> Result<(), GuestError> {
        let is_granted = |want: &&Want| self.allow.iter().any(|one| one.includes(&want.capability));
        let denied: Vec<&Want> = wants.iter().filter(|want| !is_granted(want)).collect();
        if denied.is_empty() {
            return Ok(());
        }
        Err(GuestError::Wanting {
            wants: denied.iter().map(|want| want.to_string()).collect(),
            grants: denied.iter().map(|want| want.grant()).collect(),
        })
    }

    /// Checks that every import that needs a capability has one.
    ///
    /// # Errors
    /// The first import without a capability, and the smallest capability that is enough for all.
    pub(super) fn check_imports(&self, imports: &[&str]) -> Result<(), GuestError> {
        let is_covered = |import: &str| self.allow.iter().any(|one| one.covers(import));
        let needy = imports.iter().copied();
        let needy = needy.filter(|import| Capability::needed_for(import).is_some());
        let denied: Vec<&str> = needy.filter(|import| !is_covered(import)).collect();
        match capability::enough_for(&denied) {
            None => Ok(()),
            Some((import, capability)) => Err(GuestError::NotAllowed {
                import: import.to_owned(),
                capability,
            }),
        }
    }
}
