//! Applies a plan: an old parcel, borrowed, becomes a new parcel. Knows no guests.

use super::limits::Limits;
use super::migration::Migration;
use super::parked::Parked;
use crate::compare::Plan;
use crate::cursor::Cursor;
use crate::parcel::{Parcel, ParcelRef};
use crate::parcel_writer::ParcelWriter;
use crate::refusal::Refusal;

/// The result of a migration.
#[derive(Clone, Debug)]
pub struct MigrationResult {
    /// New state.
    pub parcel: Parcel,
    /// All values that are parked after the migration.
    pub parked: Parked,
    /// Messages for the user, one line each.
    pub notes: Vec<String>,
    /// Old values for the hooks of the new guest's `migrate`. Empty when there are none.
    ///
    /// When there are some, the parcel becomes a state of the new schema only after the hooks have
    /// migration.
    pub leftovers: Vec<u8>,
}

/// Migrates a state.
///
/// `defaults` comes from the new guest's `defaults` export, and `parked` from earlier migrations.
///
/// # Errors
/// Returns a refusal when a live value does not fit, a limit is reached, or bytes are damaged.
pub fn apply(
    plan: &Plan,
    old: &ParcelRef<'_>,
    defaults: &[u8],
    parked: &Parked,
    limits: &Limits,
) -> Result<MigrationResult, Refusal> {
    apply_reusing(plan, old, defaults, parked, limits, Parcel::default())
}

/// Migrates a state as [`apply`] does, into the buffers of `spare` where they are large enough.
///
/// The first write to a page costs several times as much as copying to it. A host therefore keeps a
/// parcel whose pages it has touched off the frame.
///
/// # Errors
/// Returns a refusal when a live value does not fit, a limit is reached, or bytes are damaged.
pub fn apply_reusing(
    plan: &Plan,
    old: &ParcelRef<'_>,
    defaults: &[u8],
    parked: &Parked,
    limits: &Limits,
    spare: Parcel,
) -> Result<MigrationResult, Refusal> {
    let parked = if parked.is_empty() {
        Parked::default()
    } else {
        parked.follow(&plan.old, &plan.new)
    };
    if plan.is_identity() {
        return Ok(MigrationResult {
            parcel: old.to_owned(),
            parked,
            notes: Vec::new(),
            leftovers: Vec::new(),
        });
    }
    run(plan, old, defaults, &parked, limits, spare)
}

/// Converts one value, inline on both sides.
pub(crate) fn convert_inline(
    plan: &Plan,
    value: &[u8],
    defaults: &[u8],
) -> Result<Vec<u8>, Refusal> {
    run_inline(plan, value, defaults)
}

fn run(
    plan: &Plan,
    old: &ParcelRef<'_>,
    defaults: &[u8],
    parked: &Parked,
    limits: &Limits,
    spare: Parcel,
) -> Result<MigrationResult, Refusal> {
    let mut migration = Migration::new(plan, defaults, parked, limits)?;
    let mut to = ParcelWriter::reusing(limits.memory, spare);
    migration.all(plan, Cursor::new(old), &mut to)?;
    migration.parked.tidy();
    let leftovers = migration.leftovers.encode();
    Ok(MigrationResult {
        parcel: to.parcel,
        parked: migration.parked,
        notes: migration.notes,
        leftovers,
    })
}

/// Converts one inline value. Fields without a place in the new type are dropped.
fn run_inline(plan: &Plan, value: &[u8], defaults: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (parked, limits) = (Parked::default(), Limits::default());
    let mut to = ParcelWriter::inline(limits.memory);
    Migration::new(plan, defaults, &parked, &limits)?.all(plan, Cursor::inline(value), &mut to)?;
    Ok(to.parcel.tree)
}
