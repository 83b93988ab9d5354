//! The byte format of leftovers. Knows neither migrations nor guests.
//!
//! Version byte, schemas, entries. All lengths and numbers are 32-bit little endian.

use crate::cursor::{CodecError, Cursor};
use crate::schema::Schema;
use std::rc::Rc;

const VERSION: u8 = 1;

/// The position of a value in a tree, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
}

/// The old fields of one value.
pub(crate) struct Entry {
    pub span: Span,
    /// The name of the new type.
    pub name: String,
    /// The version of the old type.
    pub version: u32,
    /// Name, schema number and bytes of each field.
    pub fields: Vec<(String, u32, Vec<u8>)>,
}

/// Returns the bytes of all entries. There are none when there are no entries.
pub(super) fn encode(schemas: &[Rc<Schema>], entries: &[Entry]) -> Vec<u8> {
    if entries.is_empty() {
        return Vec::new();
    }
    let mut out = vec![VERSION];
    put_count(&mut out, schemas.len());
    schemas
        .iter()
        .for_each(|schema| put(&mut out, &schema.encode()));
    put_count(&mut out, entries.len());
    for entry in entries {
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

/// Reads what [`encode`] wrote. Every schema number of the entries is valid.
pub(super) fn decode(bytes: &[u8]) -> Result<(Vec<Rc<Schema>>, Vec<Entry>), CodecError> {
    let mut from = Cursor::inline(bytes);
    if from.take(1)? != [VERSION] {
        return Err(CodecError::new("leftovers of an unknown version"));
    }
    let schema = |from: &mut Cursor<'_>| {
        let schema =
            Schema::decode(from.slice()?).map_err(|error| CodecError::new(error.to_string()))?;
        Ok(Rc::new(schema))
    };
    let schemas = (0..from.count(4)?)
        .map(|_| schema(&mut from))
        .collect::<Result<Vec<_>, CodecError>>()?;
    let mut entries = Vec::new();
    for _ in 0..from.count(20)? {
        let span = Span {
            start: from.word()?,
            end: from.word()?,
        };
        let name = from.text()?;
        let version = from.word()?;
        let mut fields = Vec::new();
        for _ in 0..from.count(12)? {
            let (name, number) = (from.text()?, from.word()?);
            if number as usize >= schemas.len() {
                return Err(CodecError::new(format!("there is no schema {number}")));
            }
            fields.push((name, number, from.slice()?.to_vec()));
        }
        entries.push(Entry {
            span,
            name,
            version,
            fields,
        });
    }
    from.finish()?;
    Ok((schemas, entries))
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}
