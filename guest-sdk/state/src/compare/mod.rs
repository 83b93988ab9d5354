//! The comparison of two schemas, as pure functions. Knows no values and no parcels.
//!
//! The changes are for people, the plan is for the host.

mod change;
mod comparison;
mod keys;
pub(crate) mod names;
mod plan;
mod simplify;
pub(crate) mod steps;
mod walk;

pub use change::{Change, ChangeKind, Columns, Verdict};
pub use comparison::Comparison;
pub use plan::{NeedsMigration, Plan};
