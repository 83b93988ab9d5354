//! Matches fields, cases and types by their names and aliases.

use crate::schema::{Case, Field, TypeDef};
use std::collections::HashMap;

/// An item with a name and aliases.
pub(crate) trait HasAliases {
    fn name(&self) -> &str;
    fn aliases(&self) -> &[String];
}

macro_rules! aliased {
    ($($ty:ty)*) => {$(
        impl HasAliases for $ty {
            fn name(&self) -> &str {
                &self.name
            }

            fn aliases(&self) -> &[String] {
                &self.aliases
            }
        }
    )*};
}
aliased!(Field Case TypeDef);

/// Returns true when two types are the same by name or by an alias of either.
pub(super) fn same_name(old: &TypeDef, new: &TypeDef) -> bool {
    old.name == new.name || new.aliases.contains(&old.name) || old.aliases.contains(&new.name)
}

/// Returns for each old item the index of its new one.
///
/// Items are matched by name, then by an alias of the new item, then by an alias of the old item (a
/// rename that was undone).
pub(crate) fn matching<T: HasAliases>(olds: &[T], news: &[T]) -> Vec<Option<usize>> {
    let by_name: HashMap<&str, usize> = olds
        .iter()
        .enumerate()
        .map(|(i, old)| (old.name(), i))
        .collect();
    let mut places = vec![None; olds.len()];
    let mut open = Vec::new();
    for (index, new) in news.iter().enumerate() {
        match by_name.get(new.name()) {
            Some(old) => places[*old] = Some(index),
            None => open.push(index),
        }
    }
    open.retain(|index| {
        let aliases = news[*index].aliases().iter();
        match aliases
            .filter_map(|alias| by_name.get(alias.as_str()))
            .find(|old| places[**old].is_none())
        {
            Some(old) => {
                places[*old] = Some(*index);
                false
            }
            None => true,
        }
    });
    let mut undone: HashMap<&str, usize> = HashMap::new();
    for (index, old) in olds
        .iter()
        .enumerate()
        .filter(|(index, _)| places[*index].is_none())
    {
        old.aliases().iter().for_each(|alias| {
            undone.entry(alias).or_insert(index);
        });
    }
    for index in open {
        if let Some(old) = undone
            .get(news[index].name())
            .filter(|old| places[**old].is_none())
        {
            places[*old] = Some(index);
        }
    }
    places
}
