//! Finds the default values of fields in the bytes of a guest's `defaults` export.

use crate::cursor::Cursor;
use crate::refusal::Refusal;
use crate::schema::{Fields, Kind, Schema};
use std::collections::HashMap;
use std::ops::Range;

/// Positions of all defaults, by type, case (0 for a record) and field.
pub(super) struct Defaults<'a> {
    bytes: &'a [u8],
    ranges: HashMap<(u32, u32, u32), Range<usize>>,
}

impl<'a> Defaults<'a> {
    pub fn new(schema: &Schema, bytes: &'a [u8]) -> Result<Defaults<'a>, Refusal> {
        let mut cursor = Cursor::inline(bytes);
        let mut ranges = HashMap::new();
        let mut fields = |cursor: &mut Cursor<'_>, id: usize, case: usize, fields: &Fields| {
            for (index, field) in fields
                .list
                .iter()
                .enumerate()
                .filter(|(_, field)| field.default.is_some())
            {
                let start = cursor.at;
                cursor.check(schema, &field.ty)?;
                ranges.insert((id as u32, case as u32, index as u32), start..cursor.at);
            }
            Ok(())
        };
        let mut all = || {
            for (id, def) in schema.types().iter().enumerate() {
                match &def.kind {
                    Kind::Record { fields: list, .. } => fields(&mut cursor, id, 0, list)?,
                    Kind::Variant(cases) | Kind::Flags(cases) => {
                        for (case, def) in cases.iter().enumerate() {
                            fields(&mut cursor, id, case, &def.fields)?;
                        }
                    }
                }
            }
            cursor.finish()
        };
        all().map_err(|error| {
            Refusal::new(
                "",
                format!("the new version's default values do not fit its schema: {error}"),
            )
        })?;
        Ok(Defaults { bytes, ranges })
    }

    /// Returns the default of a field, inline.
    pub fn get(&self, id: u32, case: u32, field: usize) -> Option<&'a [u8]> {
        self.ranges
            .get(&(id, case, field as u32))
            .map(|range| &self.bytes[range.clone()])
    }
}
