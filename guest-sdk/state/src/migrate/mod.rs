//! Migration of a state by a plan. Knows no guests and no files.
//!
//! Nothing is lost: every old value ends in the new parcel, is parked, or is named in the refusal.

mod apply;
mod defaults;
mod fields;
mod follow;
mod items;
mod lanes;
mod limits;
mod migration;
mod owner;
mod parked;
mod parked_wire;
mod state_path;

pub(crate) use apply::convert_inline;
pub use apply::{MigrationResult, apply, apply_reusing};
pub use limits::Limits;
pub use parked::Parked;
