//! The type of a state in WIT's vocabulary, named and possibly recursive.
//!
//! A schema is data. It knows nothing of Rust types, of values, or of how schemas are compared: see
//! [`crate::codec`], [`crate::check()`] and [`crate::Comparison`].

mod build;
mod error;
mod layout;
mod model;
mod print;
mod prune;
mod types;
mod wire;

pub use build::{
    DefaultFn, Detail, FieldSpec, FieldsSpec, KindSpec, SchemaBuilder, TypeFn, TypeSpec,
};
pub use error::SchemaError;
pub use layout::Layout;
pub(crate) use layout::{MAX_NESTING, flags_size};
pub use model::Schema;
pub(crate) use print::kebab;
pub use types::{Case, DefaultText, Field, Fields, Hook, Kind, Number, Style, Type, TypeDef};
pub use wire::{MAX_SCHEMA_BYTES, SchemaHash};
