//! The record or case whose fields are migrated, and the names under which they are parked.

use super::parked::ColumnKey;
use crate::compare::Plan;
use crate::schema::{Field, Kind};

/// The record or case whose fields are migrated.
#[derive(Clone, Copy, Default)]
pub(super) struct FieldOwner<'p> {
    pub old: u32,
    pub old_case: usize,
    pub old_fields: &'p [Field],
    pub new: u32,
    pub new_case: u32,
    pub new_fields: &'p [Field],
    /// Start of the value in the new tree.
    pub start: usize,
}

impl FieldOwner<'_> {
    /// Returns the name and the aliases of a new field.
    pub fn names(&self, index: usize) -> Vec<String> {
        let field = &self.new_fields[index];
        std::iter::once(&field.name)
            .chain(&field.aliases)
            .cloned()
            .collect()
    }

    /// Returns the keys under which values of a field may be parked: each name of the field with
    /// each name of its type and case.
    pub fn keys(&self, plan: &Plan, names: &[String], path: &str) -> Vec<ColumnKey> {
        let def = plan.new.get(self.new);
        let mut owners: Vec<String> = std::iter::once(&def.name)
            .chain(&def.aliases)
            .cloned()
            .collect();
        if let Kind::Variant(cases) = &def.kind {
            let case = &cases[self.new_case as usize];
            let cases = || std::iter::once(&case.name).chain(&case.aliases);
            owners = owners
                .iter()
                .flat_map(|ty| cases().map(move |case| format!("{ty}.{case}")))
                .collect();
        }
        let column_key = |field| ColumnKey {
            field,
            path: path.to_owned(),
        };
        owners
            .iter()
            .flat_map(|owner| {
                names
                    .iter()
                    .map(move |name| column_key(format!("{owner}.{name}")))
            })
            .collect()
    }

    /// Returns the name under which a removed field is parked: its own name, after its owner's new
    /// name.
    pub fn parked_as(&self, plan: &Plan, index: usize) -> String {
        let def = plan.new.get(self.new);
        let field = &self.old_fields[index].name;
        match &def.kind {
            Kind::Variant(cases) => format!(
                "{}.{}.{field}",
                def.name, cases[self.new_case as usize].name
            ),
            _ => format!("{}.{field}", def.name),
        }
    }
}
