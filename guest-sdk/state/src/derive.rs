//! Names for code that `#[derive(State)]` writes. Not for other callers.

pub use crate::codec::{
    Flat, FlatProof, NoDefault, NotFlat, Probe, Reader, RestoreError, State, Writer, write_default,
    write_inline,
};
pub use crate::schema::{Detail, FieldsSpec, KindSpec, TypeSpec};
pub use core::option::Option::{self, None, Some};
pub use core::result::Result::{self, Err, Ok};
