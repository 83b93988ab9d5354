//! Encoding of Rust values as parcels: `State`, `Flat`, and their writer and reader. Knows no
//! migrations.
//!
//! A parcel is one **tree** of bytes and its **segments**. The tree is in schema order, little
//! endian, without tags for fields. A segment is the memory of one large flat slice, which is lent
//! to the writer and never copied.

mod flat;
#[cfg(feature = "glam")]
mod glam_types;
mod is_flat;
mod levels;
mod page_vec;
mod probe;
mod reader;
mod state;
mod std_collections;
mod std_types;
mod writer;

pub use flat::Flat;
pub use is_flat::FlatProof;
pub use page_vec::{PAGE, PageVec, Pages};
pub use probe::{NoDefault, NotFlat, Probe};
pub use reader::{PendingSegment, Reader, RestoreError};
pub use state::{State, defaults, restore, save, schema_bytes, write_default, write_inline};
pub use writer::{SavedState, Segment, Writer};
