//! Moves parked values to the new names of the fields and types around them.

use super::parked::{ColumnKey, Parked};
use crate::bounds::MAX_TREE_DEPTH;
use crate::compare::names::matching;
use crate::schema::{Case, Fields, Kind, Schema, Type, TypeDef};
use std::cell::Cell;

impl Parked {
    /// Returns the values under the new schema's names. Values whose path no longer exists keep
    /// their old names.
    pub(super) fn follow(&self, old: &Schema, new: &Schema) -> Parked {
        let mut followed = Parked::default();
        for (column_key, columns) in &self.columns {
            let column_key = follow(old, new, column_key).unwrap_or_else(|| column_key.clone());
            followed
                .columns
                .entry(column_key)
                .or_default()
                .extend(columns.iter().cloned());
        }
        followed
    }
}

fn follow(old: &Schema, new: &Schema, column_key: &ColumnKey) -> Option<ColumnKey> {
    // Values below this depth keep their names: a path is followed by recursion.
    if column_key.path.matches(['.', '[']).count() > MAX_TREE_DEPTH {
        return None;
    }
    let translator = PathTranslator {
        old,
        new,
        work: Cell::new(MAX_WORK),
    };
    let (path, owner) = translator.path(old.root(), new.root(), &column_key.path, String::new())?;
    let (owner_before, field) = column_key.field.rsplit_once('.')?;
    let def = new.get(owner);
    let owner = match owner_before.split_once('.') {
        Some((_, case)) => format!("{}.{}", def.name, translator.case(def, case)),
        None => def.name.clone(),
    };
    Some(ColumnKey {
        field: format!("{owner}.{field}"),
        path,
    })
}

struct PathTranslator<'s> {
    old: &'s Schema,
    new: &'s Schema,
    /// Number of steps that may still be made. Where a step of the path has two meanings, both are
    /// tried, which doubles the work at each of them.
    work: Cell<usize>,
}

/// Steps for one path. A path takes one for each of its names, unless it has several meanings.
const MAX_WORK: usize = 1 << 14;

impl PathTranslator<'_> {
    /// Translates the rest of a path, and returns it with the type at its end.
    fn path(&self, old: &Type, new: &Type, rest: &str, done: String) -> Option<(String, u32)> {
        self.work.set(self.work.get().checked_sub(1)?);
        match (old, new) {
            (Type::Option(old), Type::Option(new)) => return self.path(old, new, rest, done),
            (old, Type::Option(new)) => return self.path(old, new, rest, done),
            _ => {}
        }
        if rest.is_empty() {
            return match new {
                Type::Named(id) => Some((done, *id)),
                _ => None,
            };
        }
        if let Some(rest) = rest.strip_prefix("[]") {
            let done = done + "[]";
            return match (old, new) {
                (Type::List(a) | Type::Array(a, _), Type::List(b) | Type::Array(b, _))
                | (Type::Set(a), Type::Set(b)) => self.path(a, b, rest, done),
                (Type::Map(a, x), Type::Map(b, y)) => self
                    .path(x, y, rest, done.clone())
                    .or_else(|| self.path(a, b, rest, done)),
                _ => None,
            };
        }
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let (name, rest) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
        let under = |name: &str| {
            if done.is_empty() {
                name.to_owned()
            } else {
                format!("{done}.{name}")
            }
        };
        match (old, new) {
            (Type::Result(a, x), Type::Result(b, y)) => {
                let (a, b) = if name == "ok" { (a, b) } else { (x, y) };
                self.path(a, b, rest, under(name))
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                let index: usize = name.parse().ok()?;
                self.path(a.get(index)?, b.get(index)?, rest, under(name))
            }
            (Type::Named(a), Type::Named(b)) => {
                let through = |a: &Fields, b: &Fields| {
                    let index = a.list.iter().position(|field| field.name == name)?;
                    let to = &b.list[matching(&a.list, &b.list)[index]?];
                    self.path(&a.list[index].ty, &to.ty, rest, under(&to.name))
                };
                match (&self.old.get(*a).kind, &self.new.get(*b).kind) {
                    (Kind::Record { fields: a, .. }, Kind::Record { fields: b, .. }) => {
                        through(a, b)
                    }
                    (Kind::Variant(a), Kind::Variant(b)) => {
                        let cases = matching(a, b).into_iter().zip(a);
                        let mut cases =
                            cases.filter_map(|(column_key, old)| Some((old, &b[column_key?])));
                        cases.find_map(|(old, new)| through(&old.fields, &new.fields))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns the new name of a case.
    fn case(&self, def: &TypeDef, case: &str) -> String {
        let Kind::Variant(cases) = &def.kind else {
            return case.to_owned();
        };
        let named = |new: &&Case| new.name == case || new.aliases.iter().any(|alias| alias == case);
        cases
            .iter()
            .find(named)
            .map_or(case, |new| new.name.as_str())
            .to_owned()
    }
}
