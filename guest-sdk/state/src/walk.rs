//! Walks a value along its schema, with bounded depth and work. Builds nothing from what it reads.
//!
//! One walk serves all that passes values: it skips them, checks them, or copies them. It keeps its
//! own stack, so the depth of a value costs no stack of the thread.

use crate::bounds::MAX_DEPTH;
use crate::cursor::{CodecError, Cursor, too_deep};
use crate::parcel::ParcelRef;
use crate::schema::{Field, Kind, Layout, Schema, Type};
use std::slice::Iter;

/// The destination of the bytes of a walk.
pub(crate) trait Sink {
    /// The error of the walk.
    type Error: From<CodecError>;
    /// True when every byte is checked for which some patterns are invalid.
    const IS_THOROUGH: bool;

    /// Takes bytes of the tree.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Takes the items of a flat list, whose count it has taken already.
    fn flat(&mut self, bytes: &[u8], width: u8) -> Result<(), Self::Error>;
}

/// A walk that checks lengths only.
struct Skip;

/// A walk that checks everything.
struct Check;

macro_rules! takes_nothing {
    ($($sink:ident: $is_thorough:literal)*) => {$(
        impl Sink for $sink {
            type Error = CodecError;
            const IS_THOROUGH: bool = $is_thorough;

            fn bytes(&mut self, _: &[u8]) -> Result<(), CodecError> {
                Ok(())
            }

            fn flat(&mut self, _: &[u8], _: u8) -> Result<(), CodecError> {
                Ok(())
            }
        }
    )*};
}
takes_nothing!(Skip: false Check: true);

impl<'c> Cursor<'c> {
    /// Passes a value, and checks its lengths only.
    pub fn skip(&mut self, schema: &Schema, ty: &Type) -> Result<(), CodecError> {
        self.pass(schema, ty, MAX_DEPTH, &mut Skip)
    }

    /// Passes a value, and checks every byte for which some patterns are invalid.
    pub fn check(&mut self, schema: &Schema, ty: &Type) -> Result<(), CodecError> {
        self.pass(schema, ty, MAX_DEPTH, &mut Check)
    }

    /// Passes a value of at most this depth, whose bytes go to the sink.
    pub fn pass<S: Sink>(
        &mut self,
        schema: &Schema,
        ty: &Type,
        depth: usize,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let mut walk = Walk {
            schema,
            stack: Vec::new(),
        };
        let mut next = Some((ty, depth));
        while let Some((ty, depth)) = next {
            next = match walk.visit(self, ty, depth, sink)? {
                Some(inner) => Some(inner),
                None => walk.advance(),
            };
        }
        Ok(())
    }

    /// Returns the path of the value at which the tree ends, such as `root.next.next`. Of a long path
    /// the first names are shown, and the others counted.
    pub fn path_to_end(&mut self, schema: &Schema) -> String {
        const MOST: usize = 12;
        let mut walk = Walk {
            schema,
            stack: Vec::new(),
        };
        let mut next = Some((schema.root(), usize::MAX));
        while let Some((ty, depth)) = next {
            next = match walk.visit(self, ty, depth, &mut Skip) {
                Ok(Some(inner)) => Some(inner),
                Ok(None) => walk.advance(),
                Err(_) => break,
            };
        }
        let steps = walk.stack.iter().filter_map(|(open, _)| match open {
            Open::Fields(all, left) => {
                let at = (all.len() - left.len()).checked_sub(1)?;
                Some(all[at].name.as_str())
            }
            Open::Items(..) | Open::Entries(..) => Some("[]"),
            Open::Types(_) => None,
        });
        let names: Vec<&str> = steps.clone().take(MOST).collect();
        let path = names.join(".").replace(".[]", "[]");
        match steps.count().saturating_sub(MOST) {
            0 => path,
            more => format!("{path}… and {more} more"),
        }
    }

    /// Passes the bytes since a position to the sink.
    fn give<S: Sink>(&self, start: usize, sink: &mut S) -> Result<(), S::Error> {
        sink.bytes(&self.tree[start..self.at])
    }
}

/// Checks that a parcel is a state of a schema, with nothing left over.
///
/// # Errors
/// Returns an error when it is not. Memory, depth and work are bounded for any bytes.
pub fn check(schema: &Schema, parcel: &ParcelRef<'_>) -> Result<(), CodecError> {
    let mut cursor = Cursor::new(parcel);
    cursor.check(schema, schema.root())?;
    cursor.finish()
}

/// The walk of one value.
struct Walk<'s> {
    schema: &'s Schema,
    /// The values that are open, outermost first, with the depth that is left inside each.
    stack: Vec<(Open<'s>, usize)>,
}

/// The rest of a value.
enum Open<'s> {
    /// Items of one type.
    Items(&'s Type, usize),
    /// Keys and values of a map. The number counts both.
    Entries(&'s Type, &'s Type, usize),
    Types(Iter<'s, Type>),
    /// All fields, and those that are left.
    Fields(&'s [Field], Iter<'s, Field>),
}

impl<'s> Walk<'s> {
    /// Returns the type of the next value of the innermost open one, and its depth.
    fn advance(&mut self) -> Option<(&'s Type, usize)> {
        while let Some((open, depth)) = self.stack.last_mut() {
            let next = match open {
                Open::Items(_, 0) | Open::Entries(_, _, 0) => None,
                Open::Items(item, left) => {
                    *left -= 1;
                    Some(*item)
                }
                Open::Entries(key, value, left) => {
                    *left -= 1;
                    Some(if *left % 2 == 1 { *key } else { *value })
                }
                Open::Types(types) => types.next(),
                Open::Fields(_, fields) => fields.next().map(|field| &field.ty),
            };
            match next {
                Some(ty) => return Some((ty, *depth)),
                None => drop(self.stack.pop()),
            }
        }
        None
    }

    /// Passes a value up to the first value inside it, which is returned, or opens it.
    fn visit<S: Sink>(
        &mut self,
        cursor: &mut Cursor<'_>,
        ty: &'s Type,
        depth: usize,
        sink: &mut S,
    ) -> Result<Option<(&'s Type, usize)>, S::Error> {
        let schema = self.schema;
        // The most frequent types need no layout.
        match ty {
            Type::Number(number) => {
                cursor.spend(1)?;
                sink.bytes(cursor.take(number.size())?)?;
                return Ok(None);
            }
            Type::String => {
                cursor.spend(1)?;
                let start = cursor.at;
                leaf::<S>(cursor, ty)?;
                cursor.give(start, sink)?;
                return Ok(None);
            }
            Type::Option(item) => {
                cursor.spend(1)?;
                let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
                let start = cursor.at;
                let is_some = cursor.flag()?;
                cursor.give(start, sink)?;
                return Ok(is_some.then_some((&**item, depth)));
            }
            _ => {}
        }
        let layout = schema.layout(ty);
        cursor.spend(layout.parts as usize)?;
        if let Some(size) = passable::<S>(layout) {
            cursor.spend(layout.excess())?;
            sink.bytes(cursor.take(size)?)?;
            return Ok(None);
        }
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let start = cursor.at;
        match ty {
            Type::Result(ok, err) => {
                let side = if cursor.flag()? { err } else { ok };
                cursor.give(start, sink)?;
                return Ok(Some((&**side, depth)));
            }
            Type::Tuple(items) => self.stack.push((Open::Types(items.iter()), depth)),
            Type::Named(id) => {
                let fields = match &schema.get(*id).kind {
                    Kind::Record { fields, .. } => fields,
                    Kind::Variant(cases) => {
                        let tag = cursor.tag(cases.len())?;
                        cursor.give(start, sink)?;
                        &cases[tag].fields
                    }
                    Kind::Flags(flags) => {
                        cursor.flags(flags.len())?;
                        cursor.give(start, sink)?;
                        return Ok(None);
                    }
                };
                let list = &fields.list;
                self.stack.push((Open::Fields(list, list.iter()), depth));
            }
            Type::List(item) if schema.layout(item).width > 0 => {
                let layout = schema.layout(item);
                let count = cursor.word()? as usize;
                cursor.give(start, sink)?;
                let bytes = cursor.flat(count, layout.min as usize, layout.width)?;
                sink.flat(bytes, layout.width)?;
            }
            Type::List(item) | Type::Set(item) => {
                let layout = schema.layout(item);
                let count = cursor.count(layout.min)?;
                cursor.give(start, sink)?;
                match passable::<S>(layout) {
                    Some(size) => {
                        cursor.spend(count.saturating_mul(layout.excess()))?;
                        sink.bytes(cursor.take(count * size)?)?;
                    }
                    None => self.stack.push((Open::Items(item, count), depth)),
                }
            }
            Type::Array(item, count) => {
                cursor.bounded(*count, schema.layout(item).min)?;
                self.stack.push((Open::Items(item, *count as usize), depth));
            }
            Type::Map(key, value) => {
                let min = schema.layout(key).min;
                let min = min.saturating_add(schema.layout(value).min);
                let count = cursor.count(min)?;
                cursor.give(start, sink)?;
                let both = count.saturating_mul(2);
                self.stack.push((Open::Entries(key, value, both), depth));
            }
            Type::Option(_) | Type::Bool | Type::Number(_) | Type::Char | Type::String => {
                leaf::<S>(cursor, ty)?;
                cursor.give(start, sink)?;
            }
        }
        Ok(None)
    }
}

/// Returns the size of a type whose values are passed as bytes.
fn passable<S: Sink>(layout: Layout) -> Option<usize> {
    let is_passable = !S::IS_THOROUGH || layout.is_plain || layout.min == 0;
    layout.size().filter(|_| is_passable)
}

fn leaf<S: Sink>(cursor: &mut Cursor<'_>, ty: &Type) -> Result<(), CodecError> {
    match ty {
        Type::Bool => cursor.flag().map(drop),
        Type::Number(number) => cursor.take(number.size()).map(drop),
        Type::Char => match cursor.word()? {
            code if char::from_u32(code).is_some() => Ok(()),
            code => Err(CodecError::new(format!("{code:#x} is not a char"))),
        },
        _ => {
            let bytes = cursor.slice()?;
            if S::IS_THOROUGH && std::str::from_utf8(bytes).is_err() {
                return Err(CodecError::new("a string is not UTF-8"));
            }
            Ok(())
        }
    }
}
