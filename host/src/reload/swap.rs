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
use crate::image::Image;

/// A state and where it lies: in a running guest's memory or in an image.
pub struct Origin<'a> {
    /// Its type.
    pub schema: &'a Schema,
    /// Its bytes.
    pub parcel: ParcelRef<'a>,
    /// Values that had no place in it.
    pub parked: &'a Parked,
}

impl<'a> Origin<'a> {
    /// A state that lies in an image.
    #[must_use]
    pub fn of(image: &'a Image) -> Self {
        Self {
            schema: &image.schema,
            parcel: image.parcel.as_ref(),
            parked: &image.parked,
        }
    }
}

/// How a state crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// One copy of the bytes.
    Copy,
    /// Its large lists by moving their pages, the rest by a copy. The old version has lost them then.
    Pages,
    /// A new state is made of the old one.
    Migrate,
}

/// What a swap did.
#[derive(Clone, Debug)]
pub struct Swap {
    /// How the state crossed.
    pub path: Path,
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
    /// Of a state that was copied as it was.
    fn identical(state_bytes: usize) -> Self {
        Self {
            path: Path::Copy,
            verdict: Verdict::Identical,
            changes: Vec::new(),
            is_explicit: false,
            state_bytes,
            parked: Parked::default(),
            notes: Vec::new(),
            pause: Duration::ZERO,
        }
    }

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
    let state_bytes = origin.parcel.bytes();
    if *origin.schema == *into.schema && origin.parked.is_empty() {
        // As it mostly is: nothing to compare, nothing to plan.
        give(into, &origin.parcel, &[])?;
        return Ok(Swap::identical(state_bytes));
    }
    let difference = diff(origin.schema, &into.schema);
    let plan = Plan::new(origin.schema, &into.schema)
        .map_err(|needed| Refused::NeedsMigration(explain(origin.schema, &into.schema, &needed)))?;
    if plan.is_identity() && origin.parked.is_empty() {
        give(into, &origin.parcel, &[])?;
        return Ok(Swap {
            verdict: difference.verdict,
            changes: difference.changes,
            ..Swap::identical(state_bytes)
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
        path: Path::Migrate,
        verdict: difference.verdict,
        changes: difference.changes,
        is_explicit: plan.is_hooked(),
        state_bytes,
        parked,
        notes,
        pause: Duration::ZERO,
    })
}

/// A state's lists are moved from this many bytes on, all together. Below, a copy is as quick, and it
/// leaves the old version whole, to go back to.
pub const PAGES_MIN: usize = 4 << 20;

/// Carry a state of the same type over, all but its lists in pages of their own, which are to be moved
/// next ([`crate::guest::Instance::take_pages`]). `None` when that does not pay or is not possible;
/// then nothing is lost, and [`carry`] does it.
///
/// # Errors
/// When the new code traps. The old version is as it was.
pub fn carry_but_pages(
    from: &Version,
    parked: &Parked,
    into: &mut Version,
) -> Result<Option<Swap>, Refused> {
    let is_possible = from.schema == into.schema && parked.is_empty();
    if !is_possible || from.instance.movable() < PAGES_MIN {
        return Ok(None);
    }
    let state_bytes = from.instance.parcel().bytes();
    let given = into.instance.migrate_but_pages(&from.instance);
    let given = given.map_err(GuestError::from)?;
    Ok(given.ok().map(|()| Swap {
        path: Path::Pages,
        ..Swap::identical(state_bytes)
    }))
}

fn give(into: &mut Version, parcel: &ParcelRef<'_>, leftovers: &[u8]) -> Result<(), Refused> {
    into.instance
        .migrate(parcel, leftovers)
        .map_err(GuestError::from)?
        .map_err(Refused::Migrate)
}
