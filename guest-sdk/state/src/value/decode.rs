//! Decodes parcels into value trees.

use super::tree::Value;
use crate::bounds::MAX_DEPTH;
use crate::cursor::{CodecError, Cursor, too_deep};
use crate::parcel::ParcelRef;
use crate::schema::{Case, Fields, Kind, Number, Schema, Style, Type};

/// Returns the value tree of a parcel.
///
/// # Errors
/// Returns an error when the parcel is not a state of the schema.
pub fn decode(schema: &Schema, parcel: &ParcelRef<'_>) -> Result<Value, CodecError> {
    let mut cursor = Cursor::new(parcel);
    let value = Decoder { schema }.value(&mut cursor, schema.root(), MAX_DEPTH)?;
    cursor.finish()?;
    Ok(value)
}

/// Returns the value tree of a value that was written with everything inline.
pub(crate) fn decode_inline(schema: &Schema, bytes: &[u8]) -> Result<Value, CodecError> {
    let mut cursor = Cursor::inline(bytes);
    let value = Decoder { schema }.value(&mut cursor, schema.root(), MAX_DEPTH)?;
    cursor.finish()?;
    Ok(value)
}

pub(super) struct Decoder<'s> {
    schema: &'s Schema,
}

impl<'s> Decoder<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Decoder { schema }
    }

    /// One function for each kind of type keeps the stack frames of the recursion small.
    pub(super) fn value(
        &self,
        from: &mut Cursor<'_>,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match ty {
            Type::Option(item) => self.option(from, item, depth),
            Type::Result(ok, err) => self.result(from, ok, err, depth),
            Type::Named(id) => match &self.schema.get(*id).kind {
                Kind::Record { fields, .. } => self.fields(from, fields, depth),
                Kind::Variant(cases) => self.variant(from, cases, depth),
                Kind::Flags(flags) => self.flags(from, flags),
            },
            Type::Tuple(items) => {
                let items = items.iter().map(|item| self.value(from, item, depth));
                items.collect::<Result<_, _>>().map(Value::Tuple)
            }
            Type::List(_) | Type::Set(_) | Type::Array(..) => self.list(from, ty, depth),
            Type::Map(key, value) => self.map(from, key, value, depth),
            Type::Bool | Type::Number(_) | Type::Char | Type::String => self.leaf(from, ty),
        }
    }

    fn leaf(&self, from: &mut Cursor<'_>, ty: &Type) -> Result<Value, CodecError> {
        match ty {
            Type::Bool => from.flag().map(Value::Bool),
            Type::Number(number) => Ok(self.number(*number, from.take(number.size())?)),
            Type::Char => {
                let code = from.word()?;
                let c = char::from_u32(code);
                c.map(Value::Char)
                    .ok_or_else(|| CodecError::new(format!("{code:#x} is not a char")))
            }
            _ => {
                let len = from.count(1)?;
                match std::str::from_utf8(from.take(len)?) {
                    Ok(text) => Ok(Value::String(text.to_owned())),
                    Err(_) => Err(CodecError::new("a string is not UTF-8")),
                }
            }
        }
    }

    fn list(&self, from: &mut Cursor<'_>, ty: &Type, depth: usize) -> Result<Value, CodecError> {
        match ty {
            Type::Array(item, count) => {
                from.bounded(*count, self.schema.layout(item).min)?;
                self.items(from, item, *count as usize, depth)
            }
            Type::List(item) if self.schema.layout(item).width > 0 => {
                let layout = self.schema.layout(item);
                let count = from.word()? as usize;
                let mut items =
                    Cursor::inline(from.flat(count, layout.min as usize, layout.width)?);
                self.items(&mut items, item, count, depth)
            }
            Type::List(item) | Type::Set(item) => {
                let count = from.count(self.schema.layout(item).min)?;
                self.items(from, item, count, depth)
            }
            _ => unreachable!("only lists get here"),
        }
    }

    fn map(
        &self,
        from: &mut Cursor<'_>,
        key: &Type,
        value: &Type,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let min = self
            .schema
            .layout(key)
            .min
            .saturating_add(self.schema.layout(value).min);
        let count = from.count(min)?;
        let entry = |_| {
            Ok((
                self.value(from, key, depth)?,
                self.value(from, value, depth)?,
            ))
        };
        (0..count)
            .map(entry)
            .collect::<Result<_, _>>()
            .map(Value::Map)
    }

    fn option(
        &self,
        from: &mut Cursor<'_>,
        item: &Type,
        depth: usize,
    ) -> Result<Value, CodecError> {
        if !from.flag()? {
            return Ok(Value::Option(None));
        }
        let value = self.value(from, item, depth)?;
        Ok(Value::Option(Some(Box::new(value))))
    }

    fn result(
        &self,
        from: &mut Cursor<'_>,
        ok: &Type,
        err: &Type,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let is_err = from.flag()?;
        let value = Box::new(self.value(from, if is_err { err } else { ok }, depth)?);
        Ok(Value::Result(if is_err { Err(value) } else { Ok(value) }))
    }

    fn variant(
        &self,
        from: &mut Cursor<'_>,
        cases: &[Case],
        depth: usize,
    ) -> Result<Value, CodecError> {
        let case = &cases[from.tag(cases.len())?];
        let fields = &case.fields;
        let content = match (fields.style, fields.list.as_slice()) {
            (_, []) => return Ok(Value::Variant(case.name.clone(), None)),
            (Style::Tuple, [one]) => self.value(from, &one.ty, depth)?,
            _ => self.fields(from, fields, depth)?,
        };
        Ok(Value::Variant(case.name.clone(), Some(Box::new(content))))
    }

    fn flags(&self, from: &mut Cursor<'_>, flags: &[Case]) -> Result<Value, CodecError> {
        let bits = from.flags(flags.len())?;
        let set = flags
            .iter()
            .enumerate()
            .filter(|(bit, _)| bits >> bit & 1 == 1);
        Ok(Value::Flags(
            set.map(|(_, flag)| flag.name.clone()).collect(),
        ))
    }

    fn number(&self, number: Number, bytes: &[u8]) -> Value {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let word = u64::from_le_bytes(word);
        match number {
            Number::U8 | Number::U16 | Number::U32 | Number::U64 => Value::Unsigned(word),
            Number::S8 => Value::Signed((word as i8).into()),
            Number::S16 => Value::Signed((word as i16).into()),
            Number::S32 => Value::Signed((word as i32).into()),
            Number::S64 => Value::Signed(word as i64),
            Number::F32 => Value::F32(f32::from_bits(word as u32)),
            Number::F64 => Value::F64(f64::from_bits(word)),
        }
    }

    fn items(
        &self,
        from: &mut Cursor<'_>,
        item: &Type,
        count: usize,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let items = (0..count).map(|_| self.value(from, item, depth));
        Ok(Value::List(items.collect::<Result<_, _>>()?))
    }

    pub(super) fn fields(
        &self,
        from: &mut Cursor<'_>,
        fields: &Fields,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let mut values = Vec::with_capacity(fields.list.len());
        for field in &fields.list {
            values.push((field.name.clone(), self.value(from, &field.ty, depth)?));
        }
        Ok(match fields.style {
            Style::Tuple => Value::Tuple(values.into_iter().map(|(_, value)| value).collect()),
            _ => Value::Record(values),
        })
    }
}
