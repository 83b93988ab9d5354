//! Old values for the hooks of a new version: made by a migration, read by the new guest.
//!
//! Every value of a type with hooks has an entry, found by where in the new tree it begins and
//! ends. An entry's values carry their own schemas, so the guest needs nothing of the old version.

use crate::codec::{Reader, RestoreError, State, defaults};
use crate::migrate::convert_inline;
use crate::plan::Plan;
use crate::schema::Schema;
use crate::value::{Value, decode_inline};
use crate::walk::{CodecError, Cursor};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

const VERSION: u8 = 1;

/// The old value of a type with hooks: all of its fields for a hook that replaces the value, and
/// those that have no place in the new one for a hook that mends it.
#[derive(Clone, Debug)]
pub struct Old {
    version: u32,
    fields: Vec<OldField>,
}

#[derive(Clone, Debug)]
struct OldField {
    name: String,
    schema: Rc<Schema>,
    bytes: Vec<u8>,
}

impl Old {
    /// The version that the old type declared, 0 when none.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// The old value of a field, as any type to which its own leads automatically. `None` when
    /// there is no such field.
    ///
    /// # Errors
    /// When no rule leads to the type, or this value does not fit it.
    pub fn get<T: State>(&self, name: &str) -> Result<Option<T>, RestoreError> {
        let Some(field) = self.fields.iter().find(|field| field.name == name) else {
            return Ok(None);
        };
        field
            .read()
            .map(Some)
            .map_err(|error| RestoreError::new(format!("{name}: {error}")))
    }

    /// The old value of a field as a value tree.
    pub fn value(&self, name: &str) -> Option<Value> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        decode_inline(&field.schema, &field.bytes).ok()
    }

    /// The whole old value as a value tree: a record of the fields, or, for what is no record, the
    /// value itself.
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
}

impl OldField {
    fn read<T: State>(&self) -> Result<T, RestoreError> {
        let schema = Schema::of::<T>();
        let read = |bytes: &[u8]| {
            let mut reader = Reader::inline(bytes);
            let value = T::restore(&mut reader)?;
            reader.finish().map(|()| value)
        };
        if *self.schema == schema {
            return read(&self.bytes);
        }
        let plan = Plan::new(&self.schema, &schema)
            .map_err(|error| RestoreError::new(error.to_string()))?;
        let bytes = convert_inline(&plan, &self.bytes, &defaults::<T>());
        read(&bytes.map_err(|refusal| RestoreError::new(refusal.to_string()))?)
    }
}

/// Where in a tree a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
}

/// The entries while a migration makes them.
#[derive(Default)]
pub(crate) struct Collect {
    schemas: Vec<Rc<Schema>>,
    numbers: HashMap<*const Schema, u32>,
    pub entries: Vec<Entry>,
}

pub(crate) struct Entry {
    pub span: Span,
    pub name: String,
    pub version: u32,
    pub fields: Vec<(String, u32, Vec<u8>)>,
}

impl Collect {
    /// The number of a schema, which is kept alive, so that no other can lie where it lies.
    pub fn schema(&mut self, schema: &Rc<Schema>) -> u32 {
        let next = self.schemas.len() as u32;
        let number = *self.numbers.entry(Rc::as_ptr(schema)).or_insert(next);
        if number == next {
            self.schemas.push(schema.clone());
        }
        number
    }

    /// The bytes of all entries; none when there are no entries.
    pub fn encode(&self) -> Vec<u8> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let mut out = vec![VERSION];
        put_count(&mut out, self.schemas.len());
        self.schemas
            .iter()
            .for_each(|schema| put(&mut out, &schema.encode()));
        put_count(&mut out, self.entries.len());
        for entry in &self.entries {
            put_count(&mut out, entry.span.start as usize);
            put_count(&mut out, entry.span.end as usize);
            put(&mut out, entry.name.as_bytes());
            put_count(&mut out, entry.version as usize);
            put_count(&mut out, entry.fields.len());
            for (name, schema, bytes) in &entry.fields {
                put(&mut out, name.as_bytes());
                put_count(&mut out, *schema as usize);
                put(&mut out, bytes);
            }
        }
        out
    }
}

/// The entries while a guest uses them. Read when the first hook asks, so that a guest without hooks
/// is built without what reads them.
#[derive(Default)]
pub(crate) struct Leftovers {
    /// Not read yet.
    bytes: Vec<u8>,
    entries: BTreeMap<(Span, String), Old>,
    damage: Option<CodecError>,
}

impl Leftovers {
    /// The entries of some bytes.
    pub fn new(bytes: &[u8]) -> Leftovers {
        Leftovers {
            bytes: bytes.to_vec(),
            ..Leftovers::default()
        }
    }

    /// What is wrong in the end: the bytes were damaged, or there are values that no hook took.
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

    /// Takes the entry of a value of this type and place.
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
        let mut entries = BTreeMap::new();
        let mut from = Cursor::inline(bytes);
        if from.take(1)? != [VERSION] {
            return Err(CodecError::new("leftovers of an unknown version"));
        }
        let schema = |from: &mut Cursor<'_>| {
            let schema = Schema::decode(from.slice()?)
                .map_err(|error| CodecError::new(error.to_string()))?;
            Ok(Rc::new(schema))
        };
        let schemas = (0..from.count(4)?)
            .map(|_| schema(&mut from))
            .collect::<Result<Vec<_>, CodecError>>()?;
        for _ in 0..from.count(20)? {
            let span = Span {
                start: from.word()?,
                end: from.word()?,
            };
            let name = from.text()?;
            let version = from.word()?;
            let mut fields = Vec::new();
            for _ in 0..from.count(12)? {
                let name = from.text()?;
                let number = from.word()? as usize;
                let schema = schemas
                    .get(number)
                    .ok_or_else(|| CodecError::new(format!("there is no schema {number}")))?;
                fields.push(OldField {
                    name,
                    schema: schema.clone(),
                    bytes: from.slice()?.to_vec(),
                });
            }
            entries.insert((span, name), Old { version, fields });
        }
        from.finish()?;
        Ok(entries)
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}
