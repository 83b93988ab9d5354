//! The transfer of a state into a version that is ready for it. Knows no supervisor and no journal.
//!
//! This module publishes nothing. The old version is only read. Until the caller replaces it, which cannot
//! fail, dropping the new version undoes everything.

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

/// A state in a running guest's memory or in an image.
pub struct Origin<'a> {
    /// The state's type.
    pub schema: &'a Arc<Schema>,
    /// The state's bytes.
    pub parcel: ParcelRef<'a>,
    /// Values whose fields are gone.
    pub parked: &'a Parked,
}

impl<'a> Origin<'a> {
    /// Returns the state of an image.
    #[must_use]
    pub fn of(image: &'a Image) -> Self {
        Self {
            schema: &image.schema,
            parcel: image.parcel.as_ref(),
            parked: &image.parked,
        }
    }
}

/// The way in which a state crosses. Its serialised form is stable: the `path` of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransferMode {
    /// The bytes are copied once.
    Copy,
    /// Pages of large lists are moved, and the rest is copied. The old version loses these lists.
    Pages,
    /// A new state is made from the old one.
    Migrate,
}

/// The verdict on a swap in one word. Its serialised and printed forms are stable: the `verdict` of the
/// report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwapVerdict {
    /// The bytes were taken over unchanged.
    Identical,
    /// A plan made from the two schemas converted the state.
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
    /// Way in which the state crossed.
    pub mode: TransferMode,
    /// Verdict of the comparison.
    pub verdict: Verdict,
    /// Comparison of the schemas, field by field. Beyond 1,000 changes, a note counts the others.
    pub changes: Vec<Change>,
    /// True if the author's own migrations ran.
    pub is_explicit: bool,
    /// Size of the old state in bytes.
    pub state_bytes: usize,
    /// Values that are parked from now on.
    pub parked: Parked,
    /// Notes of the migration, for a person.
    pub notes: Vec<String>,
    /// Time for which the game stood still.
    pub pause: Duration,
}

impl Swap {
    /// Makes the result of copying a state unchanged.
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

    /// True if the bytes were taken over unchanged.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.verdict == Verdict::Identical
    }

    /// Returns the verdict in one word.
    #[must_use]
    pub fn outcome(&self) -> SwapVerdict {
        match self.verdict {
            _ if self.is_explicit => SwapVerdict::Migrated,
            Verdict::Identical => SwapVerdict::Identical,
            _ => SwapVerdict::Automatic,
        }
    }

    /// Lists the paths of all parked values.
    #[must_use]
    pub fn parked_paths(&self) -> Vec<String> {
        parked_paths(&self.parked)
    }
}

fn parked_paths(parked: &Parked) -> Vec<String> {
    parked.paths().into_iter().map(|(path, _)| path).collect()
}

/// Transfers a state: plan, migrate, verify. If the schemas are equal, this costs one copy of the bytes. A
/// `comparison` that was made earlier for these two schemas saves the time to make it.
///
/// # Errors
/// When the types differ too much, a value does not fit, or the new code refuses or traps. The origin is
/// unchanged. The new version must be dropped.
pub fn transfer(
    origin: &Origin<'_>,
    into: &mut Version,
    comparison: Option<&Comparison>,
    strict: bool,
) -> Result<Swap, SwapError> {
    let state_bytes = origin.parcel.bytes();
    if **origin.schema == *into.schema && origin.parked.is_empty() {
        // The usual swap: the schemas are equal, so there is nothing to compare or plan.
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
    let (changes, unlisted) = listed(comparison);
    if plan.is_identity() && origin.parked.is_empty() {
        give(into, &origin.parcel, &[])?;
        return Ok(Swap {
            verdict: comparison.verdict(),
            changes,
            notes: unlisted.into_iter().collect(),
            ..Swap::identical(state_bytes)
        });
    }
    let MigrationResult {
        parcel,
        parked,
        mut notes,
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
    notes.extend(unlisted);
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

/// Changes that a swap lists. The others are counted.
const MOST_LISTED: usize = 1000;

/// Returns the first changes, and a note on the others.
fn listed(comparison: &Comparison) -> (Vec<Change>, Option<String>) {
    let changes = comparison.changes();
    let more = changes.len().saturating_sub(MOST_LISTED);
    let note = (more > 0).then(|| format!("{more} more changes of the state's type"));
    (changes[..changes.len() - more].to_vec(), note)
}

/// True if a comparison was made of these schemas.
fn is_of(comparison: &Comparison, old: &Schema, new: &Schema) -> bool {
    *comparison.old_schema() == *old && *comparison.new_schema() == *new
}

/// Total size of lists in bytes from which their pages are moved. A smaller state is copied as quickly, and
/// the old version keeps its state.
pub const PAGES_MIN: usize = 4 << 20;

/// Transfers a state of the same type, except its lists in pages of their own, which must be moved next
/// ([`Instance::take_pages`](crate::guest::Instance::take_pages)). Returns `None` if that is not possible
/// or not worthwhile. The state is then unchanged, and [`transfer`] can copy it.
///
/// # Errors
/// When the new code traps. The old version is unchanged.
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
