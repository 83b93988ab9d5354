//! Migrates the fields of a record or case: those that stay, those that are new, and those that are
//! parked.

use super::migration::{Migration, RevivalKey};
use super::owner::FieldOwner;
use super::parked::{ColumnKey, ParkedColumn};
use crate::compare::steps::{FieldSteps, Source};
use crate::compare::{Comparison, Plan};
use crate::cursor::Cursor;
use crate::escape::{MOST_OF_PATH, escaped};
use crate::leftovers::{Entry, Span};
use crate::parcel_writer::ParcelWriter;
use crate::refusal::Refusal;
use crate::schema::{Field, Schema};
use std::cell::Cell;
use std::rc::Rc;

/// Length of a path that costs no more than the column that has it, in bytes.
const FREE_PATH: usize = 256;
/// Notes of a migration. Further ones are left out.
const MOST_NOTES: usize = 100;

/// Reads the old fields, each once, in any order.
///
/// A field that is taken out of order is passed over first. Fields in order cost nothing extra, so
/// a tree whose last field is its children is walked once.
struct OldFieldCursor<'r, 'c> {
    plan: &'r Plan,
    fields: &'r [Field],
    /// Position of the first field that was not passed.
    from: &'r mut Cursor<'c>,
    passed: Vec<Cursor<'c>>,
    /// Number of values that may still be passed over.
    work: Rc<Cell<usize>>,
}

impl<'c> OldFieldCursor<'_, 'c> {
    fn at(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut Cursor<'c>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if let Some(cursor) = self.passed.get_mut(index) {
            return work(cursor);
        }
        self.pass(index)?;
        self.passed.push(self.from.clone());
        work(self.from)
    }

    /// Passes over all fields before this one.
    fn pass(&mut self, index: usize) -> Result<(), Refusal> {
        while self.passed.len() < index {
            self.passed.push(self.from.clone());
            let start = self.from.steps;
            self.from
                .skip(&self.plan.old, &self.fields[self.passed.len() - 1].ty)?;
            let left = self.work.get().checked_sub(self.from.steps - start);
            self.work.set(left.ok_or_else(|| {
                let message =
                    "the state is nested too deep for its fields to be taken in another order";
                Refusal::new("", message)
            })?);
        }
        Ok(())
    }
}

impl Migration<'_> {
    pub(super) fn fields(
        &mut self,
        plan: &Plan,
        owner: FieldOwner<'_>,
        steps: &FieldSteps,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        let mut olds = OldFieldCursor {
            plan,
            fields: owner.old_fields,
            from,
            passed: Vec::new(),
            work: self.work.clone(),
        };
        for (index, source) in steps.sources.iter().enumerate() {
            let name = &owner.new_fields[index].name;
            match source {
                Source::OldField(old, op) => {
                    olds.at(*old, |from| {
                        self.within(name, |migration| migration.op(plan, op, from, to, depth))
                    })?;
                }
                Source::ClaimParked(old, op, names) => {
                    match self.revive(plan, owner, index, names, depth) {
                        Some(value) => {
                            to.copy(
                                &mut Cursor::inline(&value),
                                &plan.new,
                                &owner.new_fields[index].ty,
                                depth,
                            )?;
                            olds.at(*old, |from| {
                                self.park(plan, owner, *old, from, depth).map(drop)
                            })?;
                        }
                        None => olds.at(*old, |from| {
                            self.within(name, |migration| migration.op(plan, op, from, to, depth))
                        })?,
                    }
                }
                Source::New => self.write_new_field(plan, owner, index, to, depth)?,
            }
        }
        let mut leftovers = Vec::new();
        for old in &steps.parked {
            olds.at(*old, |from| {
                let value = self.park(plan, owner, *old, from, depth)?;
                if steps.hook_version.is_some() {
                    let schema = self.parked_type(plan, owner, *old);
                    leftovers.push((
                        owner.old_fields[*old].name.clone(),
                        self.leftovers.schema(&schema),
                        value,
                    ));
                }
                Ok(())
            })?;
        }
        olds.pass(owner.old_fields.len())?;
        if let Some(version) = steps.hook_version {
            let span = Span {
                start: owner.start as u32,
                end: to.parcel.tree.len() as u32,
            };
            let name = plan.new.get(owner.new).name.clone();
            self.leftovers.entries.push(Entry {
                span,
                name,
                version,
                fields: leftovers,
            });
        }
        Ok(())
    }

    /// Writes a field that the old state lacks: its parked value, or its default.
    #[inline(never)] // keeps this frame out of the recursion
    fn write_new_field(
        &mut self,
        plan: &Plan,
        owner: FieldOwner<'_>,
        index: usize,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        let ty = &owner.new_fields[index].ty;
        if let Some(value) = self.revive(plan, owner, index, &owner.names(index), depth) {
            return to.copy(&mut Cursor::inline(&value), &plan.new, ty, depth);
        }
        match self.defaults.get(owner.new, owner.new_case, index) {
            Some(default) => to.copy(&mut Cursor::inline(default), &plan.new, ty, depth),
            None => {
                let name = &owner.new_fields[index].name;
                Err(Refusal::new(
                    "",
                    format!("the new field {name} has no default; give it one"),
                ))
            }
        }
    }

    /// Takes the parked value of a field at this path, in the field's new type.
    #[inline(never)] // keeps this frame out of the recursion
    fn revive(
        &mut self,
        plan: &Plan,
        owner: FieldOwner<'_>,
        index: usize,
        names: &[String],
        depth: usize,
    ) -> Option<Vec<u8>> {
        let parked_before = self.parked_before;
        if parked_before.is_empty() {
            return None;
        }
        for column_key in owner.keys(plan, names, &self.path.open) {
            let columns: &[ParkedColumn] = parked_before
                .columns
                .get(&column_key)
                .map_or(&[], Vec::as_slice);
            for (number, column) in columns.iter().enumerate() {
                let Some(value) = column.get(&self.path.row) else {
                    continue;
                };
                let Some(way) = self.revival_plan(plan, owner, index, &column_key, number) else {
                    continue;
                };
                if let Some(value) = self.convert(&way, value, depth, owner, index) {
                    self.parked.take(&column_key, number, &self.path.row);
                    return Some(value);
                }
            }
        }
        None
    }

    /// Returns the plan from a parked column to a field, when one exists that parks nothing itself.
    pub(super) fn revival_plan(
        &mut self,
        plan: &Plan,
        owner: FieldOwner<'_>,
        index: usize,
        column_key: &ColumnKey,
        column: usize,
    ) -> Option<Rc<Plan>> {
        let key = RevivalKey {
            column_key: column_key.clone(),
            column,
            new: owner.new,
            new_case: owner.new_case,
            field: index,
        };
        let parked_before = self.parked_before;
        let way = self.revivals.entry(key).or_insert_with(|| {
            let from = &parked_before.columns[column_key][column].schema;
            let way =
                Comparison::between(from, from.root(), &plan.new, &owner.new_fields[index].ty)
                    .into_plan()
                    .ok()?;
            (!way.parks()).then(|| Rc::new(way))
        });
        way.clone()
    }

    /// Converts a parked value to the field's new type. Returns `None` when this value does not
    /// fit.
    pub(super) fn convert(
        &mut self,
        way: &Plan,
        value: &[u8],
        depth: usize,
        owner: FieldOwner<'_>,
        index: usize,
    ) -> Option<Vec<u8>> {
        let mut out = ParcelWriter::inline(self.limits.memory);
        let path = self.path.clone();
        // Lanes are cached by the address of an operation, and this plan may not live as long as
        // the cache.
        let lanes = std::mem::take(&mut self.lanes);
        let result = self.op(way, &way.root, &mut Cursor::inline(value), &mut out, depth);
        self.lanes = lanes;
        self.path = path;
        if result.is_ok() {
            return Some(out.parcel.tree);
        }
        self.note(format!(
            "a parked value of {} does not fit its new type and stays parked",
            owner.new_fields[index].name
        ));
        None
    }

    /// Parks the value of a removed field, and returns it.
    #[inline(never)] // keeps this frame out of the recursion
    fn park(
        &mut self,
        plan: &Plan,
        owner: FieldOwner<'_>,
        index: usize,
        from: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<Vec<u8>, Refusal> {
        let mut value = ParcelWriter::inline(self.limits.parked);
        value.copy(from, &plan.old, &owner.old_fields[index].ty, depth)?;
        let value = value.parcel.tree;
        let schema = self.parked_type(plan, owner, index);
        // The new names of the owner are the ones looked for when the field comes back.
        let column_key = ColumnKey {
            field: owner.parked_as(plan, index),
            path: self.path.open.clone(),
        };
        // In a deep value each level has a column of its own, whose path is as long as it is deep.
        let long_path = column_key.path.len().saturating_sub(FREE_PATH);
        self.reserve_parked(
            &column_key.field,
            ParkedColumn::ROW + self.path.row.len() + value.len() + long_path,
        )?;
        let replaced = self
            .parked
            .park(column_key, &schema, &self.path.row, value.clone());
        self.note_replaced(owner, index, usize::from(replaced.is_some()));
        Ok(value)
    }

    pub(super) fn parked_type(
        &mut self,
        plan: &Plan,
        owner: FieldOwner<'_>,
        index: usize,
    ) -> Rc<Schema> {
        let key = (owner.old, owner.old_case, index);
        let schema = || Rc::new(plan.old.with_root(&owner.old_fields[index].ty));
        self.types.entry(key).or_insert_with(schema).clone()
    }

    pub(super) fn reserve_parked(&mut self, field: &str, more: usize) -> Result<(), Refusal> {
        self.parked_bytes += more;
        if self.parked_bytes <= self.limits.parked {
            return Ok(());
        }
        let message = format!(
            "parking {field} takes more than the {} bytes that parked values may; keep the field, or raise the limit",
            self.limits.parked
        );
        Err(Refusal::new("", message))
    }

    pub(super) fn note_replaced(&mut self, owner: FieldOwner<'_>, index: usize, replaced: usize) {
        if replaced > 0 {
            let name = &owner.old_fields[index].name;
            self.note(format!(
                "parked values of {name} were replaced by newer ones"
            ));
        }
    }

    /// Adds a message for the user, unless it is already there.
    fn note(&mut self, note: String) {
        let note = escaped(&note, MOST_OF_PATH).to_string();
        if self.notes.len() >= MOST_NOTES {
            return;
        }
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
