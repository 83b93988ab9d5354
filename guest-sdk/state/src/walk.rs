//! A place in a parcel, and the walk along a schema that everything on the host's side uses.
//!
//! The bytes may come from a hostile guest: every length is checked against what is there, depth
//! and work are bounded.

use crate::codec::{SEGMENT_MIN, words_as_bytes};
use crate::parcel::ParcelRef;
use crate::schema::{Fields, Kind, Schema, Type, tag_size};
use std::fmt;

/// A state may be nested this deep: a list of linked boxes takes two levels a link.
pub const MAX_DEPTH: usize = 1000;
/// Items that take no bytes are bounded too, or four bytes could stand for a year of work.
pub(crate) const MAX_EMPTY_ITEMS: usize = 1 << 20;

/// Why bytes are not a state of their schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError(String);

impl CodecError {
    pub(crate) fn new(message: impl Into<String>) -> CodecError {
        CodecError(message.into())
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "damaged state: {}", self.0)
    }
}

impl std::error::Error for CodecError {}

/// A place in a parcel, or in a value that was written with everything inline.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub tree: &'a [u8],
    pub at: usize,
    segments: Option<&'a ParcelRef<'a>>,
    /// How many segments of each width have been passed.
    pub passed: [usize; 4],
    /// How many values have been walked.
    pub steps: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(parcel: &'a ParcelRef<'a>) -> Cursor<'a> {
        Cursor {
            tree: parcel.tree,
            at: 0,
            segments: Some(parcel),
            passed: [0; 4],
            steps: 0,
        }
    }

    pub fn inline(tree: &'a [u8]) -> Cursor<'a> {
        Cursor {
            tree,
            at: 0,
            segments: None,
            passed: [0; 4],
            steps: 0,
        }
    }

    pub fn left(&self) -> usize {
        self.tree.len() - self.at
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let bytes = self.tree[self.at..].get(..len);
        let bytes = bytes.ok_or_else(|| {
            CodecError(format!(
                "{len} bytes are asked for where {} are left",
                self.left()
            ))
        })?;
        self.at += len;
        Ok(bytes)
    }

    /// Bytes after their number.
    pub fn slice(&mut self) -> Result<&'a [u8], CodecError> {
        let len = self.count(1)?;
        self.take(len)
    }

    /// A text after its number of bytes.
    pub fn text(&mut self) -> Result<String, CodecError> {
        let text = std::str::from_utf8(self.slice()?);
        text.map(str::to_owned)
            .map_err(|_| CodecError("a name is not UTF-8".into()))
    }

    pub fn word(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_le_bytes(
            self.take(4)?.try_into().expect("four bytes"),
        ))
    }

    /// A number of items, each of which takes at least `min` bytes in the tree.
    pub fn count(&mut self, min: u32) -> Result<usize, CodecError> {
        let count = self.word()? as usize;
        let most = match min {
            0 => MAX_EMPTY_ITEMS,
            min => self.left() / min as usize,
        };
        if count > most {
            return Err(CodecError(format!(
                "{count} items are announced where at most {most} can be"
            )));
        }
        Ok(count)
    }

    pub fn flag(&mut self) -> Result<bool, CodecError> {
        match self.take(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            other => Err(CodecError(format!("{} is neither 0 nor 1", other[0]))),
        }
    }

    pub fn tag(&mut self, cases: usize) -> Result<usize, CodecError> {
        let tag = match tag_size(cases) {
            1 => usize::from(self.take(1)?[0]),
            _ => self.word()? as usize,
        };
        if tag < cases {
            Ok(tag)
        } else {
            Err(CodecError(format!("there is no case {tag} among {cases}")))
        }
    }

    /// The bits of so many flags.
    pub fn flags(&mut self, flags: usize) -> Result<u64, CodecError> {
        let mut word = [0; 8];
        let bytes = self.take(flags.div_ceil(8))?;
        word[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        match bits.checked_shr(flags as u32) {
            None | Some(0) => Ok(bits),
            Some(_) => Err(CodecError("a flag is set that does not exist".into())),
        }
    }

    /// That so many items of a fixed-length array can be there at all.
    pub fn bounded(&self, count: u32, min: u32) -> Result<(), CodecError> {
        if min == 0 && count as usize > MAX_EMPTY_ITEMS {
            return Err(CodecError(format!(
                "{count} items without bytes are too many"
            )));
        }
        Ok(())
    }

    /// The bytes of a flat list, from the tree or from the next segment.
    pub fn flat(&mut self, count: usize, size: usize, width: u8) -> Result<&'a [u8], CodecError> {
        let len = count
            .checked_mul(size)
            .ok_or_else(|| CodecError(format!("{count} items of {size} bytes are too many")))?;
        let Some(parcel) = self.segments.filter(|_| len >= SEGMENT_MIN) else {
            return self.take(len);
        };
        let next = &mut self.passed[width.trailing_zeros() as usize];
        let segment = match width {
            1 => parcel.w8.get(*next).copied(),
            2 => parcel.w16.get(*next).map(|words| words_as_bytes(words)),
            4 => parcel.w32.get(*next).map(|words| words_as_bytes(words)),
            _ => parcel.w64.get(*next).map(|words| words_as_bytes(words)),
        };
        let bytes =
            segment.ok_or_else(|| CodecError(format!("a segment of {len} bytes is missing")))?;
        if bytes.len() != len {
            return Err(CodecError(format!(
                "a segment has {} bytes where the tree says {len}",
                bytes.len()
            )));
        }
        *next += 1;
        Ok(bytes)
    }

    /// That nothing is left.
    pub fn finish(&self) -> Result<(), CodecError> {
        let segments = self.segments.map_or([0; 4], |p| {
            [p.w8.len(), p.w16.len(), p.w32.len(), p.w64.len()]
        });
        if self.left() == 0 && segments == self.passed {
            return Ok(());
        }
        let left: usize = segments
            .iter()
            .zip(self.passed)
            .map(|(all, passed)| all - passed)
            .sum();
        Err(CodecError(format!(
            "{} bytes and {left} segments are left over",
            self.left()
        )))
    }

    /// Passes a value without looking at more than its lengths.
    pub fn skip(&mut self, schema: &Schema, ty: &Type) -> Result<(), CodecError> {
        Walk {
            schema,
            thorough: false,
        }
        .value(self, ty, MAX_DEPTH)
    }

    /// Passes a value and looks at every byte that not every pattern is right for.
    pub fn check(&mut self, schema: &Schema, ty: &Type) -> Result<(), CodecError> {
        Walk {
            schema,
            thorough: true,
        }
        .value(self, ty, MAX_DEPTH)
    }
}

/// That a parcel is a state of a schema: all of it is walked, nothing is left over.
///
/// # Errors
/// When it is not; memory and depth are bounded whatever the bytes say.
pub fn check(schema: &Schema, parcel: &ParcelRef<'_>) -> Result<(), CodecError> {
    let mut cursor = Cursor::new(parcel);
    cursor.check(schema, schema.root())?;
    cursor.finish()
}

struct Walk<'s> {
    schema: &'s Schema,
    thorough: bool,
}

impl Walk<'_> {
    /// Loops and small functions, so that the frames of what nests stay small.
    fn value(&self, cursor: &mut Cursor<'_>, ty: &Type, depth: usize) -> Result<(), CodecError> {
        cursor.steps += 1;
        let layout = self.schema.layout(ty);
        if let Some(size) = layout.size().filter(|_| !self.thorough || layout.width > 0) {
            return cursor.take(size).map(drop);
        }
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match ty {
            Type::Option(item) => {
                if cursor.flag()? {
                    self.value(cursor, item, depth)?;
                }
                Ok(())
            }
            Type::Result(ok, err) => {
                let side = if cursor.flag()? { err } else { ok };
                self.value(cursor, side, depth)
            }
            Type::Tuple(items) => {
                for item in items {
                    self.value(cursor, item, depth)?;
                }
                Ok(())
            }
            Type::Named(id) => match &self.schema.get(*id).kind {
                Kind::Record { fields, .. } => self.fields(cursor, fields, depth),
                Kind::Variant(cases) => {
                    let tag = cursor.tag(cases.len())?;
                    self.fields(cursor, &cases[tag].fields, depth)
                }
                Kind::Flags(flags) => cursor.flags(flags.len()).map(drop),
            },
            Type::List(item) | Type::Set(item) => {
                self.items(cursor, item, matches!(ty, Type::List(_)), depth)
            }
            Type::Array(item, count) => {
                cursor.bounded(*count, self.schema.layout(item).min)?;
                self.repeat(cursor, item, *count as usize, depth)
            }
            Type::Map(key, value) => self.map(cursor, key, value, depth),
            Type::Bool | Type::Number(_) | Type::Char | Type::String => self.leaf(cursor, ty),
        }
    }

    fn leaf(&self, cursor: &mut Cursor<'_>, ty: &Type) -> Result<(), CodecError> {
        match ty {
            Type::Bool => cursor.flag().map(drop),
            Type::Number(number) => cursor.take(number.size()).map(drop),
            Type::Char => match cursor.word()? {
                code if char::from_u32(code).is_some() => Ok(()),
                code => Err(CodecError(format!("{code:#x} is not a char"))),
            },
            _ => {
                let len = cursor.count(1)?;
                let bytes = cursor.take(len)?;
                if self.thorough && std::str::from_utf8(bytes).is_err() {
                    return Err(CodecError("a string is not UTF-8".into()));
                }
                Ok(())
            }
        }
    }

    fn items(
        &self,
        cursor: &mut Cursor<'_>,
        item: &Type,
        list: bool,
        depth: usize,
    ) -> Result<(), CodecError> {
        let layout = self.schema.layout(item);
        if let Some((size, width)) = layout.as_flat().filter(|_| list) {
            let count = cursor.word()? as usize;
            return cursor.flat(count, size, width).map(drop);
        }
        let count = cursor.count(layout.min)?;
        match layout.size() {
            Some(size) if !self.thorough => cursor.take(count * size).map(drop),
            _ => self.repeat(cursor, item, count, depth),
        }
    }

    fn repeat(
        &self,
        cursor: &mut Cursor<'_>,
        item: &Type,
        count: usize,
        depth: usize,
    ) -> Result<(), CodecError> {
        for _ in 0..count {
            self.value(cursor, item, depth)?;
        }
        Ok(())
    }

    fn map(
        &self,
        cursor: &mut Cursor<'_>,
        key: &Type,
        value: &Type,
        depth: usize,
    ) -> Result<(), CodecError> {
        let min = self
            .schema
            .layout(key)
            .min
            .saturating_add(self.schema.layout(value).min);
        for _ in 0..cursor.count(min)? {
            self.value(cursor, key, depth)?;
            self.value(cursor, value, depth)?;
        }
        Ok(())
    }

    fn fields(
        &self,
        cursor: &mut Cursor<'_>,
        fields: &Fields,
        depth: usize,
    ) -> Result<(), CodecError> {
        for field in &fields.list {
            self.value(cursor, &field.ty, depth)?;
        }
        Ok(())
    }
}

pub(crate) fn too_deep() -> CodecError {
    CodecError(format!("values are nested deeper than {MAX_DEPTH} levels"))
}
