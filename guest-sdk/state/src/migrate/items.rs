//! Migrates lists and arrays: column by column when both items have a fixed size, otherwise item by
//! item.

use super::lanes::{FillLane, Lanes, ParkLane};
use super::migration::Migration;
use super::owner::FieldOwner;
use super::parked::{ColumnKey, DenseValues, ParkedColumn};
use crate::compare::Plan;
use crate::compare::steps::Op;
use crate::cursor::Cursor;
use crate::parcel_writer::ParcelWriter;
use crate::refusal::Refusal;
use crate::schema::{Field, Schema, Type};
use std::rc::Rc;

impl Migration<'_> {
    #[inline(never)] // keeps this frame out of the recursion
    pub(super) fn items(
        &mut self,
        plan: &Plan,
        op: &Op,
        item: &Op,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        // The old items lie in a slice of their own, or one after the other in the tree.
        let old_layout = plan.old.layout(&item.old);
        let (count, mut slice) = match &op.old {
            Type::Array(_, count) => {
                from.bounded(*count, old_layout.min)?;
                (*count as usize, None)
            }
            _ => match old_layout.as_flat() {
                Some((size, width)) => {
                    let count = from.word()? as usize;
                    (count, Some(Cursor::inline(from.flat(count, size, width)?)))
                }
                None => (from.count(old_layout.min)?, None),
            },
        };
        match &op.new {
            Type::Array(_, want) if *want as usize != count => {
                let message = format!(
                    "a list of {count} items does not fit an array of {want}; keep a list, or write a migration"
                );
                return Err(Refusal::new("", message));
            }
            Type::Array(..) => {}
            _ => to.count(count)?,
        }
        if old_layout.min == 0 {
            // Items without bytes cost nothing to send, so their number is bounded over all lists.
            let left = self.steps.checked_sub(count);
            self.steps =
                left.ok_or_else(|| Refusal::new("", "it has too many values without bytes"))?;
        }
        let from = slice.as_mut().unwrap_or(from);
        let flat = plan
            .new
            .layout(&item.new)
            .as_flat()
            .filter(|_| matches!(op.new, Type::List(_)));
        if let Some(lanes) = self.lanes(plan, item) {
            let old = from.take(count * lanes.old_size)?;
            let len = count
                .checked_mul(lanes.new_size)
                .ok_or_else(|| Refusal::new("", "the new list is too large"))?;
            let new = match flat {
                Some((_, width)) => to.flat(len, width)?,
                None => to.tree(len)?,
            };
            return self.columns(plan, &lanes, old, new, depth);
        }
        let Some((size, width)) = flat else {
            return (0..count).try_for_each(|index| self.item(plan, item, index, from, to, depth));
        };
        let mut inline = ParcelWriter::inline(self.limits.memory);
        (0..count).try_for_each(|index| self.item(plan, item, index, from, &mut inline, depth))?;
        to.flat(count * size, width)?
            .copy_from_slice(&inline.parcel.tree);
        Ok(())
    }

    fn item(
        &mut self,
        plan: &Plan,
        item: &Op,
        index: usize,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        let mark = self.path.mark();
        self.path.index(index);
        self.op(plan, item, from, to, depth)?;
        self.path.back(mark);
        Ok(())
    }

    /// Writes a value as a list of one item.
    #[inline(never)] // keeps this frame out of the recursion
    pub(super) fn list_of_one(
        &mut self,
        plan: &Plan,
        item: &Op,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        to.count(1)?;
        let Some((size, width)) = plan.new.layout(&item.new).as_flat() else {
            return self.op(plan, item, from, to, depth);
        };
        let mut one = ParcelWriter::inline(self.limits.memory);
        self.op(plan, item, from, &mut one, depth)?;
        to.flat(size, width)?.copy_from_slice(&one.parcel.tree);
        Ok(())
    }

    /// Returns the lanes of an operation on items, if it has any.
    ///
    /// A parked column has one index, so a list in a list whose fields change is migrated item by
    /// item.
    fn lanes(&mut self, plan: &Plan, item: &Op) -> Option<Rc<Lanes>> {
        let key: *const Op = item;
        let (defaults, revives) = (&self.defaults, !self.parked_before.is_empty());
        let lanes = self
            .lanes
            .entry(key)
            .or_insert_with(|| Lanes::new(plan, item, defaults, revives).map(Rc::new))
            .clone()?;
        let nested = !self.path.row.is_empty();
        let revives = !lanes.fills.is_empty() && !self.parked_before.is_empty();
        if nested && (revives || !lanes.parks.is_empty()) {
            None
        } else {
            Some(lanes)
        }
    }

    fn columns(
        &mut self,
        plan: &Plan,
        lanes: &Lanes,
        old: &[u8],
        new: &mut [u8],
        depth: usize,
    ) -> Result<(), Refusal> {
        lanes.run(old, new).map_err(|(index, refusal)| {
            self.path.index(index);
            refusal
        })?;
        if !self.parked_before.is_empty() {
            lanes
                .fills
                .iter()
                .try_for_each(|fill| self.refill(plan, lanes, fill, new, depth))?;
        }
        lanes
            .parks
            .iter()
            .try_for_each(|park| self.park_column(plan, lanes, park, old))
    }

    /// Replaces defaults that were filled in by parked values.
    fn refill(
        &mut self,
        plan: &Plan,
        lanes: &Lanes,
        fill: &FillLane,
        new: &mut [u8],
        depth: usize,
    ) -> Result<(), Refusal> {
        let owner = FieldOwner {
            new_fields: record(&plan.new, fill.new),
            new: fill.new,
            ..FieldOwner::default()
        };
        let open = format!("{}[]{}", self.path.open, fill.path);
        let parked_before = self.parked_before;
        for column_key in owner.keys(plan, &owner.names(fill.field), &open) {
            let columns: &[ParkedColumn] = parked_before
                .columns
                .get(&column_key)
                .map_or(&[], Vec::as_slice);
            for (number, column) in columns.iter().enumerate() {
                let Some(way) = self.revival_plan(plan, owner, fill.field, &column_key, number)
                else {
                    continue;
                };
                let items = new.len() / lanes.new_size;
                let mut unfit = Vec::new();
                for (index, value) in column.items().filter(|(index, _)| *index < items) {
                    let at = index * lanes.new_size + fill.to;
                    let destination = &mut new[at..at + fill.size];
                    if way.is_identity() {
                        destination.copy_from_slice(value);
                    } else if let Some(value) = self.convert(&way, value, depth, owner, fill.field)
                    {
                        destination.copy_from_slice(&value);
                    } else {
                        unfit.push(index);
                    }
                }
                self.parked.take_items(&column_key, number, items, &unfit);
            }
        }
        Ok(())
    }

    fn park_column(
        &mut self,
        plan: &Plan,
        lanes: &Lanes,
        park: &ParkLane,
        old: &[u8],
    ) -> Result<(), Refusal> {
        if old.is_empty() || park.size == 0 {
            return Ok(());
        }
        let owner = FieldOwner {
            old: park.old,
            old_fields: record(&plan.old, park.old),
            new: park.new,
            new_fields: record(&plan.new, park.new),
            ..FieldOwner::default()
        };
        let field = owner.parked_as(plan, park.field);
        let items = old.len() / lanes.old_size;
        self.reserve_parked(&field, items * park.size)?;
        let mut values = Vec::with_capacity(items * park.size);
        for item in old.chunks_exact(lanes.old_size) {
            values.extend_from_slice(&item[park.from..park.from + park.size]);
        }
        let schema = self.parked_type(plan, owner, park.field);
        let column_key = ColumnKey {
            field,
            path: format!("{}[]{}", self.path.open, park.path),
        };
        let dense = DenseValues {
            first: 0,
            size: park.size,
            values,
        };
        let replaced = self.parked.park_dense(column_key, &schema, dense);
        self.note_replaced(owner, park.field, replaced);
        Ok(())
    }
}

fn record(schema: &Schema, id: u32) -> &[Field] {
    &schema
        .get(id)
        .kind
        .record()
        .expect("lanes are of records")
        .list
}
