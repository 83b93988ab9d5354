//! `State`: a value that crosses a swap, and what is done with all of one.

use super::is_flat::FlatProof;
use super::reader::{Reader, RestoreError};
use super::writer::{SavedState, Writer};
use crate::parcel::Parcel;
use crate::schema::{Schema, SchemaBuilder, Type};
use crate::section::{Def, Shape};

/// A value that crosses from one version of a program to the next.
///
/// Use `#[derive(State)]`; writing it by hand is for libraries' types. `save` and `restore` must
/// follow what `schema` says, field by field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a swap, as it does not implement `State`",
    label = "not part of a state",
    note = "for a type of your own, add `#[derive(State)]` to it",
    note = "what only this version of the program can use (a reference, a function pointer, `Rc`, `dyn Trait`, a cache) \
            goes into a field with `#[state(skip)]`, or is replaced by an index, a key or an enum"
)]
pub trait State: Sized {
    /// The proof that lists of this type lie in memory as raw words, where that is so.
    #[doc(hidden)]
    const FLAT: Option<FlatProof<Self>> = None;

    /// The type as a constant, for the section in the wasm file.
    #[doc(hidden)]
    const SHAPE: &'static Shape = &Shape::Opaque;

    /// The definition of a named type, which has an entry of its own in that section.
    #[doc(hidden)]
    const DEF: Option<&'static Def> = None;

    /// The type in the schema's terms; named types are put into the builder.
    fn schema(builder: &mut SchemaBuilder) -> Type;

    /// Writes the value, lending its large flat slices.
    fn save<'a>(&'a self, out: &mut Writer<'a>);

    /// Reads a value back.
    ///
    /// # Errors
    /// When the bytes are not what this type writes.
    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError>;
}

/// The state as a parcel whose large slices are lent.
pub fn save<T: State>(state: &T) -> SavedState<'_> {
    let mut writer = Writer::default();
    state.save(&mut writer);
    writer.finish()
}

/// A state from a parcel, which it takes over.
///
/// # Errors
/// When the parcel is not of this type, or not used up.
pub fn restore<T: State>(parcel: Parcel) -> Result<T, RestoreError> {
    let (tree, segments) = parcel.into_parts();
    let mut reader = Reader::new(&tree, segments);
    let state = T::restore(&mut reader)?;
    reader.finish()?;
    Ok(state)
}

/// The default values of all fields that have one, in schema order, everything inline.
pub fn defaults<T: State>() -> Vec<u8> {
    let mut builder = SchemaBuilder::default();
    T::schema(&mut builder);
    let mut out = Vec::new();
    builder.into_defaults().for_each(|write| write(&mut out));
    out
}

/// Appends a value with everything inline, as defaults and parked values are written.
pub fn write_inline<T: State>(value: &T, out: &mut Vec<u8>) {
    let mut writer = Writer::inline(std::mem::take(out));
    value.save(&mut writer);
    *out = writer.finish().tree;
}

/// Writes `T::default()`; what the derive names for fields without an own default.
#[doc(hidden)]
pub fn write_default<T: State + Default>(out: &mut Vec<u8>) {
    let value = T::default();
    write_inline(&value, out);
}

/// The schema's bytes of a Rust type.
pub fn schema_bytes<T: State>() -> Vec<u8> {
    Schema::of::<T>().encode()
}

impl Schema {
    /// The schema of a Rust type.
    pub fn of<T: State>() -> Schema {
        let mut builder = SchemaBuilder::default();
        let root = T::schema(&mut builder);
        builder.finish(root)
    }
}
