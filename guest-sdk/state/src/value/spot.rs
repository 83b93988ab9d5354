//! One value in a state, found by its path, and read or replaced without decoding the rest.
//!
//! Paths are those of [`difference`](super::difference()): `sparks[3].pos.x`, `names["a"]`. The
//! content of an option, result or variant is `.some`, `.ok`, `.err` or the name of the case.

use std::fmt;
use std::ops::Range;

use super::decode::decode_at;
use super::encode::{Encoder, ValueError};
use super::event::Shape;
use super::parse::{ParseError, parse, parse_fields};
use super::tree::Value;
use crate::cursor::{CodecError, Cursor};
use crate::escape::{MOST_OF_MESSAGE, MOST_OF_PATH, escaped, escaped_lines};
use crate::parcel::{Parcel, ParcelRef};
use crate::parcel_writer::ParcelWriter;
use crate::schema::{Fields, Kind, Schema, Style, Type};
use crate::words::words_as_bytes_mut;

/// A position in a state with its type. Making one costs nothing.
#[derive(Clone)]
pub struct Spot<'a> {
    schema: &'a Schema,
    shape: SpotType<'a>,
    cursor: Cursor<'a>,
    segment: Option<SegmentIndex>,
    /// True when a change could make two items of a set equal.
    in_set: bool,
}

/// The type of the value at a position.
#[derive(Clone, Copy)]
enum SpotType<'a> {
    Type(&'a Type),
    /// The fields of a variant's case.
    Fields(&'a Fields),
}

/// The segment that a position lies in, if it is not in the tree.
#[derive(Clone, Copy)]
struct SegmentIndex {
    width: u8,
    index: usize,
}

/// The reason why a value cannot be read or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpotError {
    /// No value has this path.
    NoSuchPath {
        /// Longest part of the path that exists.
        known: String,
        /// Step that does not exist.
        step: String,
    },
    /// The text is not a value of the type.
    Text(ParseError),
    /// The value does not fit.
    Value(ValueError),
    /// The value is an item of a set, and only the whole set can be replaced.
    InSet,
    /// The state is not one of its schema.
    Damaged(CodecError),
}

impl fmt::Display for SpotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpotError::NoSuchPath { known, step } if known.is_empty() => {
                write!(f, "the state has no `{}`", escaped(step, MOST_OF_PATH))
            }
            SpotError::NoSuchPath { known, step } => {
                let (known, step) = (escaped(known, MOST_OF_PATH), escaped(step, MOST_OF_PATH));
                write!(f, "{known} has no `{step}`")
            }
            SpotError::Text(error) => error.fmt(f),
            SpotError::Value(error) => escaped_lines(&error.message, MOST_OF_MESSAGE).fmt(f),
            SpotError::InSet => f.write_str("items of a set are changed with the whole set"),
            SpotError::Damaged(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SpotError {}

impl From<CodecError> for SpotError {
    fn from(error: CodecError) -> SpotError {
        SpotError::Damaged(error)
    }
}

impl<'a> Spot<'a> {
    /// Returns the whole state.
    pub fn root(schema: &'a Schema, parcel: &'a ParcelRef<'a>) -> Spot<'a> {
        Spot {
            schema,
            shape: SpotType::Type(schema.root()),
            cursor: Cursor::new(parcel),
            segment: None,
            in_set: false,
        }
    }

    /// Finds the value of a path. The empty path is the whole state.
    ///
    /// # Errors
    /// Returns an error when no value has the path.
    pub fn find(
        schema: &'a Schema,
        parcel: &'a ParcelRef<'a>,
        path: &str,
    ) -> Result<Spot<'a>, SpotError> {
        let mut spot = Spot::root(schema, parcel);
        let mut known = 0;
        for step in steps(path) {
            let no_such_path = || SpotError::NoSuchPath {
                known: path[..known].to_owned(),
                step: step.trim_start_matches('.').to_owned(),
            };
            spot = spot.step(step)?.ok_or_else(no_such_path)?;
            known += step.len();
        }
        Ok(spot)
    }

    /// Returns the type, or `None` for the fields of a variant's case.
    pub fn ty(&self) -> Option<&'a Type> {
        match self.shape {
            SpotType::Type(ty) => Some(ty),
            SpotType::Fields(_) => None,
        }
    }

    /// Returns the name of the type.
    pub fn type_name(&self) -> String {
        match self.shape {
            SpotType::Type(ty) => self.schema.type_name(ty),
            SpotType::Fields(_) => String::new(),
        }
    }

    /// Decodes the value. The cost grows with its size.
    ///
    /// # Errors
    /// Returns an error when the state is not one of its schema.
    pub fn value(&self) -> Result<Value, CodecError> {
        let shape = match self.shape {
            SpotType::Type(ty) => Shape::Type(ty),
            SpotType::Fields(fields) => Shape::Fields(fields),
        };
        decode_at(self.schema, &mut self.cursor.clone(), shape)
    }

    /// Returns a short text: the value if it is a single one, otherwise a summary such as the
    /// number of items.
    ///
    /// # Errors
    /// Returns an error when the state is not one of its schema.
    pub fn summary(&self) -> Result<String, CodecError> {
        let count = self.count()?;
        let items = |count| match count {
            1 => "1 item".to_owned(),
            count => format!("{count} items"),
        };
        Ok(match self.shape {
            SpotType::Type(Type::List(_) | Type::Set(_) | Type::Map(..) | Type::Array(..)) => {
                items(count)
            }
            SpotType::Type(Type::Option(_)) if count > 0 => "some".to_owned(),
            SpotType::Type(Type::Result(..)) => {
                let is_err = self.cursor.clone().flag()?;
                if is_err { "err" } else { "ok" }.to_owned()
            }
            SpotType::Type(Type::Named(id)) if count > 0 => match &self.schema.get(*id).kind {
                Kind::Variant(cases) => {
                    let tag = self.cursor.clone().tag(cases.len())?;
                    cases[tag].name.clone()
                }
                _ => String::new(),
            },
            _ if count > 0 => String::new(),
            _ => self.value()?.to_string(),
        })
    }

    /// Returns the size in bytes, if all values of the type have the same size.
    pub fn size(&self) -> Option<usize> {
        self.schema.layout(self.ty()?).size()
    }

    /// Returns the value, if it is a number.
    pub fn number(&self) -> Option<f64> {
        let SpotType::Type(Type::Number(_)) = self.shape else {
            return None;
        };
        match self.value().ok()? {
            Value::Unsigned(n) => Some(n as f64),
            Value::Signed(n) => Some(n as f64),
            Value::F32(n) => Some(n.into()),
            Value::F64(n) => Some(n),
            _ => None,
        }
    }

    /// Returns the number of values inside.
    ///
    /// # Errors
    /// Returns an error when the state is not one of its schema.
    pub fn count(&self) -> Result<usize, CodecError> {
        let mut cursor = self.cursor.clone();
        let ty = match self.shape {
            SpotType::Type(ty) => ty,
            SpotType::Fields(fields) => return Ok(fields.list.len()),
        };
        Ok(match ty {
            Type::Bool | Type::Number(_) | Type::Char | Type::String => 0,
            Type::List(_) | Type::Set(_) | Type::Map(..) => cursor.word()? as usize,
            Type::Array(_, count) => *count as usize,
            Type::Option(_) => usize::from(cursor.flag()?),
            Type::Result(..) => 1,
            Type::Tuple(types) => types.len(),
            Type::Named(id) => match &self.schema.get(*id).kind {
                Kind::Record { fields, .. } => fields.list.len(),
                Kind::Variant(cases) => {
                    let tag = cursor.tag(cases.len())?;
                    usize::from(!cases[tag].fields.list.is_empty())
                }
                Kind::Flags(_) => 0,
            },
        })
    }

    /// Returns a range of the values inside, each with the step that leads to it, such as `.pos` or
    /// `[3]`.
    ///
    /// Earlier values are passed over. That takes time only in lists whose items have no fixed
    /// size.
    ///
    /// # Errors
    /// Returns an error when the state is not one of its schema.
    pub fn children(&self, range: Range<usize>) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        let count = self.count()?;
        let range = range.start.min(count)..range.end.min(count);
        let mut cursor = self.cursor.clone();
        let schema = self.schema;
        match self.shape {
            SpotType::Fields(fields) => self.fields(cursor, fields, range),
            SpotType::Type(ty) => match ty {
                Type::Bool | Type::Number(_) | Type::Char | Type::String => Ok(Vec::new()),
                Type::List(item) => match schema.layout(item).as_flat() {
                    Some((size, width)) => self.flat(item, size, width, range),
                    None => {
                        cursor.word()?;
                        self.items(cursor, item, range, false)
                    }
                },
                Type::Set(item) => {
                    cursor.word()?;
                    self.items(cursor, item, range, true)
                }
                Type::Array(item, _) => self.items(cursor, item, range, false),
                Type::Map(key, value) => {
                    cursor.word()?;
                    self.entries(cursor, key, value, range)
                }
                Type::Option(item) => self.child(cursor, range, ".some", item),
                Type::Result(ok, err) => match cursor.clone().flag()? {
                    false => self.child(cursor, range, ".ok", ok),
                    true => self.child(cursor, range, ".err", err),
                },
                Type::Tuple(types) => {
                    let named = types.iter().enumerate();
                    self.each(cursor, named.map(|(i, ty)| (format!(".{i}"), ty)), range)
                }
                Type::Named(id) => match &schema.get(*id).kind {
                    Kind::Record { fields, .. } => self.fields(cursor, fields, range),
                    Kind::Variant(cases) => {
                        let case = &cases[cursor.tag(cases.len())?];
                        let shape = match (case.fields.style, case.fields.list.as_slice()) {
                            (_, []) => return Ok(Vec::new()),
                            (Style::Tuple, [one]) => SpotType::Type(&one.ty),
                            _ => SpotType::Fields(&case.fields),
                        };
                        let name = format!(".{}", case.name);
                        let child = (name, self.with(shape, cursor));
                        Ok(std::iter::once(child).take(range.len()).collect())
                    }
                    Kind::Flags(_) => Ok(Vec::new()),
                },
            },
        }
    }

    /// Returns the value inside under this step, if there is one.
    fn step(&self, step: &str) -> Result<Option<Spot<'a>>, SpotError> {
        let index = step.strip_prefix('[').and_then(|i| i.strip_suffix(']'));
        let range = match (self.shape, index) {
            (SpotType::Type(Type::Map(key, _)), Some(text)) => {
                let wanted = parse(self.schema, key, text).map_err(SpotError::Text)?;
                return Ok(self.entry(key, &wanted)?);
            }
            (SpotType::Type(Type::List(_) | Type::Set(_) | Type::Array(..)), Some(index)) => {
                match index.parse::<usize>() {
                    Ok(index) => index..index.saturating_add(1),
                    Err(_) => return Ok(None),
                }
            }
            (SpotType::Type(Type::List(_) | Type::Set(_) | Type::Array(..)), None) => {
                return Ok(None);
            }
            _ => 0..usize::MAX,
        };
        let is_item = index.is_some();
        let mut children = self.children(range)?.into_iter();
        let name = step.trim_start_matches('.');
        Ok(children
            .find(|(found, _)| is_item || found.trim_start_matches('.') == name)
            .map(|(_, spot)| spot))
    }

    fn entry(&self, key: &'a Type, wanted: &Value) -> Result<Option<Spot<'a>>, CodecError> {
        let SpotType::Type(Type::Map(_, value)) = self.shape else {
            return Ok(None);
        };
        let mut cursor = self.cursor.clone();
        for _ in 0..cursor.word()? {
            let found = decode_at(self.schema, &mut cursor, Shape::Type(key))?;
            if found == *wanted {
                return Ok(Some(self.with(SpotType::Type(value), cursor)));
            }
            cursor.skip(self.schema, value)?;
        }
        Ok(None)
    }

    fn with(&self, shape: SpotType<'a>, cursor: Cursor<'a>) -> Spot<'a> {
        Spot {
            shape,
            cursor,
            ..self.clone()
        }
    }

    fn child(
        &self,
        mut cursor: Cursor<'a>,
        range: Range<usize>,
        name: &str,
        ty: &'a Type,
    ) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        cursor.flag()?;
        let child = (name.to_owned(), self.with(SpotType::Type(ty), cursor));
        Ok(std::iter::once(child).take(range.len()).collect())
    }

    fn fields(
        &self,
        cursor: Cursor<'a>,
        fields: &'a Fields,
        range: Range<usize>,
    ) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        let list = fields.list.iter();
        self.each(
            cursor,
            list.map(|field| (format!(".{}", field.name), &field.ty)),
            range,
        )
    }

    fn each(
        &self,
        mut cursor: Cursor<'a>,
        parts: impl Iterator<Item = (String, &'a Type)>,
        range: Range<usize>,
    ) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        let mut found = Vec::new();
        for (index, (name, ty)) in parts.enumerate().take(range.end) {
            if index >= range.start {
                found.push((name, self.with(SpotType::Type(ty), cursor.clone())));
            }
            cursor.skip(self.schema, ty)?;
        }
        Ok(found)
    }

    fn items(
        &self,
        mut cursor: Cursor<'a>,
        item: &'a Type,
        range: Range<usize>,
        is_set: bool,
    ) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        let mut found = Vec::new();
        match self.schema.layout(item).size() {
            Some(size) => drop(cursor.take(size.saturating_mul(range.start))?),
            None => (0..range.start).try_for_each(|_| cursor.skip(self.schema, item))?,
        }
        for index in range {
            let mut spot = self.with(SpotType::Type(item), cursor.clone());
            spot.in_set |= is_set;
            found.push((format!("[{index}]"), spot));
            cursor.skip(self.schema, item)?;
        }
        Ok(found)
    }

    fn entries(
        &self,
        mut cursor: Cursor<'a>,
        key: &'a Type,
        value: &'a Type,
        range: Range<usize>,
    ) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        let mut found = Vec::new();
        for index in 0..range.end {
            if index < range.start {
                cursor.skip(self.schema, key)?;
            } else {
                let key = decode_at(self.schema, &mut cursor, Shape::Type(key))?;
                let spot = self.with(SpotType::Type(value), cursor.clone());
                found.push((format!("[{key}]"), spot));
            }
            cursor.skip(self.schema, value)?;
        }
        Ok(found)
    }

    /// Returns items of a flat list, which lie in the tree or in a segment.
    fn flat(
        &self,
        item: &'a Type,
        size: usize,
        width: u8,
        range: Range<usize>,
    ) -> Result<Vec<(String, Spot<'a>)>, CodecError> {
        let mut cursor = self.cursor.clone();
        let count = cursor.word()? as usize;
        let index = cursor.passed[width.trailing_zeros() as usize];
        let mut items = cursor.clone();
        let mut segment = self.segment;
        let bytes = cursor.flat(count, size, width)?;
        if cursor.passed != items.passed {
            items = Cursor::inline(bytes);
            segment = Some(SegmentIndex { width, index });
        }
        items.take(size * range.start)?;
        let mut found = Vec::new();
        for index in range {
            let mut spot = self.with(SpotType::Type(item), items.clone());
            spot.segment = segment;
            found.push((format!("[{index}]"), spot));
            items.take(size)?;
        }
        Ok(found)
    }

    /// Returns the position after the value.
    fn end(&self) -> Result<Cursor<'a>, CodecError> {
        let mut cursor = self.cursor.clone();
        match self.shape {
            SpotType::Type(ty) => cursor.skip(self.schema, ty)?,
            SpotType::Fields(fields) => {
                let mut types = fields.list.iter().map(|field| &field.ty);
                types.try_for_each(|ty| cursor.skip(self.schema, ty))?;
            }
        }
        Ok(cursor)
    }

    fn parse(&self, text: &str) -> Result<Value, ParseError> {
        match self.shape {
            SpotType::Type(ty) => parse(self.schema, ty, text),
            SpotType::Fields(fields) => parse_fields(self.schema, fields, text),
        }
    }

    fn encode(&self, out: &mut ParcelWriter, value: &Value) -> Result<(), ValueError> {
        let encode = Encoder::new(self.schema);
        match self.shape {
            SpotType::Type(ty) => encode.value(out, ty, value),
            SpotType::Fields(fields) => encode.fields(out, fields, value),
        }
    }
}

/// The values before and after a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Value before.
    pub old: Value,
    /// Value after.
    pub new: Value,
}

/// Replaces a value by the one that a text stands for, of the same type.
///
/// Nothing else is decoded. A list is touched only when the value lies in it.
///
/// # Errors
/// Returns an error when no value has this path, or when the text is no such value. The parcel is
/// then unchanged.
pub fn replace(
    schema: &Schema,
    parcel: &mut Parcel,
    path: &str,
    text: &str,
) -> Result<Replacement, SpotError> {
    let borrowed = parcel.as_ref();
    let spot = Spot::find(schema, &borrowed, path)?;
    if spot.in_set {
        return Err(SpotError::InSet);
    }
    let old = spot.value()?;
    let new = spot.parse(text).map_err(SpotError::Text)?;
    let mut out = match spot.segment {
        Some(_) => ParcelWriter::inline(usize::MAX),
        None => ParcelWriter::new(usize::MAX),
    };
    spot.encode(&mut out, &new).map_err(SpotError::Value)?;
    let (segment, start, end) = (spot.segment, spot.cursor.clone(), spot.end()?);
    let (at, passed) = (start.at..end.at, (start.passed, end.passed));
    match segment {
        Some(SegmentIndex { width, index }) => {
            let bytes = match width {
                1 => &mut parcel.w8[index],
                2 => words_as_bytes_mut(&mut parcel.w16[index]),
                4 => words_as_bytes_mut(&mut parcel.w32[index]),
                _ => words_as_bytes_mut(&mut parcel.w64[index]),
            };
            bytes[at].copy_from_slice(&out.parcel.tree);
        }
        None => {
            let piece = out.parcel;
            let span = |segment: usize| passed.0[segment]..passed.1[segment];
            parcel.tree.splice(at, piece.tree);
            parcel.w8.splice(span(0), piece.w8);
            parcel.w16.splice(span(1), piece.w16);
            parcel.w32.splice(span(2), piece.w32);
            parcel.w64.splice(span(3), piece.w64);
        }
    }
    Ok(Replacement { old, new })
}

/// Splits a path into steps: `a.b["x.y"][3]` is `a`, `.b`, `["x.y"]`, `[3]`.
fn steps(path: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let (mut begin, mut depth, mut is_quoted, mut is_escaped) = (0, 0_u32, false, false);
    for (at, letter) in path.char_indices() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match letter {
            '\\' if is_quoted => is_escaped = true,
            '"' if depth > 0 => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '.' | '[' if depth == 0 => {
                if at > begin {
                    steps.push(&path[begin..at]);
                }
                begin = at;
                depth += u32::from(letter == '[');
            }
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if begin < path.len() {
        steps.push(&path[begin..]);
    }
    steps
}
