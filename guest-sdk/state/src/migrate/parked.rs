//! Values of fields that are no more, kept by the host until the field comes back.

use crate::schema::Schema;
use std::collections::BTreeMap;

/// Parked values, by field and by where in the state they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parked {
    pub(super) columns: BTreeMap<Place, Vec<Column>>,
}

/// A field, and a path through the state on which values that have it lie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// The type and the field, such as `Particle.spin`.
    pub field: String,
    /// The path of the values that have the field, such as `particles[]`.
    pub path: String,
}

/// The values of one field on one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Their type.
    pub schema: Schema,
    /// The values, inline, by the indices and keys that the path leaves open.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Parked {
    /// Whether nothing is parked.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The number of parked values.
    pub fn len(&self) -> usize {
        self.all().map(|(_, column)| column.rows.len()).sum()
    }

    /// The memory that they take.
    pub fn bytes(&self) -> usize {
        self.all().map(|(_, column)| column.bytes()).sum()
    }

    /// The paths of the parked fields, each with the number of its values.
    pub fn paths(&self) -> Vec<(String, usize)> {
        self.all()
            .map(|(place, column)| {
                let name = place.field.rsplit('.').next().unwrap_or_default();
                let dot = if place.path.is_empty() { "" } else { "." };
                (format!("{}{dot}{name}", place.path), column.rows.len())
            })
            .collect()
    }

    fn all(&self) -> impl Iterator<Item = (&Place, &Column)> {
        self.columns
            .iter()
            .flat_map(|(place, columns)| columns.iter().map(move |column| (place, column)))
    }

    /// Keeps a value; one of the same type at the same place is replaced, and given back.
    pub(super) fn park(
        &mut self,
        place: Place,
        schema: &Schema,
        row: &[u8],
        value: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let columns = self.columns.entry(place).or_default();
        let index = match columns.iter().position(|column| column.schema == *schema) {
            Some(index) => index,
            None => {
                columns.push(Column {
                    schema: schema.clone(),
                    rows: BTreeMap::new(),
                });
                columns.len() - 1
            }
        };
        columns[index].rows.insert(row.to_vec(), value)
    }

    /// Takes a value out.
    pub(super) fn take(&mut self, place: &Place, column: usize, row: &[u8]) {
        let Some(columns) = self.columns.get_mut(place) else {
            return;
        };
        columns[column].rows.remove(row);
    }

    /// Forgets columns that were emptied.
    pub(super) fn tidy(&mut self) {
        self.columns.retain(|_, columns| {
            columns.retain(|column| !column.rows.is_empty());
            !columns.is_empty()
        });
    }
}

impl Column {
    fn bytes(&self) -> usize {
        // A row of a tree map costs about so much beside its bytes.
        const ROW: usize = 64;
        self.rows
            .iter()
            .map(|(row, value)| ROW + row.len() + value.len())
            .sum()
    }
}
