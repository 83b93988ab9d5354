//! Detects keys that may become equal because a field is lost anywhere in their type.

use super::names::matching;
use super::walk::{Comparer, spend};
use crate::schema::{Fields, Kind, Type};
use std::collections::HashSet;

impl Comparer<'_> {
    pub(super) fn loses_field(
        &self,
        old: &Type,
        new: &Type,
        seen: &mut HashSet<(u32, u32)>,
    ) -> bool {
        if !spend(&self.work.keys, 1) {
            return true;
        }
        match (old, new) {
            (Type::Named(a), Type::Named(b)) if seen.insert((*a, *b)) => {
                let (old, new) = (self.old.get(*a), self.new.get(*b));
                match (&old.kind, &new.kind) {
                    (Kind::Record { fields: old, .. }, Kind::Record { fields: new, .. }) => {
                        self.fields_lose(old, new, seen)
                    }
                    (Kind::Variant(olds), Kind::Variant(news)) => {
                        let cases = matching(olds, news);
                        olds.iter().zip(cases).any(|(old, new)| {
                            new.is_some_and(|new| {
                                self.fields_lose(&old.fields, &news[new].fields, seen)
                            })
                        })
                    }
                    _ => false,
                }
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.iter().zip(b).any(|(a, b)| self.loses_field(a, b, seen))
            }
            (Type::Map(a, x), Type::Map(b, y)) | (Type::Result(a, x), Type::Result(b, y)) => {
                self.loses_field(a, b, seen) || self.loses_field(x, y, seen)
            }
            (Type::List(a) | Type::Array(a, _), Type::List(b) | Type::Array(b, _))
            | (Type::Set(a), Type::Set(b))
            | (Type::Option(a), Type::Option(b)) => self.loses_field(a, b, seen),
            (_, Type::Option(b) | Type::List(b)) => self.loses_field(old, b, seen),
            _ => false,
        }
    }

    fn fields_lose(&self, old: &Fields, new: &Fields, seen: &mut HashSet<(u32, u32)>) -> bool {
        let sources = matching(&old.list, &new.list);
        sources
            .iter()
            .zip(&old.list)
            .any(|(new_index, field)| match new_index {
                Some(index) => self.loses_field(&field.ty, &new.list[*index].ty, seen),
                None => true,
            })
    }
}
