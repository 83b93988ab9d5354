//! One walk over two schemas, which finds the changes and the steps of the plan.
//!
//! Each pair of named types is compared once, from a queue. Recursion ends, and a long chain of
//! types needs no deep stack.

use super::change::{Change, ChangeKind, Verdict};
use super::names::{matching, same_name};
use super::steps::{FieldSteps, NamedStep, NamedStepKind, Op, Source, Step};
use crate::escape::{MOST_OF_NAME, escaped};
use crate::number::widens;
use crate::schema::{Case, Field, Fields, Hook, Kind, Number, Schema, Type, TypeDef};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

/// The result of the walk.
pub(crate) struct WalkResult {
    pub root: Op,
    pub named_steps: Vec<NamedStep>,
    pub changes: Vec<Change>,
}

/// Compares a type of one schema with a type of another.
pub(crate) fn compare(old: &Schema, old_root: &Type, new: &Schema, new_root: &Type) -> WalkResult {
    compare_within(old, old_root, new, new_root, &Work::default())
}

/// Work that a comparison may still do. Schemas may be untrusted, and some questions are asked for
/// each pair of fields.
pub(super) struct Work {
    /// Types that may be compared. Beyond them, types count as incompatible.
    types: Cell<usize>,
    /// Removed fields that may be looked at as the former name of a new one. Beyond them, no rename
    /// is suggested.
    renames: Cell<usize>,
    /// Types that may be looked at for keys that lose a field. Beyond them, keys may collide.
    pub(super) keys: Cell<usize>,
}

impl Default for Work {
    fn default() -> Work {
        Work {
            types: Cell::new(1 << 24),
            renames: Cell::new(1 << 20),
            keys: Cell::new(1 << 20),
        }
    }
}

/// Spends work. Returns false when there is not enough.
pub(super) fn spend(work: &Cell<usize>, amount: usize) -> bool {
    let left = work.get().checked_sub(amount);
    work.set(left.unwrap_or(0));
    left.is_some()
}

fn compare_within(
    old: &Schema,
    old_root: &Type,
    new: &Schema,
    new_root: &Type,
    work: &Work,
) -> WalkResult {
    let mut comparer = Comparer {
        old,
        new,
        ids: HashMap::new(),
        pairs: Vec::new(),
        changes: Vec::new(),
        work,
    };
    let root = comparer.compare_types(old_root, new_root, "state");
    let mut named_steps = Vec::new();
    while let Some(&(old, new)) = comparer.pairs.get(named_steps.len()) {
        named_steps.push(NamedStep {
            old,
            new,
            kind: comparer.compare_named(old, new),
        });
    }
    WalkResult {
        root,
        named_steps,
        changes: comparer.changes,
    }
}

pub(super) struct Comparer<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    ids: HashMap<(u32, u32), usize>,
    pairs: Vec<(u32, u32)>,
    changes: Vec<Change>,
    pub(super) work: &'a Work,
}

impl Comparer<'_> {
    fn compare_types(&mut self, old: &Type, new: &Type, path: &str) -> Op {
        let step = self.step(old, new, path);
        Op {
            old: old.clone(),
            new: new.clone(),
            step,
        }
    }

    fn boxed(&mut self, old: &Type, new: &Type, path: &str) -> Box<Op> {
        Box::new(self.compare_types(old, new, path))
    }

    fn step(&mut self, old: &Type, new: &Type, path: &str) -> Step {
        if !spend(&self.work.types, 1) {
            return self.note_incompatible(old, new, path, TOO_MUCH);
        }
        match (old, new) {
            (Type::Bool, Type::Bool) | (Type::Char, Type::Char) | (Type::String, Type::String) => {
                Step::Copy
            }
            (Type::Number(a), Type::Number(b)) if a == b => Step::Copy,
            (Type::Number(a), Type::Number(b)) => {
                let (from, to) = (a.name().to_owned(), b.name().to_owned());
                let lossless = widens(*a, *b);
                self.change(
                    path,
                    if lossless {
                        ChangeKind::Widened { from, to }
                    } else {
                        ChangeKind::Narrowed { from, to }
                    },
                );
                Step::Number(*a, *b)
            }
            (Type::Named(a), Type::Named(b)) => self.pair(*a, *b, path),
            (Type::List(a), Type::List(b)) => Step::Items(self.boxed(a, b, &format!("{path}[]"))),
            (Type::Array(a, n), Type::Array(b, m)) if n == m => {
                Step::Items(self.boxed(a, b, &format!("{path}[]")))
            }
            (Type::Array(a, _), Type::List(b)) => {
                self.note_widened(old, new, path);
                Step::Items(self.boxed(a, b, &format!("{path}[]")))
            }
            (Type::List(a), Type::Array(b, _)) => {
                self.note_narrowed(old, new, path);
                Step::Items(self.boxed(a, b, &format!("{path}[]")))
            }
            (Type::Set(a), Type::Set(b)) => Step::Set(self.key(a, b, path)),
            (Type::Map(a, x), Type::Map(b, y)) => {
                let key = self.key(a, b, path);
                Step::Map(key, self.boxed(x, y, &format!("{path}{{}}")))
            }
            (Type::Option(a), Type::Option(b)) => Step::Option(self.boxed(a, b, path)),
            (Type::Result(a, x), Type::Result(b, y)) => {
                let ok = self.boxed(a, b, &format!("{path}.ok"));
                Step::Result(ok, self.boxed(x, y, &format!("{path}.err")))
            }
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                let items = a.iter().zip(b).enumerate();
                Step::Tuple(
                    items
                        .map(|(i, (a, b))| self.compare_types(a, b, &format!("{path}.{i}")))
                        .collect(),
                )
            }
            (Type::String, Type::List(item)) if **item == Type::Number(Number::U8) => {
                self.note_widened(old, new, path);
                Step::Text
            }
            (Type::List(item), Type::String) if **item == Type::Number(Number::U8) => {
                self.note_narrowed(old, new, path);
                Step::Text
            }
            (_, Type::Option(item)) if !matches!(old, Type::Option(_)) => {
                self.lift(old, new, item, path, Step::ToSome)
            }
            (_, Type::List(item)) => self.lift(old, new, item, path, Step::ToList),
            _ => self.note_incompatible(old, new, path, "no rule leads from one to the other"),
        }
    }

    /// Compares `T` with `option<T>`, or with a list of `T`.
    fn lift(
        &mut self,
        old: &Type,
        new: &Type,
        item: &Type,
        path: &str,
        step: fn(Box<Op>) -> Step,
    ) -> Step {
        let before = self.changes.len();
        let op = self.boxed(old, item, path);
        if matches!(op.step, Step::Impossible) {
            self.changes.truncate(before);
            return self.note_incompatible(old, new, path, "no rule leads from one to the other");
        }
        self.note_widened(old, new, path);
        step(op)
    }

    /// Compares keys and items of sets, which may become equal when they lose a field.
    fn key(&mut self, old: &Type, new: &Type, path: &str) -> Box<Op> {
        let path = format!("{path}{{key}}");
        if self.loses_field(old, new, &mut HashSet::new()) {
            self.change(&path, ChangeKind::KeysMayCollide);
        }
        self.boxed(old, new, &path)
    }

    fn pair(&mut self, old: u32, new: u32, path: &str) -> Step {
        let (a, b) = (self.old.get(old), self.new.get(new));
        let names = a.aliases.len() + b.aliases.len() + b.hooks.len();
        if !spend(&self.work.types, names) {
            return self.note_incompatible(&Type::Named(old), &Type::Named(new), path, TOO_MUCH);
        }
        if !same_name(a, b) {
            let (was, is) = (shown(&a.name), shown(&b.name));
            let why = format!(
                "another type; if it is {was} under a new name, add `#[state(alias = \"{was}\")]` to {is}"
            );
            return self.note_incompatible(&Type::Named(old), &Type::Named(new), path, &why);
        }
        if b.replacing(a.version).is_none()
            && std::mem::discriminant(&a.kind) != std::mem::discriminant(&b.kind)
        {
            return self.note_incompatible(
                &Type::Named(old),
                &Type::Named(new),
                path,
                "a record, a variant and flags are different things",
            );
        }
        let next = self.pairs.len();
        let id = *self.ids.entry((old, new)).or_insert(next);
        if id == next {
            self.pairs.push((old, new));
        }
        Step::Named(id)
    }

    fn compare_named(&mut self, old: u32, new: u32) -> NamedStepKind {
        let (old_schema, new_schema) = (self.old, self.new);
        let (old, new) = (old_schema.get(old), new_schema.get(new));
        if old.name != new.name {
            self.change(
                &new.name,
                ChangeKind::Renamed {
                    from: shown(&old.name),
                },
            );
        }
        let replaced = new.replacing(old.version);
        let steps: Vec<&Hook> = replaced.into_iter().chain(new.steps(old.version)).collect();
        if let Some(first) = steps.first() {
            let (from, to, replaces) = (old.version, new.version, replaced.is_some());
            self.change(&new.name, ChangeKind::RunsHooks { from, to, replaces });
            // Later hooks want fields that earlier hooks make. Only the first hook meets the live
            // state.
            if first.from == old.version {
                self.check_wants(old, first, &new.name);
            }
        }
        if replaced.is_some() {
            return NamedStepKind::Replace(old.version);
        }
        let hook_version = (!steps.is_empty()).then_some(old.version);
        match (&old.kind, &new.kind) {
            (
                Kind::Record {
                    fields: a,
                    flat: was,
                },
                Kind::Record {
                    fields: b,
                    flat: is,
                },
            ) => {
                if was != is {
                    self.change(&new.name, ChangeKind::Layout { flat: *is });
                }
                NamedStepKind::Record(self.fields(a, b, &new.name, was == is, hook_version))
            }
            (Kind::Variant(olds), Kind::Variant(news)) => {
                let cases = self.cases(olds, news, &new.name);
                NamedStepKind::Variant(
                    cases
                        .into_iter()
                        .zip(olds)
                        .map(|(index, case)| {
                            let index = index?;
                            let path = format!("{}.{}", new.name, news[index].name);
                            Some((
                                index as u32,
                                self.fields(
                                    &case.fields,
                                    &news[index].fields,
                                    &path,
                                    true,
                                    hook_version,
                                ),
                            ))
                        })
                        .collect(),
                )
            }
            (Kind::Flags(olds), Kind::Flags(news)) => {
                let bits = self.cases(olds, news, &new.name);
                NamedStepKind::Flags(
                    bits.into_iter()
                        .map(|bit| bit.map(|bit| bit as u32))
                        .collect(),
                )
            }
            _ => unreachable!("pairs are of one kind"),
        }
    }

    /// Checks that the live state has the fields that a hook wants.
    fn check_wants(&mut self, old: &TypeDef, step: &Hook, path: &str) {
        if step.wants.is_empty() {
            return;
        }
        let fields = old.kind.record().map_or(&[][..], |fields| &fields.list);
        let by_name: HashMap<&str, &Field> = fields
            .iter()
            .map(|field| (field.name.as_str(), field))
            .collect();
        for (name, ty) in &step.wants {
            let wanted = self.new.type_name(ty);
            let found = by_name.get(name.as_str()).copied();
            let fits = match found {
                Some(field) => compare_within(self.old, &field.ty, self.new, ty, self.work)
                    .changes
                    .iter()
                    .all(|change| change.verdict() < Verdict::NeedsMigration),
                None => matches!(ty, Type::Option(_)),
            };
            if !fits {
                let from = found.map_or("nothing".into(), |field| self.old.type_name(&field.ty));
                let why = format!(
                    "the hook from version {} wants another field than the running version has",
                    step.from
                );
                self.change(
                    &format!("{path}.{name}"),
                    ChangeKind::Incompatible {
                        from,
                        to: wanted,
                        why,
                    },
                );
            }
        }
    }

    /// Returns for each old case the index of its new one, and notes the changes.
    fn cases(&mut self, olds: &[Case], news: &[Case], path: &str) -> Vec<Option<usize>> {
        let places = matching(olds, news);
        let mut taken = vec![false; news.len()];
        for (place, old) in places.iter().zip(olds) {
            match place {
                Some(index) => {
                    taken[*index] = true;
                    if news[*index].name != old.name {
                        let path = format!("{path}.{}", news[*index].name);
                        self.change(
                            &path,
                            ChangeKind::Renamed {
                                from: shown(&old.name),
                            },
                        );
                    }
                }
                None => self.change(&format!("{path}.{}", old.name), ChangeKind::CaseRemoved),
            }
        }
        for (case, _) in news.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            self.change(&format!("{path}.{}", case.name), ChangeKind::CaseAdded);
        }
        if !places.iter().flatten().is_sorted() {
            self.change(path, ChangeKind::Reordered);
        }
        places
    }

    fn fields(
        &mut self,
        old: &Fields,
        new: &Fields,
        path: &str,
        same_layout: bool,
        hook_version: Option<u32>,
    ) -> FieldSteps {
        let places = matching(&old.list, &new.list);
        let mut sources: Vec<Option<usize>> = vec![None; new.list.len()];
        for (index, place) in places.iter().enumerate() {
            if let Some(place) = place {
                sources[*place] = Some(index);
            }
        }
        let mut parked: Vec<usize> = (0..old.list.len())
            .filter(|index| places[*index].is_none())
            .collect();
        let mut rename_candidates: Vec<usize> = parked.clone();
        let mut plan = Vec::new();
        for (index, field) in new.list.iter().enumerate() {
            let path = format!("{path}.{}", field.name);
            let Some(source) = sources[index] else {
                let possible_rename = self.possible_rename(&mut rename_candidates, old, field);
                let kind = ChangeKind::Added {
                    ty: self.new.type_name(&field.ty),
                    default: field
                        .default
                        .as_ref()
                        .map(|text| shown(text.0.as_deref().unwrap_or_default())),
                    possible_rename,
                };
                self.change(&path, kind);
                plan.push(Source::New);
                continue;
            };
            let from = &old.list[source];
            let before = self.changes.len();
            let op = self.compare_types(&from.ty, &field.ty, &path);
            if hook_version.is_some() && field.default.is_some() && op.is_broken() {
                self.changes.truncate(before);
                let (from, to) = self.names(&from.ty, &field.ty);
                self.change(&path, ChangeKind::ConvertedByHook { from, to });
                parked.push(source);
                plan.push(Source::New);
                continue;
            }
            if from.name != field.name {
                self.change(
                    &path,
                    ChangeKind::Renamed {
                        from: shown(&from.name),
                    },
                );
                plan.push(Source::OldField(source, op));
                continue;
            }
            let olds: HashSet<&String> = match field.aliases.as_slice() {
                [] => HashSet::new(),
                _ => from.aliases.iter().collect(),
            };
            let known = |alias: &&String| olds.contains(alias) || **alias == field.name;
            let claimed: Vec<String> = field
                .aliases
                .iter()
                .filter(|alias| !known(alias))
                .cloned()
                .collect();
            if claimed.is_empty() {
                plan.push(Source::OldField(source, op));
                continue;
            }
            let names = shown(&claimed.join(", "));
            self.change(&path, ChangeKind::Claims { names });
            plan.push(Source::ClaimParked(source, op, claimed));
        }
        for index in (0..old.list.len()).filter(|index| places[*index].is_none()) {
            let field = &old.list[index];
            let ty = self.old.type_name(&field.ty);
            self.change(
                &format!("{path}.{}", field.name),
                ChangeKind::Removed { ty },
            );
        }
        for name in &new.skipped {
            self.change(&format!("{path}.{name}"), ChangeKind::Skipped);
        }
        if !places.iter().flatten().is_sorted() {
            self.change(path, ChangeKind::Reordered);
        }
        FieldSteps {
            sources: plan,
            parked,
            same_layout,
            hook_version,
        }
    }

    /// Returns the first removed field whose type fits the new field.
    fn possible_rename(
        &mut self,
        removed: &mut Vec<usize>,
        old: &Fields,
        field: &Field,
    ) -> Option<String> {
        if !spend(&self.work.renames, removed.len()) {
            return None;
        }
        let found = removed
            .iter()
            .position(|index| self.is_compatible(&old.list[*index].ty, &field.ty))?;
        Some(shown(&old.list[removed.remove(found)].name))
    }

    fn is_compatible(&self, old: &Type, new: &Type) -> bool {
        match (old, new) {
            (Type::Number(a), Type::Number(b)) => widens(*a, *b),
            (Type::Named(a), Type::Named(b)) => same_name(self.old.get(*a), self.new.get(*b)),
            (Type::List(a) | Type::Array(a, _), Type::List(b)) => self.is_compatible(a, b),
            (Type::Set(a), Type::Set(b)) | (Type::Option(a), Type::Option(b)) => {
                self.is_compatible(a, b)
            }
            (Type::Map(a, x), Type::Map(b, y)) | (Type::Result(a, x), Type::Result(b, y)) => {
                self.is_compatible(a, b) && self.is_compatible(x, y)
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.is_compatible(a, b))
            }
            (Type::Array(a, n), Type::Array(b, m)) => n == m && self.is_compatible(a, b),
            (_, Type::Option(b)) => self.is_compatible(old, b),
            _ => old == new,
        }
    }

    fn note_widened(&mut self, old: &Type, new: &Type, path: &str) {
        let (from, to) = self.names(old, new);
        self.change(path, ChangeKind::Widened { from, to });
    }

    fn note_narrowed(&mut self, old: &Type, new: &Type, path: &str) {
        let (from, to) = self.names(old, new);
        self.change(path, ChangeKind::Narrowed { from, to });
    }

    fn note_incompatible(&mut self, old: &Type, new: &Type, path: &str, why: &str) -> Step {
        let (from, to) = self.names(old, new);
        self.change(
            path,
            ChangeKind::Incompatible {
                from,
                to,
                why: why.to_owned(),
            },
        );
        Step::Impossible
    }

    fn names(&self, old: &Type, new: &Type) -> (String, String) {
        (self.old.type_name(old), self.new.type_name(new))
    }

    fn change(&mut self, path: &str, kind: ChangeKind) {
        self.changes.push(Change {
            path: escaped(path, 2 * MOST_OF_NAME).to_string(),
            kind,
        });
    }
}

/// Reason of a change when the work of a comparison is used up.
const TOO_MUCH: &str = "the two versions have too many types to be compared";

/// Returns a name or a default as people see it.
fn shown(text: &str) -> String {
    escaped(text, MOST_OF_NAME).to_string()
}
