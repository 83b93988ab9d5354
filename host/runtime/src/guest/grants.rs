//! Grants: the capabilities of an engine's guests, and a linker that offers just those.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Linker;

use super::blocking;
use super::capability::{self, Capability, Grant, GrantedWasi};
use super::context::Context;
use super::wants::Want;
use super::world::World;
use crate::error::{GuestError, MissingGrant};

/// The granted capabilities, and a linker that offers exactly these.
pub(super) struct Grants {
    grants: Arc<[Grant]>,
    /// True once something was granted. A guest that was linked then may be instantiated at any time.
    has_wasi: bool,
    pub(super) linker: Linker<Context>,
}

impl Grants {
    /// Opens the capabilities, and links a world and them.
    ///
    /// # Errors
    /// When a folder cannot be opened or an import cannot be linked.
    pub(super) fn new(
        wasm: &wasmtime::Engine,
        world: &World,
        allow: &[Capability],
    ) -> Result<Self, GuestError> {
        let grants: Result<Arc<[Grant]>, _> = allow.iter().cloned().map(Grant::open).collect();
        let grants = grants?;
        let has_wasi = !grants.is_empty();
        Ok(Self {
            linker: linker(wasm, world, has_wasi)?,
            has_wasi,
            grants,
        })
    }

    /// Returns grants with a further capability, or `None` if it is granted already.
    ///
    /// # Errors
    /// As for [`Grants::new`].
    pub(super) fn with(
        &self,
        wasm: &wasmtime::Engine,
        world: &World,
        capability: Capability,
    ) -> Result<Option<Self>, GuestError> {
        if self.all().any(|granted| *granted == capability) {
            return Ok(None);
        }
        let added = std::iter::once(Grant::open(capability)?);
        Ok(Some(Self {
            linker: match self.has_wasi {
                true => self.linker.clone(),
                false => linker(wasm, world, true)?,
            },
            has_wasi: true,
            grants: self.grants.iter().cloned().chain(added).collect(),
        }))
    }

    /// Takes a capability from every instance that is made from now on. Returns false if it was not granted.
    pub(super) fn withdraw(&mut self, capability: &Capability) -> bool {
        let kept = self
            .grants
            .iter()
            .filter(|grant| grant.capability != *capability);
        let kept: Arc<[Grant]> = kept.cloned().collect();
        let was_granted = kept.len() < self.grants.len();
        self.grants = kept;
        was_granted
    }

    /// Returns the granted capabilities, in the order of their grants.
    pub(super) fn all(&self) -> impl Iterator<Item = &Capability> {
        self.grants.iter().map(|grant| &grant.capability)
    }

    /// Returns what an instance is granted. `None` if nothing ever was. Its requests over HTTP may take as
    /// long as a call.
    ///
    /// # Errors
    /// When a folder cannot be used.
    pub(super) fn context(&self, call_limit: Duration) -> Result<Option<GrantedWasi>, GuestError> {
        let context = || capability::context(&self.grants, call_limit);
        self.has_wasi.then(context).transpose()
    }

    /// Checks that all the code wants is granted.
    ///
    /// # Errors
    /// Every want that is not granted.
    pub(super) fn check_wants(&self, wants: &[Want]) -> Result<(), GuestError> {
        let is_granted = |want: &&Want| self.all().any(|one| one.includes(&want.capability));
        let denied: Vec<&Want> = wants.iter().filter(|want| !is_granted(want)).collect();
        if denied.is_empty() {
            return Ok(());
        }
        let missing = denied.iter().map(|want| MissingGrant {
            reason: want.reason.clone(),
            grant: want.grant(),
        });
        Err(GuestError::Wanting {
            missing: missing.collect(),
        })
    }

    /// Checks that every import that needs a capability has one.
    ///
    /// # Errors
    /// The first import without a capability, and the smallest capability that is enough for all.
    pub(super) fn check_imports(&self, imports: &[&str]) -> Result<(), GuestError> {
        let is_covered = |import: &str| self.all().any(|one| one.covers(import));
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

fn linker(
    wasm: &wasmtime::Engine,
    world: &World,
    has_wasi: bool,
) -> Result<Linker<Context>, GuestError> {
    let linker = || {
        let mut linker = world.linker(wasm)?;
        if has_wasi {
            wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
            blocking::add_to_linker(&mut linker)?;
            #[cfg(feature = "http")]
            wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker)?;
        }
        Ok(linker)
    };
    linker().map_err(|error: wasmtime::Error| GuestError::Engine(format!("{error:#}")))
}
