//! Walks a value along its schema, with bounded depth and work. Builds nothing from what it reads.

use crate::bounds::MAX_DEPTH;
use crate::cursor::{CodecError, Cursor, too_deep};
use crate::parcel::ParcelRef;
use crate::schema::{Fields, Kind, Schema, Type};

impl Cursor<'_> {
    /// Passes a value, and checks its lengths only.
    pub fn skip(&mut self, schema: &Schema, ty: &Type) -> Result<(), CodecError> {
        Walker {
            schema,
            thorough: false,
        }
        .value(self, ty, MAX_DEPTH)
    }

    /// Passes a value, and checks every byte for which some patterns are invalid.
    pub fn check(&mut self, schema: &Schema, ty: &Type) -> Result<(), CodecError> {
        Walker {
            schema,
            thorough: true,
        }
        .value(self, ty, MAX_DEPTH)
    }
}

/// Checks that a parcel is a state of a schema, with nothing left over.
///
/// # Errors
/// Returns an error when it is not. Memory and depth are bounded for any bytes.
pub fn check(schema: &Schema, parcel: &ParcelRef<'_>) -> Result<(), CodecError> {
    let mut cursor = Cursor::new(parcel);
    cursor.check(schema, schema.root())?;
    cursor.finish()
}

struct Walker<'s> {
    schema: &'s Schema,
    thorough: bool,
}

impl Walker<'_> {
    /// Small functions keep the stack frames of the recursion small.
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
                code => Err(CodecError::new(format!("{code:#x} is not a char"))),
            },
            _ => {
                let len = cursor.count(1)?;
                let bytes = cursor.take(len)?;
                if self.thorough && std::str::from_utf8(bytes).is_err() {
                    return Err(CodecError::new("a string is not UTF-8"));
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
