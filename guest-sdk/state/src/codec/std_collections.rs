//! `State` for the standard collections.
//!
//! Hash maps and sets are written in the order of their encoded keys. Equal states give equal bytes
//! with any hasher.

use super::reader::{Reader, RestoreError};
use super::state::{State, write_inline};
use super::writer::Writer;
use crate::schema::{SchemaBuilder, Type};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

fn list(item: Type) -> Type {
    Type::List(Box::new(item))
}

fn save_slice<'a, T: State>(items: &'a [T], out: &mut Writer<'a>) {
    match T::FLAT {
        Some(flat) => out.flat(items.len(), flat.width, (flat.bytes)(items)),
        None => {
            out.count(items.len());
            out.within::<T>(|out| {
                for item in items {
                    item.save(out);
                }
            });
        }
    }
}

impl<T: State> State for Vec<T> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        list(T::schema(builder))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        save_slice(self, out);
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let count = input.count()?;
        if let Some(flat) = T::FLAT {
            let memory = input.flat(count, flat.size, flat.width)?;
            return Ok((flat.values)(memory));
        }
        let mut items = Vec::with_capacity(input.capacity_for(count, size_of::<T>())?);
        input.enter::<T>()?;
        for _ in 0..count {
            // Here `?` would cost the compiler two functions for each type.
            match T::restore(input) {
                Ok(item) => items.push(item),
                Err(error) => return Err(error),
            }
        }
        input.leave::<T>();
        Ok(items)
    }
}

impl<T: State> State for Box<[T]> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        list(T::schema(builder))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        save_slice(self, out);
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        Vec::restore(input).map(Vec::into_boxed_slice)
    }
}

impl<T: State> State for VecDeque<T> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        list(T::schema(builder))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        let (front, back) = self.as_slices();
        match T::FLAT {
            Some(flat) => {
                let (front, back) = ((flat.bytes)(front), (flat.bytes)(back));
                out.flat_pieces(self.len(), flat.width, front, back);
            }
            None => {
                out.count(self.len());
                out.within::<T>(|out| self.iter().for_each(|item| item.save(out)));
            }
        }
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        Vec::restore(input).map(VecDeque::from)
    }
}

/// Sorts items by the encoding of their keys.
fn sorted<'a, I: Copy, K: State + 'a>(
    items: impl Iterator<Item = I>,
    key: impl Fn(I) -> &'a K,
) -> Vec<I> {
    let mut keyed: Vec<(Vec<u8>, I)> = items
        .map(|item| {
            let mut bytes = Vec::new();
            write_inline(key(item), &mut bytes);
            (bytes, item)
        })
        .collect();
    keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// Restores entries, and refuses one that the collection already holds.
fn restore_distinct<C, T>(
    input: &mut Reader<'_>,
    mut collection: C,
    restore: impl Fn(&mut Reader<'_>) -> Result<T, RestoreError>,
    insert: impl Fn(&mut C, T) -> bool,
) -> Result<C, RestoreError> {
    let count = input.count()?;
    input.check_count(count)?;
    input.enter::<T>()?;
    for _ in 0..count {
        if !insert(&mut collection, restore(input)?) {
            return Err(RestoreError::new("a key comes twice in a map or set"));
        }
    }
    input.leave::<T>();
    Ok(collection)
}

fn map<K: State, V: State>(builder: &mut SchemaBuilder) -> Type {
    let key = Box::new(K::schema(builder));
    Type::Map(key, Box::new(V::schema(builder)))
}

fn entry<K: State, V: State>(input: &mut Reader<'_>) -> Result<(K, V), RestoreError> {
    Ok((K::restore(input)?, V::restore(input)?))
}

impl<K: State + Eq + Hash, V: State, S: BuildHasher + Default> State for HashMap<K, V, S> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        map::<K, V>(builder)
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.count(self.len());
        out.within::<(K, V)>(|out| {
            for (key, value) in sorted(self.iter(), |(key, _)| key) {
                key.save(out);
                value.save(out);
            }
        });
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        restore_distinct(input, Self::default(), entry, |map, (key, value)| {
            map.insert(key, value).is_none()
        })
    }
}

impl<K: State + Ord, V: State> State for BTreeMap<K, V> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        map::<K, V>(builder)
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.count(self.len());
        out.within::<(K, V)>(|out| {
            for (key, value) in self {
                key.save(out);
                value.save(out);
            }
        });
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        restore_distinct(input, Self::new(), entry, |map, (key, value)| {
            map.insert(key, value).is_none()
        })
    }
}

impl<T: State + Eq + Hash, S: BuildHasher + Default> State for HashSet<T, S> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        Type::Set(Box::new(T::schema(builder)))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.count(self.len());
        out.within::<T>(|out| {
            let items = sorted(self.iter(), |item| item);
            items.into_iter().for_each(|item| item.save(out));
        });
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        restore_distinct(input, Self::default(), T::restore, HashSet::insert)
    }
}

impl<T: State + Ord> State for BTreeSet<T> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        Type::Set(Box::new(T::schema(builder)))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.count(self.len());
        out.within::<T>(|out| self.iter().for_each(|item| item.save(out)));
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        restore_distinct(input, Self::new(), T::restore, BTreeSet::insert)
    }
}
