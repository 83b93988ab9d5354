//! Parked values: values of removed fields, kept by the host until the field comes back. Knows no
//! plans.

use crate::escape::{MOST_OF_PATH, escaped};
use crate::schema::Schema;
use crate::value::{Value, decode_inline};
use std::collections::BTreeMap;

/// Parked values, by field and path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parked {
    pub(super) columns: BTreeMap<ColumnKey, Vec<ParkedColumn>>,
}

/// A field, and the path of the values that have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ColumnKey {
    /// Type and field, such as `Particle.spin`.
    pub field: String,
    /// Path of the values that have the field, such as `particles[]`.
    pub path: String,
}

/// The values of one field on one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParkedColumn {
    /// Type of the values.
    pub schema: Schema,
    /// Values of the items of one list, in order.
    pub dense: Option<DenseValues>,
    /// All other values, inline, by the indices and keys of the path.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Fixed-size values of the items of a list, from some index on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DenseValues {
    pub first: usize,
    pub size: usize,
    pub values: Vec<u8>,
}

impl Parked {
    /// Returns true when nothing is parked.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Returns the number of parked values.
    pub fn len(&self) -> usize {
        self.all().map(|(_, column)| column.len()).sum()
    }

    /// Returns roughly the memory of all values, in bytes.
    pub fn bytes(&self) -> usize {
        self.all().map(|(_, column)| column.bytes()).sum()
    }

    /// Returns the path of each parked field with its number of values.
    pub fn paths(&self) -> Vec<(String, usize)> {
        let path = |(column_key, column): (&ColumnKey, &ParkedColumn)| {
            let name = column_key.field.rsplit('.').next().unwrap_or_default();
            let dot = if column_key.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{name}", column_key.path);
            (escaped(&path, MOST_OF_PATH).to_string(), column.len())
        };
        self.all().map(path).collect()
    }

    /// Returns all parked values, each with the path of its field. Indices and keys are left open.
    pub fn values(&self) -> Vec<(String, Value)> {
        let mut values = Vec::new();
        for ((path, _), (_, column)) in self.paths().into_iter().zip(self.all()) {
            let rows = column.rows.values().map(Vec::as_slice);
            for bytes in column
                .dense
                .iter()
                .flat_map(|dense| dense.values.chunks_exact(dense.size))
                .chain(rows)
            {
                values.extend(
                    decode_inline(&column.schema, bytes)
                        .ok()
                        .map(|value| (path.clone(), value)),
                );
            }
        }
        values
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&ColumnKey, &ParkedColumn)> {
        self.columns.iter().flat_map(|(column_key, columns)| {
            columns.iter().map(move |column| (column_key, column))
        })
    }

    /// Parks a value. Returns the value of the same type at the same place, if one was replaced.
    pub(super) fn park(
        &mut self,
        column_key: ColumnKey,
        schema: &Schema,
        row: &[u8],
        value: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let column = self.column(column_key, schema);
        if column
            .dense
            .as_ref()
            .is_some_and(|dense| dense.get(row).is_some())
        {
            column.dense_to_rows();
        }
        column.rows.insert(row.to_vec(), value)
    }

    /// Parks a column. Returns the number of values of the same type that it replaced.
    pub(super) fn park_dense(
        &mut self,
        column_key: ColumnKey,
        schema: &Schema,
        dense: DenseValues,
    ) -> usize {
        let column = self.column(column_key, schema);
        // The rest of an older, longer column becomes rows.
        column.dense_to_rows();
        let before = column.rows.len();
        column.rows.retain(|row, _| dense.get(row).is_none());
        column.dense = Some(dense);
        before - column.rows.len()
    }

    fn column(&mut self, column_key: ColumnKey, schema: &Schema) -> &mut ParkedColumn {
        let columns = self.columns.entry(column_key).or_default();
        let index = columns
            .iter()
            .position(|column| column.schema == *schema)
            .unwrap_or_else(|| {
                columns.push(ParkedColumn {
                    schema: schema.clone(),
                    dense: None,
                    rows: BTreeMap::new(),
                });
                columns.len() - 1
            });
        &mut columns[index]
    }

    /// Removes a value that came back.
    pub(super) fn take(&mut self, column_key: &ColumnKey, column: usize, row: &[u8]) {
        let Some(columns) = self.columns.get_mut(column_key) else {
            return;
        };
        let column = &mut columns[column];
        if column
            .dense
            .as_ref()
            .is_some_and(|dense| dense.get(row).is_some())
        {
            column.dense_to_rows();
        }
        column.rows.remove(row);
    }

    /// Removes the values of the first `items` items, which came back, except those in `but`.
    pub(super) fn take_items(
        &mut self,
        column_key: &ColumnKey,
        column: usize,
        items: usize,
        but: &[usize],
    ) {
        let Some(columns) = self.columns.get_mut(column_key) else {
            return;
        };
        let column = &mut columns[column];
        if !but.is_empty() {
            column.dense_to_rows();
        }
        if let Some(dense) = &mut column.dense {
            let taken = items.saturating_sub(dense.first).min(dense.len());
            dense.values.drain(..taken * dense.size);
            dense.first += taken;
        }
        column.rows.retain(|row, _| {
            DenseValues::index(row).is_none_or(|index| index >= items || but.contains(&index))
        });
    }

    /// Moves the values under one row of a path to another row, also on all longer paths.
    pub(super) fn rekey(&mut self, path: &str, from: &[u8], to: &[u8]) {
        let below = self
            .columns
            .iter_mut()
            .filter(|(column_key, _)| column_key.path.starts_with(path));
        for column in below.flat_map(|(_, columns)| columns) {
            let rows = column.rows.range(from.to_vec()..).map(|(row, _)| row);
            let rows: Vec<Vec<u8>> = rows
                .take_while(|row| row.starts_with(from))
                .cloned()
                .collect();
            for row in rows {
                let moved = [to, &row[from.len()..]].concat();
                if let Some(value) = column.rows.remove(&row) {
                    column.rows.insert(moved, value);
                }
            }
        }
    }

    /// Removes empty columns.
    pub(super) fn tidy(&mut self) {
        self.columns.retain(|_, columns| {
            columns.retain(|column| column.len() > 0);
            !columns.is_empty()
        });
    }
}

impl ParkedColumn {
    /// Approximate cost in bytes of a row in a tree map, beside its own bytes.
    pub const ROW: usize = 64;

    pub fn get(&self, row: &[u8]) -> Option<&[u8]> {
        let dense = self.dense.as_ref().and_then(|dense| dense.get(row));
        dense.or_else(|| self.rows.get(row).map(Vec::as_slice))
    }

    /// Returns the values of list items with their indices, first the dense ones and then the rows.
    pub fn items(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let rows = self
            .rows
            .iter()
            .filter_map(|(row, value)| Some((DenseValues::index(row)?, value.as_slice())));
        let dense = self
            .dense
            .iter()
            .flat_map(|dense| (dense.first..).zip(dense.values.chunks_exact(dense.size)));
        dense.chain(rows)
    }

    fn len(&self) -> usize {
        self.rows.len() + self.dense.as_ref().map_or(0, DenseValues::len)
    }

    fn bytes(&self) -> usize {
        let rows: usize = self
            .rows
            .iter()
            .map(|(row, value)| Self::ROW + row.len() + value.len())
            .sum();
        rows + self.dense.as_ref().map_or(0, |dense| dense.values.len())
    }

    /// Turns dense values into rows.
    fn dense_to_rows(&mut self) {
        let Some(dense) = self.dense.take() else {
            return;
        };
        for (index, value) in dense.values.chunks_exact(dense.size).enumerate() {
            self.rows
                .insert(DenseValues::row(dense.first + index), value.to_vec());
        }
    }
}

impl DenseValues {
    pub fn len(&self) -> usize {
        self.values.len() / self.size
    }

    /// Returns the row of an item of a list that is the path's only open place.
    pub fn row(index: usize) -> Vec<u8> {
        let mut row = 4_u32.to_be_bytes().to_vec();
        row.extend_from_slice(&(index as u32).to_be_bytes());
        row
    }

    /// Returns the index of such a row.
    fn index(row: &[u8]) -> Option<usize> {
        let index: [u8; 4] = row.strip_prefix(&4_u32.to_be_bytes())?.try_into().ok()?;
        Some(u32::from_be_bytes(index) as usize)
    }

    fn get(&self, row: &[u8]) -> Option<&[u8]> {
        let at = DenseValues::index(row)?.checked_sub(self.first)?;
        self.values.chunks_exact(self.size).nth(at)
    }
}
