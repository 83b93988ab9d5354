//! The byte format of parked values, for images.
//!
//! Version byte, number of columns, columns. Lengths are 32-bit little endian. The bytes may be
//! damaged, so every value is checked against the type of its column.

use super::parked::{ColumnKey, DenseValues, Parked, ParkedColumn};
use crate::cursor::{CodecError, Cursor};
use crate::escape::{MOST_OF_NAME, escaped};
use crate::schema::Schema;
use std::collections::BTreeMap;

const VERSION: u8 = 1;

/// Memory that decoded values may take, in bytes: twice what a migration parks.
const MAX_DECODED: usize = 512 << 20;
/// Approximate cost in bytes of a column, and of a byte of its schema.
const COLUMN: usize = 256;
const SCHEMA_BYTE: usize = 32;

impl Parked {
    /// Returns the bytes of all parked values.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_count(&mut out, self.all().count());
        for (column_key, column) in self.all() {
            put(&mut out, column_key.field.as_bytes());
            put(&mut out, column_key.path.as_bytes());
            put(&mut out, &column.schema.encode());
            out.push(u8::from(column.dense.is_some()));
            if let Some(dense) = &column.dense {
                put_count(&mut out, dense.first);
                put(&mut out, &dense.values);
            }
            put_count(&mut out, column.rows.len());
            for (row, value) in &column.rows {
                put(&mut out, row);
                put(&mut out, value);
            }
        }
        out
    }

    /// Reads parked values from untrusted bytes.
    ///
    /// # Errors
    /// Returns an error when the bytes are not what [`Parked::encode`] gives.
    pub fn decode(bytes: &[u8]) -> Result<Parked, CodecError> {
        let mut from = Cursor::inline(bytes);
        match from.take(1)? {
            [VERSION] => {}
            other => {
                return Err(error(format!(
                    "version {} of parked values is unknown",
                    other[0]
                )));
            }
        }
        let mut parked = Parked::default();
        let mut memory = Account(MAX_DECODED);
        // A column has at least three lengths, a flag and a number of rows.
        for _ in 0..from.count(17)? {
            let column_key = ColumnKey {
                field: from.text()?,
                path: from.text()?,
            };
            let schema = from.slice()?;
            let names = column_key.field.len() + column_key.path.len();
            memory.charge(COLUMN + names + SCHEMA_BYTE * schema.len())?;
            let schema = Schema::decode(schema).map_err(|cause| {
                error(format!(
                    "{}: {cause}",
                    escaped(&column_key.field, MOST_OF_NAME)
                ))
            })?;
            let dense = if from.flag()? {
                Some(dense(&mut from, &schema)?)
            } else {
                None
            };
            let mut rows = BTreeMap::new();
            for _ in 0..from.count(8)? {
                let (row, value) = (from.slice()?, from.slice()?);
                memory.charge(ParkedColumn::ROW + row.len() + value.len())?;
                check(&mut from, &schema, value)?;
                rows.insert(row.to_vec(), value.to_vec());
            }
            parked
                .columns
                .entry(column_key)
                .or_default()
                .push(ParkedColumn {
                    schema,
                    dense,
                    rows,
                });
        }
        from.finish()?;
        Ok(parked)
    }
}

/// Memory that may still be taken, in bytes.
struct Account(usize);

impl Account {
    fn charge(&mut self, bytes: usize) -> Result<(), CodecError> {
        let left = self.0.checked_sub(bytes);
        let mib = MAX_DECODED >> 20;
        self.0 = left.ok_or_else(|| error(format!("parked values take more than {mib} MiB")))?;
        Ok(())
    }
}

fn dense(from: &mut Cursor<'_>, schema: &Schema) -> Result<DenseValues, CodecError> {
    let first = from.word()? as usize;
    let values = from.slice()?;
    let size = schema
        .layout(schema.root())
        .size()
        .filter(|size| *size > 0 && values.len() % size == 0);
    let size = size.ok_or_else(|| error("a column's values are not of one size".into()))?;
    if first + values.len() / size > u32::MAX as usize {
        return Err(error(format!(
            "there is no item {first} and after it {} more",
            values.len() / size
        )));
    }
    values
        .chunks_exact(size)
        .try_for_each(|value| check(from, schema, value))?;
    Ok(DenseValues {
        first,
        size,
        values: values.to_vec(),
    })
}

/// Checks a value. The steps of all values are charged to one walk.
fn check(from: &mut Cursor<'_>, schema: &Schema, value: &[u8]) -> Result<(), CodecError> {
    let mut cursor = Cursor::inline(value);
    cursor.check(schema, schema.root())?;
    cursor.finish()?;
    from.spend(cursor.steps)
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn error(message: String) -> CodecError {
    CodecError::new(message)
}
