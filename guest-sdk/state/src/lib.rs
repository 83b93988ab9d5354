//! The state of a Vblank guest: its type, its bytes, and its migration to another version's type.
//!
//! A guest's types give a [`Schema`] and a [`Parcel`]. Two schemas give a [`Comparison`], which has
//! the changes for people and the [`Plan`] for the host. [`apply`] makes the new parcel from the
//! old one.
//!
//! Guests and hosts both use this crate, so it knows no wasmtime, no files and no processes.

// Leaves, which every other module may use.
mod bounds;
pub mod escape;
mod number;
mod words;

// The type of a state, and its bytes.
mod cursor;
pub mod parcel;
pub mod schema;
mod walk;

// Rust types to schemas and parcels, and back.
pub mod codec;
#[doc(hidden)]
pub mod derive;
mod section;

// From the schema and state of one version to those of another: compare, plan, apply.
pub mod compare;
mod hooks;
mod leftovers;
pub mod migrate;
mod parcel_writer;
mod refusal;
pub mod rehearse;
pub mod report;

// A state for people.
pub mod value;

pub use bounds::{MAX_DEPTH, SEGMENT_MIN};
pub use codec::{
    Flat, FlatProof, PageVec, Pages, PendingSegment, Reader, RestoreError, SavedState, Segment,
    State, Writer, defaults, restore, save, schema_bytes, write_inline,
};
pub use compare::{Change, ChangeKind, Columns, Comparison, NeedsMigration, Plan, Verdict};
pub use cursor::CodecError;
pub use leftovers::Old;
pub use migrate::{Limits, MigrationResult, Parked, apply, apply_reusing};
pub use parcel::{Parcel, ParcelRef, Segments};
pub use refusal::Refusal;
pub use report::explain;
pub use schema::{Schema, SchemaBuilder, SchemaError, SchemaHash, Type, TypeSpec};
pub use value::Value;
pub use walk::check;
