//! The byte format of parked values, for images.
//!
//! Version byte, number of columns, columns. Lengths are 32-bit little endian. The bytes may be
//! damaged, so every value is checked against the type of its column.

use super::parked::{ColumnKey, DenseValues, Parked, ParkedColumn};
use crate::cursor::{CodecError, Cursor};
use crate::schema::Schema;
use std::collections::BTreeMap;

const VERSION: u8 = 1;

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
        for _ in 0..from.count(1)? {
            let column_key = ColumnKey {
                field: from.text()?,
                path: from.text()?,
            };
            let schema = Schema::decode(from.slice()?)
                .map_err(|cause| error(format!("{}: {cause}", column_key.field)))?;
            let dense = if from.flag()? {
                Some(dense(&mut from, &schema)?)
            } else {
                None
            };
            let mut rows = BTreeMap::new();
            for _ in 0..from.count(8)? {
                let (row, value) = (from.slice()?, from.slice()?);
                check(&schema, value)?;
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
        .try_for_each(|value| check(schema, value))?;
    Ok(DenseValues {
        first,
        size,
        values: values.to_vec(),
    })
}

fn check(schema: &Schema, value: &[u8]) -> Result<(), CodecError> {
    let mut cursor = Cursor::inline(value);
    cursor.check(schema, schema.root())?;
    cursor.finish()
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
