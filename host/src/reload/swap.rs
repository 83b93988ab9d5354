//! The swap: a state is carried from where it lies into a version that is ready for it.
//!
//! Nothing here publishes. The old version is only read, so until the caller puts the new one in its
//! place, which cannot fail, dropping the new one undoes everything.

use std::time::Duration;

use vblank_state::{
    Change, Limits, Migrated, ParcelRef, Parked, Plan, Schema, Verdict, apply, diff, explain,
};

use super::candidate::Version;
use crate::error::{GuestError, Refused};

/// A state and where it lies: in a running guest's memory or in an image.
pub struct Origin<'a> {
    /// Its type.
    pub schema: &'a Schema,
    /// Its bytes.
    pub parcel: ParcelRef<'a>,
    /// Values that had no place in it.
    pub parked: &'a Parked,
}

/// What a swap did.
#[derive(Debug)]
pub struct Swap {
    /// How the schemas compare.
    pub verdict: Verdict,
    /// Field by field.
    pub changes: Vec<Change>,
    /// Whether the author's own migrations ran.
    pub is_explicit: bool,
    /// Size of the state as it was taken.
    pub state_bytes: usize,
    /// Values without a place from now on.
    pub parked: Parked,
    /// What the migration has to tell.
    pub notes: Vec<String>,
    /// How long the game stood still. Filled in by whoever made it stand.
    pub pause: Duration,
}

/// The paths of all that is parked.
pub(super) fn parked_paths(parked: &Parked) -> Vec<String> {
    parked.paths().into_iter().map(|(path, _)| path).collect()
}

impl Swap {
    /// Whether the bytes moved as they were.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.verdict == Verdict::Identical
    }
}

/// Carry a state over: plan, migrate, verify. One copy of the bytes where the schemas are the same.
///
/// # Errors
/// When the types differ too much, a value does not fit, or the new code refuses or traps. The
/// origin is as it was; the version that was to take it is good for nothing.
pub fn carry(origin: &Origin<'_>, into: &mut Version, strict: bool) -> Result<Swap, Refused> {
    let difference = diff(origin.schema, &into.schema);
    let plan = Plan::new(origin.schema, &into.schema)
        .map_err(|needed| Refused::NeedsMigration(explain(origin.schema, &into.schema, &needed)))?;
    let state_bytes = origin.parcel.bytes();
    if plan.is_identity() && origin.parked.is_empty() {
        give(into, &origin.parcel, &[])?;
        return Ok(Swap {
            verdict: difference.verdict,
            changes: difference.changes,
            is_explicit: false,
            state_bytes,
            parked: Parked::default(),
            notes: Vec::new(),
            pause: Duration::ZERO,
        });
    }
    let Migrated {
        parcel,
        parked,
        notes,
        leftovers,
    } = apply(
        &plan,
        &origin.parcel,
        &into.defaults,
        origin.parked,
        &Limits::default(),
    )
    .map_err(|refusal| Refused::DoesNotFit(refusal.to_string()))?;
    if strict && parked.len() > origin.parked.len() {
        return Err(Refused::Strict(format!(
            "{} would be parked",
            parked_paths(&parked).join(", ")
        )));
    }
    give(into, &parcel.as_ref(), &leftovers)?;
    Ok(Swap {
        verdict: difference.verdict,
        changes: difference.changes,
        is_explicit: plan.is_hooked(),
        state_bytes,
        parked,
        notes,
        pause: Duration::ZERO,
    })
}

fn give(into: &mut Version, parcel: &ParcelRef<'_>, leftovers: &[u8]) -> Result<(), Refused> {
    into.instance
        .migrate(parcel, leftovers)
        .map_err(GuestError::from)?
        .map_err(Refused::Migrate)
}
