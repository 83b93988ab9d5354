//! `Schema`: a root type and its named types, checked when it is made.

use super::error::SchemaError;
use super::layout::{self, Layout};
use super::types::{Type, TypeDef};

/// The type of a whole state: one root type and the named types it uses.
///
/// Two builds of the same source give the same schema, the same bytes and the same hash.
#[derive(Clone, Debug)]
pub struct Schema {
    root: Type,
    types: Vec<TypeDef>,
    layouts: Vec<Layout>,
}

impl Schema {
    /// Makes a schema from its parts.
    ///
    /// # Errors
    /// Returns an error when a type refers to one that does not exist, a name occurs twice, or a
    /// value would be infinitely large.
    pub fn new(root: Type, types: Vec<TypeDef>) -> Result<Schema, SchemaError> {
        let layouts = layout::check(&root, &types)?;
        Ok(Schema {
            root,
            types,
            layouts,
        })
    }

    /// Returns the type of the whole state.
    pub fn root(&self) -> &Type {
        &self.root
    }

    /// Returns the named types, in the order in which the root reaches them.
    pub fn types(&self) -> &[TypeDef] {
        &self.types
    }

    /// Returns the named type with this number.
    ///
    /// # Panics
    /// Panics when the number is not from this schema.
    pub fn get(&self, id: u32) -> &TypeDef {
        &self.types[id as usize]
    }

    /// Returns the layout of a type in a parcel.
    pub fn layout(&self, ty: &Type) -> Layout {
        layout::of(ty, &self.layouts)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Schema) -> bool {
        self.root == other.root && self.types == other.types
    }
}

impl Eq for Schema {}
