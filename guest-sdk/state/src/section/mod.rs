//! The custom section `vblank:schema`: a schema in the wasm file, which can be read without running
//! it.
//!
//! The section has one entry, which is its length (four bytes, not counting themselves), the version
//! 2, and the encoded schema. The host writes it. Guests of the SDK 0.1.0 have a section of version 1
//! from their compiler; that version is only read.

mod link;

use crate::schema::{MAX_SCHEMA_BYTES, Schema, SchemaError};

const VERSION: u8 = 2;

impl Schema {
    /// Reads the schema from a `vblank:schema` section.
    ///
    /// Returns `None` when the section has a type that its compiler could not describe, so that the
    /// guest has to be asked.
    ///
    /// # Errors
    /// Returns an error when the bytes are no such section.
    pub fn from_section(bytes: &[u8]) -> Result<Option<Schema>, SchemaError> {
        if bytes.len() > MAX_SCHEMA_BYTES {
            return Err(SchemaError::new(format!(
                "a section of {} bytes is too large",
                bytes.len()
            )));
        }
        match bytes {
            [a, b, c, d, VERSION, schema @ ..] => {
                if u32::from_le_bytes([*a, *b, *c, *d]) as usize != schema.len() + 1 {
                    return Err(SchemaError::new(
                        "the section is longer or shorter than its entry",
                    ));
                }
                Schema::decode(schema).map(Some)
            }
            _ => link::link(bytes),
        }
    }

    /// Returns the contents of a `vblank:schema` section for this schema.
    pub fn to_section(&self) -> Vec<u8> {
        let schema = self.encode();
        let mut section = (schema.len() as u32 + 1).to_le_bytes().to_vec();
        section.push(VERSION);
        section.extend(schema);
        section
    }
}
