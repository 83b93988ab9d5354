//! Reads a field of an old value as a Rust type, for a guest's hooks. Knows no host.

use crate::codec::{Reader, RestoreError, State, defaults};
use crate::compare::Comparison;
use crate::leftovers::Old;
use crate::migrate::convert_inline;
use crate::schema::Schema;

impl Old {
    /// Returns the old value of a field, as any type that its own type converts to automatically.
    ///
    /// Returns `None` when there is no such field.
    ///
    /// # Errors
    /// Returns an error when no rule leads to the type, or when this value does not fit it.
    pub fn get<T: State>(&self, name: &str) -> Result<Option<T>, RestoreError> {
        let Some(field) = self.field(name) else {
            return Ok(None);
        };
        read(&field.schema, &field.bytes)
            .map(Some)
            .map_err(|error| RestoreError::new(format!("{name}: {error}")))
    }
}

fn read<T: State>(old: &Schema, bytes: &[u8]) -> Result<T, RestoreError> {
    let new = Schema::of::<T>();
    let restore = |bytes: &[u8]| {
        let mut reader = Reader::inline(bytes);
        let value = T::restore(&mut reader)?;
        reader.finish().map(|()| value)
    };
    if *old == new {
        return restore(bytes);
    }
    let plan = Comparison::new(old, &new)
        .into_plan()
        .map_err(|error| RestoreError::new(error.to_string()))?;
    let bytes = convert_inline(&plan, bytes, &defaults::<T>());
    restore(&bytes.map_err(|refusal| RestoreError::new(refusal.to_string()))?)
}
