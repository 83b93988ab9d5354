//! The transfer of a state from where it lies into a version that is ready for it.
//!
//! Nothing here publishes. The old version is only read, so until the caller puts the new one in its
//! place, which cannot fail, dropping the new one undoes everything.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vblank_state::{
    Change, Comparison, Limits, MigrationResult, ParcelRef, Parked, Schema, Verdict, apply, explain,
};

use super::candidate::Version;
use crate::error::{GuestError, SwapError};
use crate::image::Image;

/// A state and where it lies: in a running guest's memory or in an image.
pub struct Origin<'a> {
    /// The state's type.
    pub schema: &'a Arc<Schema>,
    /// The state's bytes.
    pub parcel: ParcelRef<'a>,
    /// Values without a place in the state.
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

/// The way in which a state crosses. Serialised, it is a contract: the `path` of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransferMode {
    /// One copy of the bytes.
    Copy,
    /// Large lists by moving their pages, the rest by a copy. The old version loses them.
    Pages,
    /// A new state made of the old one.
    Migrate,
}

/// The verdict on a swap in one word. Serialised and printed, it is a contract: the `verdict` of the
/// report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwapVerdict {
    /// The bytes moved as they were.
    Identical,
    /// A plan made from the two schemas moved the state.
    Automatic,
    /// The author's own migrations ran.
    Migrated,
}

impl fmt::Display for SwapVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identical => "identical",
            Self::Automatic => "automatic",
            Self::Migrated => "migrated",
        })
    }
}

/// The result of a swap.
#[derive(Clone, Debug)]
pub struct Swap {
    /// The way in which the state crossed.
    pub mode: TransferMode,
    /// The comparison of the schemas in one word.
    pub verdict: Verdict,
    /// The comparison field by field.
    pub changes: Vec<Change>,
    /// Whether the author's own migrations ran.
    pub is_explicit: bool,
    /// Size of the state as it was taken, in bytes.
    pub state_bytes: usize,
    /// Values without a place from now on.
    pub parked: Parked,
    /// Notes of the migration, for a person.
    pub notes: Vec<String>,
    /// Time for which the game stood still.
    pub pause: Duration,
}

impl Swap {
    /// The result of copying a state as it was.
    fn identical(state_bytes: usize) -> Self {
        Self {
            mode: TransferMode::Copy,
            verdict: Verdict::Identical,
            changes: Vec::new(),
            is_explicit: false,
            state_bytes,
            parked: Parked::default(),
            notes: Vec::new(),
            pause: Duration::ZERO,
        }
    }

    /// Returns whether the bytes moved as they were.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.verdict == Verdict::Identical
    }

    /// The verdict in one word.
    #[must_use]
    pub fn outcome(&self) -> SwapVerdict {
        match self.verdict {
            _ if self.is_explicit => SwapVerdict::Migrated,
            Verdict::Identical => SwapVerdict::Identical,
            _ => SwapVerdict::Automatic,
        }
    }

    /// Paths of all parked values.
    #[must_use]
    pub fn parked_paths(&self) -> Vec<String> {
        parked_paths(&self.parked)
    }
}

fn parked_paths(parked: &Parked) -> Vec<String> {
    parked.paths().into_iter().map(|(path, _)| path).collect()
}

/// Transfers a state: plan, migrate, verify. Costs one copy of the bytes where the schemas are the same.
/// A `comparison` of these two schemas that was made earlier saves making it now.
///
/// # Errors
/// When the types differ too much, a value does not fit, or the new code refuses or traps. The origin is
/// as it was; the version that was to take the state is good for nothing.
pub fn transfer(
    origin: &Origin<'_>,
    into: &mut Version,
    comparison: Option<&Comparison>,
    strict: bool,
) -> Result<Swap, SwapError> {
    let state_bytes = origin.parcel.bytes();
    if **origin.schema == *into.schema && origin.parked.is_empty() {
        // The usual swap: nothing to compare, nothing to plan.
        give(into, &origin.parcel, &[])?;
        return Ok(Swap::identical(state_bytes));
    }
    let made_now;
    let comparison = match comparison.filter(|known| is_of(known, origin.schema, &into.schema)) {
        Some(known) => known,
        None => {
            made_now = Comparison::new(origin.schema, &into.schema);
            &made_now
        }
    };
    let plan = comparison.plan().map_err(|needed| {
        SwapError::NeedsMigration(explain(origin.schema, &into.schema, needed))
    })?;
    let changes = comparison.changes().to_vec();
    if plan.is_identity() && origin.parked.is_empty() {
        give(into, &origin.parcel, &[])?;
        return Ok(Swap {
            verdict: comparison.verdict(),
            changes,
            ..Swap::identical(state_bytes)
        });
    }
    let MigrationResult {
        parcel,
        parked,
        notes,
        leftovers,
    } = apply(
        plan,
        &origin.parcel,
        &into.defaults,
        origin.parked,
        &Limits::default(),
    )
    .map_err(|refusal| SwapError::DoesNotFit(refusal.to_string()))?;
    if strict && parked.len() > origin.parked.len() {
        return Err(SwapError::Strict(format!(
            "{} would be parked",
            parked_paths(&parked).join(", ")
        )));
    }
    give(into, &parcel.as_ref(), &leftovers)?;
    Ok(Swap {
        mode: TransferMode::Migrate,
        verdict: comparison.verdict(),
        changes,
        is_explicit: plan.runs_hooks(),
        state_bytes,
        parked,
        notes,
        pause: Duration::ZERO,
    })
}

/// Returns whether a comparison is one of these schemas.
fn is_of(comparison: &Comparison, old: &Schema, new: &Schema) -> bool {
    *comparison.old_schema() == *old && *comparison.new_schema() == *new
}

/// Size in bytes from which a state's lists are moved, all together. Below, a copy is as quick, and it
/// leaves the old version whole, to go back to.
pub const PAGES_MIN: usize = 4 << 20;

/// Transfers a state of the same type except its lists in pages of their own, which are to be moved next
/// ([`Instance::take_pages`](crate::guest::Instance::take_pages)). Returns `None` when that does not pay
/// or is not possible; then nothing is lost, and [`transfer`] does it.
///
/// # Errors
/// When the new code traps. The old version is as it was.
pub fn transfer_without_pages(
    from: &Version,
    parked: &Parked,
    into: &mut Version,
) -> Result<Option<Swap>, SwapError> {
    let is_possible = from.schema == into.schema && parked.is_empty();
    if !is_possible || from.instance.movable() < PAGES_MIN {
        return Ok(None);
    }
    let state_bytes = from.instance.parcel().bytes();
    let given = into.instance.migrate_but_pages(&from.instance);
    let given = given.map_err(GuestError::from)?;
    Ok(given.ok().map(|()| Swap {
        mode: TransferMode::Pages,
        ..Swap::identical(state_bytes)
    }))
}

fn give(into: &mut Version, parcel: &ParcelRef<'_>, leftovers: &[u8]) -> Result<(), SwapError> {
    into.instance
        .migrate(parcel, leftovers)
        .map_err(GuestError::from)?
        .map_err(SwapError::Migrate)
}
