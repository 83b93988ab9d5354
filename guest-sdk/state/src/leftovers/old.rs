//! The guest's side of leftovers: old values, found by type and position. Knows no Rust types of
//! the guest: [`crate::hooks`] reads a field as one.

use super::wire::{self, Span};
use crate::cursor::CodecError;
use crate::schema::Schema;
use crate::value::{Value, decode_inline};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The old value of a type with hooks.
///
/// A hook that replaces the value gets all fields of the old one. A hook that migrates it gets those
/// that have no place in the new one.
#[derive(Clone, Debug)]
pub struct Old {
    version: u32,
    fields: Vec<OldField>,
}

/// One field of an old value, with its own schema.
#[derive(Clone, Debug)]
pub(crate) struct OldField {
    name: String,
    pub schema: Rc<Schema>,
    pub bytes: Vec<u8>,
}

impl Old {
    /// Returns the version that the old type declared, 0 when it declared none.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Returns the old value of a field as a value tree.
    pub fn value(&self, name: &str) -> Option<Value> {
        let field = self.field(name)?;
        decode_inline(&field.schema, &field.bytes).ok()
    }

    /// Returns the whole old value as a value tree.
    ///
    /// A record gives a record of its fields. Any other type gives its value.
    pub fn tree(&self) -> Value {
        match self.fields.as_slice() {
            [whole] if whole.name.is_empty() => self.value("").unwrap_or(Value::Record(Vec::new())),
            fields => {
                let field = |field: &OldField| {
                    Some((
                        field.name.clone(),
                        decode_inline(&field.schema, &field.bytes).ok()?,
                    ))
                };
                Value::Record(fields.iter().filter_map(field).collect())
            }
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&OldField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// All old values of one restore, from which each hook takes its own.
///
/// The bytes are decoded when the first hook asks. A guest without hooks is then compiled without
/// the decoder.
#[derive(Default)]
pub(crate) struct OldValues {
    /// The bytes that are not decoded yet.
    bytes: Vec<u8>,
    entries: BTreeMap<(Span, String), Old>,
    damage: Option<CodecError>,
}

impl OldValues {
    pub fn new(bytes: &[u8]) -> OldValues {
        OldValues {
            bytes: bytes.to_vec(),
            ..OldValues::default()
        }
    }

    /// Returns what is wrong at the end: damaged bytes, or values that no hook took.
    pub fn fault(&self) -> Option<String> {
        match (&self.damage, self.entries.len()) {
            (Some(damage), _) => Some(damage.to_string()),
            (None, 0) if self.bytes.is_empty() => None,
            (None, 0) => Some("there are old values for hooks, and no hook asked for any".into()),
            (None, count) => Some(format!(
                "{count} old values for hooks were not taken by any"
            )),
        }
    }

    /// Takes the entry of the value of this type at this position.
    pub fn take(&mut self, name: &str, start: usize, end: usize) -> Option<Old> {
        if !self.bytes.is_empty() {
            match Self::decode(&std::mem::take(&mut self.bytes)) {
                Ok(entries) => self.entries = entries,
                Err(damage) => self.damage = Some(damage),
            }
        }
        if self.entries.is_empty() {
            return None;
        }
        let span = Span {
            start: start as u32,
            end: end as u32,
        };
        self.entries.remove(&(span, name.to_owned()))
    }

    fn decode(bytes: &[u8]) -> Result<BTreeMap<(Span, String), Old>, CodecError> {
        let (schemas, entries) = wire::decode(bytes)?;
        let old = |entry: wire::Entry| {
            let field = |(name, number, bytes): (String, u32, Vec<u8>)| OldField {
                name,
                schema: schemas[number as usize].clone(),
                bytes,
            };
            let old = Old {
                version: entry.version,
                fields: entry.fields.into_iter().map(field).collect(),
            };
            ((entry.span, entry.name), old)
        };
        Ok(entries.into_iter().map(old).collect())
    }
}
