//! Two schemas compared: what changed, for people, and how a state crosses, for the host. Pure functions.

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
