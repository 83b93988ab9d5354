//! The walk that turns an old value into a new one, step by step of the plan.

use super::defaults::Defaults;
use super::output::Output;
use super::parked::{Parked, Place};
use super::{Limits, Migrated, Refusal};
use crate::parcel::ParcelRef;
use crate::plan::Plan;
use crate::plan::number;
use crate::plan::op::{FieldsLink, LinkKind, Op, Source, Step};
use crate::schema::{Field, Kind, Schema, Type};
use crate::walk::{Cursor, MAX_DEPTH, too_deep};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

pub(super) fn run(
    plan: &Plan,
    old: &ParcelRef<'_>,
    defaults: &[u8],
    parked: &Parked,
    limits: &Limits,
) -> Result<Migrated, Refusal> {
    let mut run = Run {
        defaults: Defaults::new(&plan.new, defaults)?,
        before: parked,
        parked: parked.clone(),
        parked_bytes: parked.bytes(),
        limits,
        path: Path::default(),
        notes: Vec::new(),
        revivals: HashMap::new(),
        types: HashMap::new(),
    };
    let mut from = Cursor::new(old);
    let mut to = Output::new(limits.memory);
    run.op(plan, &plan.root, &mut from, &mut to, MAX_DEPTH)
        .map_err(|refusal| run.path.locate(refusal))?;
    from.finish()?;
    run.parked.tidy();
    Ok(Migrated {
        parcel: to.parcel,
        parked: run.parked,
        notes: run.notes,
    })
}

/// Where the walk is: a path with its indices and keys left open, and those beside it.
#[derive(Default)]
struct Path {
    open: String,
    row: Vec<u8>,
    shown: Vec<String>,
}

impl Path {
    fn locate(&self, refusal: Refusal) -> Refusal {
        if !refusal.path.is_empty() {
            return refusal;
        }
        Refusal {
            path: self.render(),
            ..refusal
        }
    }

    /// The path with indices and keys in their places.
    fn render(&self) -> String {
        let mut shown = self.shown.iter();
        let mut out = String::new();
        let mut rest = self.open.as_str();
        while let Some(at) = rest.find("[]") {
            out.push_str(&rest[..at + 1]);
            out.push_str(shown.next().map_or("", String::as_str));
            out.push(']');
            rest = &rest[at + 2..];
        }
        out + rest
    }
}

struct Run<'a> {
    defaults: Defaults<'a>,
    before: &'a Parked,
    parked: Parked,
    parked_bytes: usize,
    limits: &'a Limits,
    path: Path,
    notes: Vec<String>,
    /// The plans from parked types to the types of the fields that come back.
    revivals: HashMap<(Place, usize, u32, u32, usize), Option<Rc<Plan>>>,
    /// The schemas of parked fields by type, case and field of the old schema.
    types: HashMap<(u32, usize, usize), Rc<Schema>>,
}

/// The record, or the case, whose fields are being carried over.
#[derive(Clone, Copy)]
struct Owner<'p> {
    old: u32,
    old_case: usize,
    old_fields: &'p [Field],
    new: u32,
    new_case: u32,
    new_fields: &'p [Field],
}

impl Run<'_> {
    fn op(
        &mut self,
        plan: &Plan,
        op: &Op,
        from: &mut Cursor<'_>,
        to: &mut Output,
        depth: usize,
    ) -> Result<(), Refusal> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match &op.step {
            Step::Same => to.copy(from, &plan.old, &op.old, depth),
            Step::Number(a, b) => {
                let bytes = from.take(a.size())?;
                let (word, size) =
                    number::convert(*a, *b, bytes).ok_or_else(|| does_not_fit(*a, *b, bytes))?;
                to.bytes(&word[..size])
            }
            Step::Text => self.text(&op.old, from, to),
            Step::Items(item) => self.items(plan, op, item, from, to, depth),
            Step::Set(item) => {
                let count = from.count(plan.old.layout(&item.old).min)?;
                to.count(count)?;
                let mut keys = HashSet::new();
                (0..count).try_for_each(|_| self.key(plan, item, from, to, depth, &mut keys))
            }
            Step::Map(key, value) => {
                let count = from.count(plan.old.layout(&key.old).min)?;
                to.count(count)?;
                let mut keys = HashSet::new();
                for _ in 0..count {
                    let start = from.at;
                    self.key(plan, key, from, to, depth, &mut keys)?;
                    let row = &from.tree[start..from.at];
                    let shown = String::from_utf8_lossy(row).into_owned();
                    self.inside(row, shown, |run| run.op(plan, value, from, to, depth))?;
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
                self.under(name, |run| run.op(plan, side, from, to, depth))
            }
            Step::Tuple(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.under(&index.to_string(), |run| {
                        run.op(plan, item, from, to, depth)
                    })?;
                }
                Ok(())
            }
            Step::Some(item) => {
                to.bytes(&[1])?;
                self.op(plan, item, from, to, depth)
            }
            Step::One(item) => {
                to.count(1)?;
                self.item(plan, item, from, to, depth)
            }
            Step::Link(id) => self.link(plan, *id, from, to, depth),
            Step::Never => unreachable!("a plan has no such step"),
        }
    }

    fn text(&mut self, old: &Type, from: &mut Cursor<'_>, to: &mut Output) -> Result<(), Refusal> {
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
            return Err(Refusal::new(
                "",
                "the bytes are not UTF-8, so they cannot become a string; keep the list, or write a migration",
            ));
        }
        to.count(len)?;
        to.bytes(bytes)
    }

    /// The only item of a list: written flat where the list is flat.
    fn item(
        &mut self,
        plan: &Plan,
        item: &Op,
        from: &mut Cursor<'_>,
        to: &mut Output,
        depth: usize,
    ) -> Result<(), Refusal> {
        match plan.new.layout(&item.new).as_flat() {
            Some((size, width)) => {
                let mut one = Output::inline(size);
                self.op(plan, item, from, &mut one, depth)?;
                to.flat(size, width)?.copy_from_slice(&one.parcel.tree);
                Ok(())
            }
            None => self.op(plan, item, from, to, depth),
        }
    }

    fn items(
        &mut self,
        plan: &Plan,
        op: &Op,
        item: &Op,
        from: &mut Cursor<'_>,
        to: &mut Output,
        depth: usize,
    ) -> Result<(), Refusal> {
        // Where the old items lie: in a slice of their own, or in the tree one after the other.
        let old_layout = plan.old.layout(&item.old);
        let (count, mut slice) = match &op.old {
            Type::Array(_, count) => (*count as usize, None),
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
        let from = slice.as_mut().unwrap_or(from);
        let new_flat = plan
            .new
            .layout(&item.new)
            .as_flat()
            .filter(|_| matches!(op.new, Type::List(_)));
        let Some((size, width)) = new_flat else {
            return (0..count).try_for_each(|index| {
                self.indexed(index, |run| run.op(plan, item, from, to, depth))
            });
        };
        let len = count
            .checked_mul(size)
            .ok_or_else(|| Refusal::new("", "the new list would be too large"))?;
        let mut flat = Output::inline(self.limits.memory);
        for index in 0..count {
            self.indexed(index, |run| run.op(plan, item, from, &mut flat, depth))?;
        }
        to.flat(len, width)?.copy_from_slice(&flat.parcel.tree);
        Ok(())
    }

    /// A key, which must be none of those before it.
    fn key(
        &mut self,
        plan: &Plan,
        op: &Op,
        from: &mut Cursor<'_>,
        to: &mut Output,
        depth: usize,
        keys: &mut HashSet<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let mut key = Output::inline(self.limits.memory);
        let row = {
            let mut end = from.clone();
            end.skip(&plan.old, &op.old)?;
            &from.tree[from.at..end.at]
        };
        self.inside(row, "key".into(), |run| {
            run.op(plan, op, from, &mut key, depth)
        })?;
        let mut cursor = Cursor::inline(&key.parcel.tree);
        to.copy(&mut cursor, &plan.new, &op.new, depth)?;
        if !keys.insert(key.parcel.tree) {
            return Err(Refusal::new(
                "",
                "two keys become the same, and one value would be lost; keep the field, or write a migration",
            ));
        }
        Ok(())
    }

    fn link(
        &mut self,
        plan: &Plan,
        id: usize,
        from: &mut Cursor<'_>,
        to: &mut Output,
        depth: usize,
    ) -> Result<(), Refusal> {
        let link = &plan.links[id];
        let (old, new) = (plan.old.get(link.old), plan.new.get(link.new));
        match (&link.kind, &old.kind, &new.kind) {
            (
                LinkKind::Record(fields),
                Kind::Record { fields: a, .. },
                Kind::Record { fields: b, .. },
            ) => {
                let owner = Owner {
                    old: link.old,
                    old_case: 0,
                    old_fields: &a.list,
                    new: link.new,
                    new_case: 0,
                    new_fields: &b.list,
                };
                self.fields(plan, owner, fields, from, to, depth)
            }
            (LinkKind::Variant(cases), Kind::Variant(olds), Kind::Variant(news)) => {
                let tag = from.tag(olds.len())?;
                let Some((new_tag, fields)) = &cases[tag] else {
                    let message = format!(
                        "this value is {}.{}, a case that the new version does not have; keep the case, give it an alias, or write a migration",
                        old.name, olds[tag].name
                    );
                    return Err(Refusal::new("", message));
                };
                to.tag(*new_tag, news.len())?;
                let owner = Owner {
                    old: link.old,
                    old_case: tag,
                    old_fields: &olds[tag].fields.list,
                    new: link.new,
                    new_case: *new_tag,
                    new_fields: &news[*new_tag as usize].fields.list,
                };
                self.fields(plan, owner, fields, from, to, depth)
            }
            (LinkKind::Flags(bits), Kind::Flags(olds), Kind::Flags(news)) => {
                let mut word = [0; 8];
                let bytes = from.take(olds.len().div_ceil(8))?;
                word[..bytes.len()].copy_from_slice(bytes);
                let (old_bits, mut new_bits) = (u64::from_le_bytes(word), 0_u64);
                for bit in (0..64).filter(|bit| old_bits >> bit & 1 == 1) {
                    match bits.get(bit) {
                        Some(Some(new)) => new_bits |= 1 << new,
                        Some(None) => {
                            let message = format!(
                                "the flag {}.{} is set, and the new version does not have it",
                                old.name, olds[bit].name
                            );
                            return Err(Refusal::new("", message));
                        }
                        None => {
                            return Err(Refusal::new(
                                "",
                                "damaged state: a flag is set that does not exist",
                            ));
                        }
                    }
                }
                to.bytes(&new_bits.to_le_bytes()[..news.len().div_ceil(8)])
            }
            _ => unreachable!("a link is between types of one kind"),
        }
    }

    fn fields(
        &mut self,
        plan: &Plan,
        owner: Owner<'_>,
        link: &FieldsLink,
        from: &mut Cursor<'_>,
        to: &mut Output,
        depth: usize,
    ) -> Result<(), Refusal> {
        // Where each old field lies. When they are taken in order, the walk itself finds out.
        let mut places = Vec::new();
        if !link.in_order || !link.parked.is_empty() {
            for field in owner.old_fields {
                places.push(from.clone());
                from.skip(&plan.old, &field.ty)?;
            }
        }
        for (index, source) in link.sources.iter().enumerate() {
            let field = &owner.new_fields[index];
            match source {
                Source::From(old, op) => {
                    let at = places.get_mut(*old).unwrap_or(from);
                    self.under(&field.name, |run| run.op(plan, op, at, to, depth))?;
                }
                Source::Added => self.added(plan, owner, index, to, depth)?,
            }
        }
        for index in &link.parked {
            self.park(plan, owner, *index, &mut places[*index], depth)?;
        }
        Ok(())
    }

    /// A field that the old state does not have: its parked value, or else its default.
    fn added(
        &mut self,
        plan: &Plan,
        owner: Owner<'_>,
        index: usize,
        to: &mut Output,
        depth: usize,
    ) -> Result<(), Refusal> {
        let field = &owner.new_fields[index];
        if !self.before.is_empty() {
            if let Some(value) = self.revive(plan, owner, index, depth)? {
                return to.copy(&mut Cursor::inline(&value), &plan.new, &field.ty, depth);
            }
        }
        let default = self.defaults.get(owner.new, owner.new_case, index);
        let Some(default) = default else {
            return Err(Refusal::new(
                "",
                format!("the new field {} has no default value", field.name),
            ));
        };
        to.copy(&mut Cursor::inline(default), &plan.new, &field.ty, depth)
    }

    /// The parked value of a field at this place, as the field's type of now.
    fn revive(
        &mut self,
        plan: &Plan,
        owner: Owner<'_>,
        index: usize,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let before = self.before;
        for place in places(plan, owner, index, &self.path.open) {
            let columns = before.columns.get(&place).into_iter().flatten().enumerate();
            for (number, column) in columns {
                let Some(value) = column.rows.get(&self.path.row) else {
                    continue;
                };
                let key = (place.clone(), number, owner.new, owner.new_case, index);
                let way = self.revivals.entry(key).or_insert_with(|| {
                    let ty = &owner.new_fields[index].ty;
                    let way =
                        Plan::between(&column.schema, column.schema.root(), &plan.new, ty).ok();
                    way.filter(|way| !way.parks()).map(Rc::new)
                });
                let Some(way) = way.clone() else { continue };
                let mut out = Output::inline(self.limits.memory);
                let path = (self.path.open.clone(), self.path.row.clone());
                let result = self.op(&way, &way.root, &mut Cursor::inline(value), &mut out, depth);
                (self.path.open, self.path.row) = path;
                if result.is_ok() {
                    self.parked.take(&place, number, &self.path.row);
                    return Ok(Some(out.parcel.tree));
                }
                let field = &owner.new_fields[index].name;
                self.notes.push(format!(
                    "the parked value of {field} does not fit its new type and stays parked"
                ));
            }
        }
        Ok(None)
    }

    /// Keeps the value of a field that is no more.
    fn park(
        &mut self,
        plan: &Plan,
        owner: Owner<'_>,
        index: usize,
        from: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let field = &owner.old_fields[index];
        let mut value = Output::inline(self.limits.parked);
        value.copy(from, &plan.old, &field.ty, depth)?;
        let key = (owner.old, owner.old_case, index);
        let schema = self
            .types
            .entry(key)
            .or_insert_with(|| Rc::new(plan.old.with_root(&field.ty)))
            .clone();
        // Under the names of now, by which it is looked for when it comes back.
        let place = Place {
            field: format!(
                "{}.{}",
                owner_name(&plan.new, owner.new, owner.new_case),
                field.name
            ),
            path: self.path.open.clone(),
        };
        self.parked_bytes += 64 + self.path.row.len() + value.parcel.tree.len();
        if self.parked_bytes > self.limits.parked {
            let message = format!(
                "its values need more than the {} bytes that parked values may take; keep the field, or raise the limit",
                self.limits.parked
            );
            return Err(Refusal::new(place.field, message));
        }
        let row = self.path.row.clone();
        if self
            .parked
            .park(place, &schema, &row, value.parcel.tree)
            .is_some()
        {
            self.notes.push(format!(
                "a parked value of {} was replaced by a newer one",
                field.name
            ));
        }
        Ok(())
    }

    fn under<R>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Self) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let len = self.path.open.len();
        if len > 0 {
            self.path.open.push('.');
        }
        self.path.open.push_str(name);
        let done = work(self)?;
        self.path.open.truncate(len);
        Ok(done)
    }

    fn indexed<R>(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut Self) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        self.inside(&(index as u32).to_be_bytes(), index.to_string(), work)
    }

    fn inside<R>(
        &mut self,
        row: &[u8],
        shown: String,
        work: impl FnOnce(&mut Self) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let (open, len) = (self.path.open.len(), self.path.row.len());
        self.path.open.push_str("[]");
        self.path
            .row
            .extend_from_slice(&(row.len() as u32).to_be_bytes());
        self.path.row.extend_from_slice(row);
        self.path.shown.push(shown);
        let done = work(self)?;
        self.path.open.truncate(open);
        self.path.row.truncate(len);
        self.path.shown.pop();
        Ok(done)
    }
}

/// Where a field's values may be parked: under each name that it and its type had.
fn places(plan: &Plan, owner: Owner<'_>, index: usize, path: &str) -> Vec<Place> {
    let field = &owner.new_fields[index];
    let def = plan.new.get(owner.new);
    let case = match &def.kind {
        Kind::Variant(cases) => format!(".{}", cases[owner.new_case as usize].name),
        _ => String::new(),
    };
    let mut places = Vec::new();
    for ty in std::iter::once(&def.name).chain(&def.aliases) {
        for name in std::iter::once(&field.name).chain(&field.aliases) {
            places.push(Place {
                field: format!("{ty}{case}.{name}"),
                path: path.to_owned(),
            });
        }
    }
    places
}

fn owner_name(schema: &Schema, id: u32, case: u32) -> String {
    let def = schema.get(id);
    match &def.kind {
        Kind::Variant(cases) => format!("{}.{}", def.name, cases[case as usize].name),
        _ => def.name.clone(),
    }
}

fn does_not_fit(from: crate::schema::Number, to: crate::schema::Number, bytes: &[u8]) -> Refusal {
    let shown = number::show(from, bytes);
    Refusal::new(
        "",
        format!("{shown} ({from}) does not fit {to}; keep {from}, or write a migration"),
    )
}
