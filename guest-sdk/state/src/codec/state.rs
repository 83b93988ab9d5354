//! `State`: a value that crosses a swap, and the functions that encode a whole one.

use super::is_flat::FlatProof;
use super::levels::{path_to_end, too_deep};
use super::reader::{Reader, RestoreError};
use super::writer::{SavedState, Writer};
use crate::parcel::Parcel;
use crate::schema::{Schema, SchemaBuilder, Type, TypeSpec};

/// A value that crosses from one version of a program to the next.
///
/// Use `#[derive(State)]`. Implementations by hand are for types of libraries. `save` and `restore`
/// must follow the schema field by field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a swap, as it does not implement `State`",
    label = "not part of a state",
    note = "for a type of your own, add `#[derive(State)]` to it",
    note = "what only this version of the program can use (a reference, a function pointer, `Rc`, `dyn Trait`, a cache) \
            goes into a field with `#[state(skip)]`, or is replaced by an index, a key or an enum"
)]
pub trait State: Sized {
    /// Proof that lists of this type are raw words in memory, if they are.
    #[doc(hidden)]
    const FLAT: Option<FlatProof<Self>> = None;

    /// Description of the type, from which `schema` is made. The derive writes it; an implementation by
    /// hand has a `schema` of its own.
    #[doc(hidden)]
    const SPEC: Option<&'static TypeSpec> = None;

    /// Returns the type in the schema's terms, and adds named types to the builder.
    fn schema(builder: &mut SchemaBuilder) -> Type {
        let spec = const {
            match Self::SPEC {
                Some(spec) => spec,
                None => panic!("an implementation by hand has to define `schema`"),
            }
        };
        builder.named(std::any::type_name::<Self>(), spec)
    }

    /// Writes the value, and lends its large flat slices.
    fn save<'a>(&'a self, out: &mut Writer<'a>);

    /// Reads a value.
    ///
    /// # Errors
    /// Returns an error when the bytes are not what this type writes.
    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError>;
}

/// Saves a state. Large slices are lent, not copied.
pub fn save<T: State>(state: &T) -> SavedState<'_> {
    let mut writer = Writer::default();
    state.save(&mut writer);
    writer.finish()
}

impl SavedState<'_> {
    /// Returns why the saved state is not complete: where it lies too deep for a guest's stack, and
    /// what to do. `T` is the type of the state.
    pub fn fault<T: State>(&self) -> Option<String> {
        let end = self.left_out?;
        let path = path_to_end(&Schema::of::<T>(), &self.tree[..end]);
        Some(too_deep(&path))
    }
}

/// Restores a state from a parcel, whose buffers it takes over.
///
/// # Errors
/// Returns an error when the parcel is not of this type, or when anything is left over.
pub fn restore<T: State>(parcel: Parcel) -> Result<T, RestoreError> {
    let (tree, segments) = parcel.into_parts();
    let mut reader = Reader::new(&tree, segments);
    let state = T::restore(&mut reader)?;
    reader.finish()?;
    Ok(state)
}

/// Returns the default values of all fields that have one, in schema order, with everything inline.
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

/// Writes `T::default()`. The derive names this function for fields without a default of their own.
#[doc(hidden)]
pub fn write_default<T: State + Default>(out: &mut Vec<u8>) {
    let value = T::default();
    // Written out here, so that the compiler has one function for each type and not two.
    let mut writer = Writer::inline(std::mem::take(out));
    value.save(&mut writer);
    *out = writer.finish().tree;
}

/// Returns the encoded schema of a Rust type.
pub fn schema_bytes<T: State>() -> Vec<u8> {
    Schema::of::<T>().encode()
}

impl Schema {
    /// Returns the schema of a Rust type.
    pub fn of<T: State>() -> Schema {
        let mut builder = SchemaBuilder::default();
        let root = T::schema(&mut builder);
        builder.finish(root)
    }
}
