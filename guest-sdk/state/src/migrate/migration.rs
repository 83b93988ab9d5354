//! One running migration: turns an old value into a new one, step by step of the plan.

use super::defaults::Defaults;
use super::lanes::Lanes;
use super::limits::Limits;
use super::owner::FieldOwner;
use super::parked::{ColumnKey, Parked};
use super::state_path::StatePath;
use crate::bounds::MAX_DEPTH;
use crate::compare::Plan;
use crate::compare::steps::{NamedStep, NamedStepKind, Op, Step};
use crate::cursor::{Cursor, too_deep};
use crate::leftovers::{Entry, LeftoverWriter, Span};
use crate::number;
use crate::parcel_writer::ParcelWriter;
use crate::refusal::Refusal;
use crate::schema::{Case, Kind, Schema, Type};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A migration while it runs.
pub(super) struct Migration<'a> {
    pub defaults: Defaults<'a>,
    /// Values that were parked before. They are looked up here.
    pub parked_before: &'a Parked,
    /// Values that are parked after the migration. They are changed here.
    pub parked: Parked,
    pub parked_bytes: usize,
    pub limits: &'a Limits,
    pub path: StatePath,
    pub notes: Vec<String>,
    /// Plans from parked columns to fields that come back.
    pub revivals: HashMap<RevivalKey, Option<Rc<Plan>>>,
    /// Schemas of parked fields, by type, case and field of the old schema.
    pub types: HashMap<(u32, usize, usize), Rc<Schema>>,
    /// Lanes of operations on list items, by the address of the operation in the plan.
    pub lanes: HashMap<*const Op, Option<Rc<Lanes>>>,
    /// Old values for the new guest's hooks.
    pub leftovers: LeftoverWriter,
    /// Number of values that may still be passed over.
    pub work: Rc<Cell<usize>>,
    /// Number of operations that may still be made on values without bytes, or on several levels.
    pub steps: usize,
    /// Depth that has to be left. A migration that would go deeper needs a stack of its own.
    floor: usize,
    /// True when the migration ended for want of stack.
    pub needs_stack: bool,
}

/// A parked column and a field to which it may return.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct RevivalKey {
    pub column_key: ColumnKey,
    pub column: usize,
    pub new: u32,
    pub new_case: u32,
    pub field: usize,
}

impl<'a> Migration<'a> {
    pub fn new(
        plan: &Plan,
        defaults: &'a [u8],
        parked: &'a Parked,
        limits: &'a Limits,
        floor: usize,
    ) -> Result<Migration<'a>, Refusal> {
        Ok(Migration {
            defaults: Defaults::new(&plan.new, defaults)?,
            parked_before: parked,
            parked: parked.clone(),
            parked_bytes: parked.bytes(),
            limits,
            path: StatePath::default(),
            notes: Vec::new(),
            revivals: HashMap::new(),
            types: HashMap::new(),
            lanes: HashMap::new(),
            leftovers: LeftoverWriter::default(),
            work: Rc::new(Cell::new(limits.work)),
            steps: limits.work,
            floor,
            needs_stack: false,
        })
    }

    pub fn all(
        &mut self,
        plan: &Plan,
        mut from: Cursor<'_>,
        to: &mut ParcelWriter,
    ) -> Result<(), Refusal> {
        let done = self.op(plan, &plan.root, &mut from, to, MAX_DEPTH);
        done.map_err(|refusal| self.path.locate(refusal))?;
        Ok(from.finish()?)
    }
}

impl Migration<'_> {
    /// Executes one operation: reads an old value and writes a new one.
    pub fn op(
        &mut self,
        plan: &Plan,
        op: &Op,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        if depth < self.floor {
            self.needs_stack = true;
            return Err(too_deep().into());
        }
        match &op.step {
            Step::Copy => to.copy(from, &plan.old, &op.old, depth),
            Step::Number(a, b) => {
                let bytes = from.take(a.size())?;
                let (word, size) = number::convert(*a, *b, bytes)
                    .ok_or_else(|| Refusal::does_not_fit(*a, *b, bytes))?;
                to.bytes(&word[..size])
            }
            Step::Text => text(&op.old, from, to),
            Step::Items(item) => self.items(plan, op, item, from, to, depth),
            Step::Set(item) => {
                let count = from.count(plan.old.layout(&item.old).min)?;
                to.count(count)?;
                let mut keys = HashSet::new();
                for _ in 0..count {
                    let mark = self.path.mark();
                    let change = self.key(plan, item, from, to, depth, &mut keys)?;
                    self.rekey(change);
                    self.path.back(mark);
                }
                Ok(())
            }
            Step::Map(key, value) => {
                let count = from.count(plan.old.layout(&key.old).min)?;
                to.count(count)?;
                let mut keys = HashSet::new();
                for _ in 0..count {
                    let mark = self.path.mark();
                    let change = self.key(plan, key, from, to, depth, &mut keys)?;
                    self.op(plan, value, from, to, depth)?;
                    self.rekey(change);
                    self.path.back(mark);
                }
                Ok(())
            }
            Step::Option(item) => {
                let some = from.flag()?;
                to.bytes(&[u8::from(some)])?;
                if some {
                    self.op(plan, item, from, to, depth)
                } else {
                    Ok(())
                }
            }
            Step::Result(ok, err) => {
                let is_err = from.flag()?;
                to.bytes(&[u8::from(is_err)])?;
                let (name, side) = if is_err { ("err", err) } else { ("ok", ok) };
                self.within(name, |migration| migration.op(plan, side, from, to, depth))
            }
            Step::Tuple(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.within(&index.to_string(), |migration| {
                        migration.op(plan, item, from, to, depth)
                    })?;
                }
                Ok(())
            }
            Step::ToSome(item) => {
                to.bytes(&[1])?;
                self.op(plan, item, from, to, depth)
            }
            Step::ToList(item) => self.list_of_one(plan, item, from, to, depth),
            Step::Named(id) => self.named(plan, *id, from, to, depth),
            Step::Impossible => unreachable!("a plan has no such step"),
        }
    }

    /// Migrates a key, and refuses one that equals an earlier key.
    ///
    /// The path then leads to the entry by its old key. Returns the new key when it differs from
    /// the old one.
    #[inline(never)] // keeps this frame out of the recursion
    fn key(
        &mut self,
        plan: &Plan,
        op: &Op,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
        keys: &mut HashSet<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let mut old = ParcelWriter::inline(self.limits.memory);
        let mut ahead = from.clone();
        old.copy(&mut ahead, &plan.old, &op.old, depth)?;
        let old = old.parcel.tree;
        self.path.key(&old);
        let hooks = self.leftovers.entries.len();
        let key = if matches!(op.step, Step::Copy) {
            *from = ahead;
            old.clone()
        } else {
            let mut key = ParcelWriter::inline(self.limits.memory);
            self.op(plan, op, from, &mut key, depth)?;
            key.parcel.tree
        };
        let base = to.parcel.tree.len() as u32;
        to.copy(&mut Cursor::inline(&key), &plan.new, &op.new, depth)?;
        // Hooks in a key were noted at positions relative to the key.
        for entry in &mut self.leftovers.entries[hooks..] {
            entry.span = Span {
                start: entry.span.start + base,
                end: entry.span.end + base,
            };
        }
        if self.leftovers.entries.len() > hooks && to.parcel.tree.len() - base as usize != key.len()
        {
            return Err(Refusal::new(
                "",
                "a key that has a hook holds a list that is too long for one",
            ));
        }
        let change = (key != old).then(|| key.clone());
        if keys.insert(key) {
            return Ok(change);
        }
        let message = "two keys become the same, and one value would be lost; keep the field, or write a migration";
        Err(Refusal::new("", message))
    }

    /// Moves the parked values of an entry to its new key, under which later migrations look for
    /// them.
    fn rekey(&mut self, change: Option<Vec<u8>>) {
        let Some(key) = change else { return };
        let row = self.path.row_with_last(&key);
        self.parked.rekey(&self.path.open, &self.path.row, &row);
    }

    fn named(
        &mut self,
        plan: &Plan,
        id: usize,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        let step = &plan.named_steps[id];
        let (old, new) = (plan.old.get(step.old), plan.new.get(step.new));
        if let NamedStepKind::Replace(version) = step.kind {
            return self.pass_to_hook(plan, step, version, from, to, depth);
        }
        let start = to.parcel.tree.len();
        match (&step.kind, &old.kind, &new.kind) {
            (
                NamedStepKind::Record(fields),
                Kind::Record { fields: a, .. },
                Kind::Record { fields: b, .. },
            ) => {
                let owner = FieldOwner {
                    old: step.old,
                    old_case: 0,
                    old_fields: &a.list,
                    new: step.new,
                    new_case: 0,
                    start,
                    new_fields: &b.list,
                };
                self.fields(plan, owner, fields, from, to, depth)
            }
            (NamedStepKind::Variant(cases), Kind::Variant(olds), Kind::Variant(news)) => {
                let tag = from.tag(olds.len())?;
                let Some((new_tag, fields)) = &cases[tag] else {
                    return Err(case_is_gone(&old.name, &olds[tag].name));
                };
                to.tag(*new_tag, news.len())?;
                let owner = FieldOwner {
                    old: step.old,
                    old_case: tag,
                    old_fields: &olds[tag].fields.list,
                    new: step.new,
                    new_case: *new_tag,
                    start,
                    new_fields: &news[*new_tag as usize].fields.list,
                };
                self.fields(plan, owner, fields, from, to, depth)
            }
            (NamedStepKind::Flags(bits), Kind::Flags(olds), Kind::Flags(news)) => {
                let set = flags(&old.name, olds, bits, from)?;
                to.bytes(&set.to_le_bytes()[..news.len().div_ceil(8)])
            }
            _ => unreachable!("a named step is between types of one kind"),
        }
    }

    /// Hands the whole old value to the hook that replaces it.
    #[inline(never)] // keeps this frame out of the recursion
    fn pass_to_hook(
        &mut self,
        plan: &Plan,
        step: &NamedStep,
        version: u32,
        from: &mut Cursor<'_>,
        to: &mut ParcelWriter,
        depth: usize,
    ) -> Result<(), Refusal> {
        let whole = Type::Named(step.old);
        let parts: Vec<(String, usize, &Type)> = match &plan.old.get(step.old).kind {
            Kind::Record { fields, .. } => fields
                .list
                .iter()
                .enumerate()
                .map(|(i, field)| (field.name.clone(), i, &field.ty))
                .collect(),
            _ => vec![(String::new(), 0, &whole)],
        };
        let mut fields = Vec::new();
        for (name, index, ty) in parts {
            let mut value = ParcelWriter::inline(self.limits.memory);
            value.copy(from, &plan.old, ty, depth)?;
            let schema = self
                .types
                .entry((step.old, 0, index))
                .or_insert_with(|| Rc::new(plan.old.with_root(ty)));
            fields.push((name, self.leftovers.schema(schema), value.parcel.tree));
        }
        let at = to.parcel.tree.len() as u32;
        let span = Span { start: at, end: at };
        self.leftovers.entries.push(Entry {
            span,
            name: plan.new.get(step.new).name.clone(),
            version,
            fields,
        });
        Ok(())
    }

    pub fn within(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mark = self.path.mark();
        self.path.field(name);
        // After an error the path is kept, because it says where the error happened.
        work(self)?;
        self.path.back(mark);
        Ok(())
    }
}

fn case_is_gone(ty: &str, case: &str) -> Refusal {
    let message = format!(
        "this value is {ty}.{case}, a case that the new version does not have; \
         keep the case, give the new one an alias, or write a migration"
    );
    Refusal::new("", message)
}

/// Moves flags to their new bits.
fn flags(
    ty: &str,
    olds: &[Case],
    places: &[Option<u32>],
    from: &mut Cursor<'_>,
) -> Result<u64, Refusal> {
    let (old_bits, mut new_bits) = (from.flags(olds.len())?, 0_u64);
    for (bit, place) in places
        .iter()
        .enumerate()
        .filter(|(bit, _)| old_bits >> bit & 1 == 1)
    {
        new_bits |= 1
            << place.ok_or_else(|| {
                let message = format!(
                    "the flag {ty}.{} is set, and the new version does not have it",
                    olds[bit].name
                );
                Refusal::new("", message)
            })?;
    }
    Ok(new_bits)
}

/// Converts between a string and its bytes.
fn text(old: &Type, from: &mut Cursor<'_>, to: &mut ParcelWriter) -> Result<(), Refusal> {
    if *old == Type::String {
        let len = from.count(1)?;
        let bytes = from.take(len)?;
        to.count(len)?;
        to.flat(len, 1)?.copy_from_slice(bytes);
        return Ok(());
    }
    let len = from.word()? as usize;
    let bytes = from.flat(len, 1, 1)?;
    if std::str::from_utf8(bytes).is_err() {
        let message = "the bytes are not UTF-8, so they cannot become a string; keep the list, or write a migration";
        return Err(Refusal::new("", message));
    }
    to.count(len)?;
    to.bytes(bytes)
}
