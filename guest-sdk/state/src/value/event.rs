//! A value as a sequence of events, which printers and the tree of values take. Knows no texts.
//!
//! The bytes of a state give these events without a tree, so a state of any size and depth is shown
//! in little memory.

use super::tree::Value;
use crate::cursor::{CodecError, Cursor, too_deep};
use crate::schema::{Case, Field, Fields, Kind, Number, Schema, Style, Type};
use std::slice::Iter;

/// The next part of a value. The parts of a value follow its opening, as many as it says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'e> {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    F32(f32),
    F64(f64),
    Char(char),
    Text(&'e str),
    None,
    /// One value follows.
    Some,
    Ok,
    Err,
    /// A case without content.
    Case(&'e str),
    /// A case whose content follows as one value.
    CaseOf(&'e str),
    /// Names of the set flags.
    Flags(&'e [&'e str]),
    List(usize),
    /// Keys and values follow by turns.
    Map {
        entries: usize,
        /// True when all keys are texts.
        has_text_keys: bool,
    },
    Tuple(usize),
    /// A [`Field`](Event::Field) precedes each value.
    Record(usize),
    Field(&'e str),
}

/// What takes events.
pub(super) trait Take {
    /// The error that ends the walk.
    type Error: From<CodecError>;

    fn take(&mut self, event: Event<'_>) -> Result<(), Self::Error>;
}

/// The type of a value that is read: a type, or the fields of a case.
#[derive(Clone, Copy)]
pub(super) enum Shape<'s> {
    Type(&'s Type),
    Fields(&'s Fields),
}

/// Reads a value of at most this depth, and passes its events on.
pub(super) fn read<'s, T: Take>(
    schema: &'s Schema,
    cursor: &mut Cursor<'_>,
    shape: Shape<'s>,
    depth: usize,
    to: &mut T,
) -> Result<(), T::Error> {
    let mut walk = Reading {
        schema,
        stack: Vec::new(),
    };
    let mut next = match shape {
        Shape::Type(ty) => Some((ty, depth)),
        Shape::Fields(fields) => {
            walk.open_fields(fields, depth, to)?;
            walk.advance(cursor, to)?
        }
    };
    while let Some((ty, depth)) = next {
        next = match walk.visit(cursor, ty, depth, to)? {
            Some(inner) => Some(inner),
            None => walk.advance(cursor, to)?,
        };
    }
    Ok(())
}

struct Reading<'s, 'c> {
    schema: &'s Schema,
    /// The values that are open, outermost first, with the depth that is left inside each.
    stack: Vec<(Open<'s, 'c>, usize)>,
}

/// The rest of a value.
enum Open<'s, 'c> {
    Items(&'s Type, usize),
    /// Items of a flat list. The cursor goes on in the tree afterwards.
    Flat(&'s Type, usize, Box<Cursor<'c>>),
    /// The number counts keys and values.
    Entries(&'s Type, &'s Type, usize),
    Types(Iter<'s, Type>),
    Fields(Iter<'s, Field>, bool),
}

impl<'s, 'c> Reading<'s, 'c> {
    /// Returns the type of the next value of the innermost open one, and its depth.
    fn advance<T: Take>(
        &mut self,
        cursor: &mut Cursor<'c>,
        to: &mut T,
    ) -> Result<Option<(&'s Type, usize)>, T::Error> {
        while let Some((open, depth)) = self.stack.last_mut() {
            let next = match open {
                Open::Items(_, 0) | Open::Entries(_, _, 0) => None,
                Open::Flat(_, 0, outer) => {
                    *cursor = (**outer).clone();
                    None
                }
                Open::Items(item, left) | Open::Flat(item, left, _) => {
                    *left -= 1;
                    Some(*item)
                }
                Open::Entries(key, value, left) => {
                    *left -= 1;
                    Some(if *left % 2 == 1 { *key } else { *value })
                }
                Open::Types(types) => types.next(),
                Open::Fields(fields, is_named) => match fields.next() {
                    Some(field) => {
                        if *is_named {
                            to.take(Event::Field(&field.name))?;
                        }
                        Some(&field.ty)
                    }
                    None => None,
                },
            };
            match next {
                Some(ty) => return Ok(Some((ty, *depth))),
                None => drop(self.stack.pop()),
            }
        }
        Ok(None)
    }

    /// Passes a value on, up to the first value inside it, which is returned or opened.
    fn visit<T: Take>(
        &mut self,
        cursor: &mut Cursor<'c>,
        ty: &'s Type,
        depth: usize,
        to: &mut T,
    ) -> Result<Option<(&'s Type, usize)>, T::Error> {
        let schema = self.schema;
        cursor.spend(1)?;
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match ty {
            Type::Bool => to.take(Event::Bool(cursor.flag()?))?,
            Type::Number(kind) => to.take(number(*kind, cursor.take(kind.size())?))?,
            Type::Char => {
                let code = cursor.word()?;
                let letter = char::from_u32(code)
                    .ok_or_else(|| CodecError::new(format!("{code:#x} is not a char")))?;
                to.take(Event::Char(letter))?;
            }
            Type::String => {
                let text = std::str::from_utf8(cursor.slice()?)
                    .map_err(|_| CodecError::new("a string is not UTF-8"))?;
                to.take(Event::Text(text))?;
            }
            Type::Option(item) => {
                if !cursor.flag()? {
                    to.take(Event::None)?;
                    return Ok(None);
                }
                to.take(Event::Some)?;
                return Ok(Some((&**item, depth)));
            }
            Type::Result(ok, err) => {
                let is_err = cursor.flag()?;
                to.take(if is_err { Event::Err } else { Event::Ok })?;
                return Ok(Some((if is_err { &**err } else { &**ok }, depth)));
            }
            Type::Tuple(items) => {
                to.take(Event::Tuple(items.len()))?;
                self.stack.push((Open::Types(items.iter()), depth));
            }
            Type::Named(id) => match &schema.get(*id).kind {
                Kind::Record { fields, .. } => self.open_fields(fields, depth, to)?,
                Kind::Variant(cases) => return self.variant(cursor, cases, depth, to),
                Kind::Flags(flags) => {
                    let bits = cursor.flags(flags.len())?;
                    let set = flags.iter().enumerate();
                    let set: Vec<&str> = set
                        .filter(|(bit, _)| bits >> bit & 1 == 1)
                        .map(|(_, flag)| flag.name.as_str())
                        .collect();
                    to.take(Event::Flags(&set))?;
                }
            },
            Type::List(item) if schema.layout(item).width > 0 => {
                let layout = schema.layout(item);
                let count = cursor.word()? as usize;
                let bytes = cursor.flat(count, layout.min as usize, layout.width)?;
                to.take(Event::List(count))?;
                let outer = std::mem::replace(cursor, Cursor::inline(bytes));
                self.stack
                    .push((Open::Flat(item, count, Box::new(outer)), depth));
            }
            Type::List(item) | Type::Set(item) => {
                let count = cursor.count(schema.layout(item).min)?;
                to.take(Event::List(count))?;
                self.stack.push((Open::Items(item, count), depth));
            }
            Type::Array(item, count) => {
                cursor.bounded(*count, schema.layout(item).min)?;
                to.take(Event::List(*count as usize))?;
                self.stack.push((Open::Items(item, *count as usize), depth));
            }
            Type::Map(key, value) => {
                let min = schema.layout(key).min;
                let entries = cursor.count(min.saturating_add(schema.layout(value).min))?;
                let has_text_keys = entries == 0 || **key == Type::String;
                to.take(Event::Map {
                    entries,
                    has_text_keys,
                })?;
                let both = entries.saturating_mul(2);
                self.stack.push((Open::Entries(key, value, both), depth));
            }
        }
        Ok(None)
    }

    fn variant<T: Take>(
        &mut self,
        cursor: &mut Cursor<'c>,
        cases: &'s [Case],
        depth: usize,
        to: &mut T,
    ) -> Result<Option<(&'s Type, usize)>, T::Error> {
        let case = &cases[cursor.tag(cases.len())?];
        match (case.fields.style, case.fields.list.as_slice()) {
            (_, []) => to.take(Event::Case(&case.name))?,
            (Style::Tuple, [one]) => {
                to.take(Event::CaseOf(&case.name))?;
                return Ok(Some((&one.ty, depth)));
            }
            _ => {
                to.take(Event::CaseOf(&case.name))?;
                self.open_fields(&case.fields, depth, to)?;
            }
        }
        Ok(None)
    }

    fn open_fields<T: Take>(
        &mut self,
        fields: &'s Fields,
        depth: usize,
        to: &mut T,
    ) -> Result<(), T::Error> {
        let count = fields.list.len();
        let is_named = fields.style != Style::Tuple;
        to.take(if is_named {
            Event::Record(count)
        } else {
            Event::Tuple(count)
        })?;
        self.stack
            .push((Open::Fields(fields.list.iter(), is_named), depth));
        Ok(())
    }
}

fn number(number: Number, bytes: &[u8]) -> Event<'static> {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let word = u64::from_le_bytes(word);
    match number {
        Number::U8 | Number::U16 | Number::U32 | Number::U64 => Event::Unsigned(word),
        Number::S8 => Event::Signed((word as i8).into()),
        Number::S16 => Event::Signed((word as i16).into()),
        Number::S32 => Event::Signed((word as i32).into()),
        Number::S64 => Event::Signed(word as i64),
        Number::F32 => Event::F32(f32::from_bits(word as u32)),
        Number::F64 => Event::F64(f64::from_bits(word)),
    }
}

/// Passes the events of a tree on.
pub(super) fn tell<T: Take>(value: &Value, to: &mut T) -> Result<(), T::Error> {
    let mut stack = Vec::new();
    let mut next = Some(value);
    while let Some(value) = next {
        next = match begin(value, &mut stack, to)? {
            Some(inner) => Some(inner),
            None => following(&mut stack, to)?,
        };
    }
    Ok(())
}

/// The rest of a value in a tree.
enum Rest<'v> {
    Items(Iter<'v, Value>),
    Entries(Iter<'v, (Value, Value)>, Option<&'v Value>),
    Fields(Iter<'v, (String, Value)>),
}

fn following<'v, T: Take>(
    stack: &mut Vec<Rest<'v>>,
    to: &mut T,
) -> Result<Option<&'v Value>, T::Error> {
    while let Some(rest) = stack.last_mut() {
        let next = match rest {
            Rest::Items(items) => items.next(),
            Rest::Entries(_, value @ Some(_)) => value.take(),
            Rest::Entries(entries, after) => entries.next().map(|(key, value)| {
                *after = Some(value);
                key
            }),
            Rest::Fields(fields) => match fields.next() {
                Some((name, value)) => {
                    to.take(Event::Field(name))?;
                    Some(value)
                }
                None => None,
            },
        };
        match next {
            Some(value) => return Ok(Some(value)),
            None => drop(stack.pop()),
        }
    }
    Ok(None)
}

fn begin<'v, T: Take>(
    value: &'v Value,
    stack: &mut Vec<Rest<'v>>,
    to: &mut T,
) -> Result<Option<&'v Value>, T::Error> {
    let (event, inner) = match value {
        Value::Bool(bit) => (Event::Bool(*bit), None),
        Value::Unsigned(n) => (Event::Unsigned(*n), None),
        Value::Signed(n) => (Event::Signed(*n), None),
        Value::F32(n) => (Event::F32(*n), None),
        Value::F64(n) => (Event::F64(*n), None),
        Value::Char(letter) => (Event::Char(*letter), None),
        Value::String(text) => (Event::Text(text), None),
        Value::Option(None) => (Event::None, None),
        Value::Option(Some(value)) => (Event::Some, Some(&**value)),
        Value::Result(Ok(value)) => (Event::Ok, Some(&**value)),
        Value::Result(Err(value)) => (Event::Err, Some(&**value)),
        Value::Variant(case, None) => (Event::Case(case), None),
        Value::Variant(case, Some(value)) => (Event::CaseOf(case), Some(&**value)),
        Value::Flags(set) => {
            let set: Vec<&str> = set.iter().map(String::as_str).collect();
            to.take(Event::Flags(&set))?;
            return Ok(None);
        }
        Value::List(items) => {
            stack.push(Rest::Items(items.iter()));
            (Event::List(items.len()), None)
        }
        Value::Tuple(items) => {
            stack.push(Rest::Items(items.iter()));
            (Event::Tuple(items.len()), None)
        }
        Value::Record(fields) => {
            stack.push(Rest::Fields(fields.iter()));
            (Event::Record(fields.len()), None)
        }
        Value::Map(entries) => {
            stack.push(Rest::Entries(entries.iter(), None));
            let mut keys = entries.iter().map(|(key, _)| key);
            let event = Event::Map {
                entries: entries.len(),
                has_text_keys: keys.all(|key| matches!(key, Value::String(_))),
            };
            (event, None)
        }
    };
    to.take(event)?;
    Ok(inner)
}
