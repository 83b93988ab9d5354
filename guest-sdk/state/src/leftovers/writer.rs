//! The host's side of leftovers: collects entries while a migration runs.

use super::wire::{self, Entry};
use crate::schema::Schema;
use std::collections::HashMap;
use std::rc::Rc;

/// Collects the entries of one migration, and the schemas that their values have in common.
#[derive(Default)]
pub(crate) struct LeftoverWriter {
    schemas: Vec<Rc<Schema>>,
    numbers: HashMap<*const Schema, u32>,
    pub entries: Vec<Entry>,
}

impl LeftoverWriter {
    /// Returns the number of a schema.
    ///
    /// Addresses distinguish the schemas. Each is kept alive here, so no address is used twice.
    pub fn schema(&mut self, schema: &Rc<Schema>) -> u32 {
        let next = self.schemas.len() as u32;
        let number = *self.numbers.entry(Rc::as_ptr(schema)).or_insert(next);
        if number == next {
            self.schemas.push(schema.clone());
        }
        number
    }

    /// Returns the bytes for the new guest. There are none when there are no entries.
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(&self.schemas, &self.entries)
    }
}
