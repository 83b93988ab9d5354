//! Executes a plan: the old parcel, borrowed, becomes the new parcel.
//!
//! Nothing is lost: every old value ends in the new parcel, is parked, or is named in the refusal.

mod apply;
mod defaults;
mod fields;
mod follow;
mod items;
mod lanes;
mod output;
mod parked;
mod parked_wire;
mod path;

pub(crate) use output::Output;
pub use parked::Parked;

use crate::parcel::{Parcel, ParcelRef};
use crate::plan::{Plan, number};
use crate::schema::Number;
use crate::walk::CodecError;
use std::fmt;

/// Bounds on what a migration may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The new state, in bytes.
    pub memory: usize,
    /// All parked values, in bytes.
    pub parked: usize,
    /// How many old values may be passed over before they are taken. Fields that are taken in
    /// another order are; in values that are nested without end, the same ones at every level.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: 1 << 30,
            parked: 256 << 20,
            work: 1 << 28,
        }
    }
}

/// What came of a migration.
#[derive(Clone, Debug)]
pub struct Migrated {
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

/// Why a state does not cross. The old version runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where in the state, such as `particles[3].life`; empty when it is the whole.
    pub path: String,
    /// What stands against it.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal {
            path: path.into(),
            message: message.into(),
        }
    }
}

impl Refusal {
    fn does_not_fit(from: Number, to: Number, bytes: &[u8]) -> Refusal {
        let shown = number::show(from, bytes);
        let message =
            format!("{shown} ({from}) does not fit {to}; keep {from}, or write a migration");
        Refusal::new("", message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<CodecError> for Refusal {
    fn from(error: CodecError) -> Refusal {
        Refusal::new("", error.to_string())
    }
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
) -> Result<Migrated, Refusal> {
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
) -> Result<Migrated, Refusal> {
    let parked = if parked.is_empty() {
        Parked::default()
    } else {
        parked.follow(&plan.old, &plan.new)
    };
    if plan.is_identity() {
        return Ok(Migrated {
            parcel: old.to_owned(),
            parked,
            notes: Vec::new(),
            leftovers: Vec::new(),
        });
    }
    apply::run(plan, old, defaults, &parked, limits, spare)
}

/// Converts one value, inline on both sides.
pub(crate) fn convert_inline(
    plan: &Plan,
    value: &[u8],
    defaults: &[u8],
) -> Result<Vec<u8>, Refusal> {
    apply::run_inline(plan, value, defaults)
}
