//! Executes a plan: the old parcel, borrowed, becomes the new parcel.

use super::limits::Limits;
use super::migration::Migration;
use super::parked::Parked;
use crate::compare::Plan;
use crate::cursor::Cursor;
use crate::parcel::{Parcel, ParcelRef};
use crate::parcel_writer::ParcelWriter;
use crate::refusal::Refusal;

/// What came of a migration.
#[derive(Clone, Debug)]
pub struct MigrationResult {
    /// The new state.
    pub parcel: Parcel,
    /// All that is parked from now on.
    pub parked: Parked,
    /// What the user is to be told, a line each.
    pub notes: Vec<String>,
    /// Old values for the new guest's hooks, to be handed to its `migrate`; empty when there are
    /// none. While there are some, the parcel is not yet a state of the new schema.
    pub leftovers: Vec<u8>,
}

/// Carries a state over.
///
/// `defaults` is what the new guest's `defaults` gives, `parked` what earlier migrations left.
///
/// # Errors
/// When a live value stands against the plan, a limit is reached, or bytes are damaged.
pub fn apply(
    plan: &Plan,
    old: &ParcelRef<'_>,
    defaults: &[u8],
    parked: &Parked,
    limits: &Limits,
) -> Result<MigrationResult, Refusal> {
    apply_reusing(plan, old, defaults, parked, limits, Parcel::default())
}

/// As [`apply`], in the memory of another parcel where its buffers are large enough.
///
/// Writing to memory for the first time costs several times what copying to it does, so a host
/// keeps a parcel whose pages it has touched off the frame.
///
/// # Errors
/// As [`apply`].
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
    let mut run = Migration::new(plan, defaults, parked, limits)?;
    let mut to = ParcelWriter::reusing(limits.memory, spare);
    run.all(plan, Cursor::new(old), &mut to)?;
    run.parked.tidy();
    let leftovers = run.leftovers.encode();
    Ok(MigrationResult {
        parcel: to.parcel,
        parked: run.parked,
        notes: run.notes,
        leftovers,
    })
}

/// One value that was written inline, as another; what it loses is lost.
fn run_inline(plan: &Plan, value: &[u8], defaults: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (parked, limits) = (Parked::default(), Limits::default());
    let mut to = ParcelWriter::inline(limits.memory);
    Migration::new(plan, defaults, &parked, &limits)?.all(plan, Cursor::inline(value), &mut to)?;
    Ok(to.parcel.tree)
}
