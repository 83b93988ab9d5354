//! Applies a plan: an old parcel, borrowed, becomes a new parcel. Knows no guests.

use super::limits::Limits;
use super::migration::Migration;
use super::parked::Parked;
use crate::bounds::{MAX_DEPTH, SHALLOW};
use crate::compare::Plan;
use crate::cursor::Cursor;
use crate::parcel::{Parcel, ParcelRef};
use crate::parcel_writer::ParcelWriter;
use crate::refusal::Refusal;
use std::sync::Mutex;

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

/// Converts one value, inline on both sides. Fields without a place in the new type are dropped.
pub(crate) fn convert_inline(
    plan: &Plan,
    value: &[u8],
    defaults: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let (parked, limits) = (Parked::default(), Limits::default());
    deep_enough(|floor| {
        let mut to = ParcelWriter::inline(limits.memory);
        let mut migration = Migration::new(plan, defaults, &parked, &limits, floor)?;
        let done = migration.all(plan, Cursor::inline(value), &mut to);
        match (done, migration.needs_stack) {
            (Ok(()), _) => Ok(Some(to.parcel.tree)),
            (Err(_), true) => Ok(None),
            (Err(refusal), false) => Err(refusal),
        }
    })
}

fn run(
    plan: &Plan,
    old: &ParcelRef<'_>,
    defaults: &[u8],
    parked: &Parked,
    limits: &Limits,
    spare: Parcel,
) -> Result<MigrationResult, Refusal> {
    let spare = Mutex::new(spare);
    deep_enough(|floor| {
        let spare = spare.lock().map(|mut spare| std::mem::take(&mut *spare));
        let mut migration = Migration::new(plan, defaults, parked, limits, floor)?;
        let mut to = ParcelWriter::reusing(limits.memory, spare.unwrap_or_default());
        let done = migration.all(plan, Cursor::new(old), &mut to);
        match (done, migration.needs_stack) {
            (Ok(()), _) => {}
            (Err(_), true) => return Ok(None),
            (Err(refusal), false) => return Err(refusal),
        }
        migration.parked.tidy();
        let leftovers = migration.leftovers.encode();
        Ok(Some(MigrationResult {
            parcel: to.parcel,
            parked: migration.parked,
            notes: migration.notes,
            leftovers,
        }))
    })
}

/// Stack that one level of a migration takes at most, in bytes.
const STACK_PER_LEVEL: usize = if cfg!(debug_assertions) {
    40 << 10
} else {
    4 << 10
};

/// Runs a migration, which gets the depth that has to be left and returns `None` when it needs more
/// stack.
///
/// Hardly any state is deep. So the migration first runs on the stack of its caller down to a depth
/// that every stack allows. If that is not enough, it runs again on a stack that is large enough for
/// the deepest state. Only the pages that it reaches take memory.
fn deep_enough<T: Send>(
    run: impl Fn(usize) -> Result<Option<T>, Refusal> + Sync,
) -> Result<T, Refusal> {
    if let Some(done) = run(MAX_DEPTH - SHALLOW)? {
        return Ok(done);
    }
    let refused = |cause: String| {
        let message = format!(
            "the state is nested deeper than {SHALLOW} levels, and {cause}; \
             keep items in a list and refer to them by index"
        );
        Refusal::new("", message)
    };
    if cfg!(target_family = "wasm") {
        return Err(refused("a guest cannot convert it".to_owned()));
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("deep migration".to_owned())
            .stack_size(MAX_DEPTH * STACK_PER_LEVEL)
            .spawn_scoped(scope, || run(0));
        let thread =
            thread.map_err(|error| refused(format!("there is no stack for it: {error}")))?;
        match thread.join() {
            Ok(done) => done?.ok_or_else(|| refused("it cannot be converted".to_owned())),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
