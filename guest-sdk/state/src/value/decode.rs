//! Parcels as value trees.

use super::Value;
use crate::parcel::ParcelRef;
use crate::schema::{Fields, Kind, Number, Schema, Style, Type};
use crate::walk::{CodecError, Cursor, MAX_DEPTH, too_deep};

/// The value tree of a parcel.
///
/// # Errors
/// When the parcel is not a state of the schema.
pub fn decode(schema: &Schema, parcel: &ParcelRef<'_>) -> Result<Value, CodecError> {
    let mut cursor = Cursor::new(parcel);
    let value = Decode { schema }.value(&mut cursor, schema.root(), MAX_DEPTH)?;
    cursor.finish()?;
    Ok(value)
}

/// The value tree of a value that was written with everything inline.
pub(crate) fn decode_inline(schema: &Schema, bytes: &[u8]) -> Result<Value, CodecError> {
    let mut cursor = Cursor::inline(bytes);
    let value = Decode { schema }.value(&mut cursor, schema.root(), MAX_DEPTH)?;
    cursor.finish()?;
    Ok(value)
}

struct Decode<'s> {
    schema: &'s Schema,
}

impl Decode<'_> {
    fn value(&self, from: &mut Cursor<'_>, ty: &Type, depth: usize) -> Result<Value, CodecError> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let boxed = |from: &mut Cursor<'_>, ty: &Type| self.value(from, ty, depth).map(Box::new);
        Ok(match ty {
            Type::Bool => Value::Bool(from.flag()?),
            Type::Number(number) => self.number(*number, from.take(number.size())?),
            Type::Char => {
                let code = from.word()?;
                Value::Char(
                    char::from_u32(code)
                        .ok_or_else(|| CodecError::new(format!("{code:#x} is not a char")))?,
                )
            }
            Type::String => {
                let len = from.count(1)?;
                match std::str::from_utf8(from.take(len)?) {
                    Ok(text) => Value::String(text.to_owned()),
                    Err(_) => return Err(CodecError::new("a string is not UTF-8")),
                }
            }
            Type::List(item) => match self.schema.layout(item).as_flat() {
                Some((size, width)) => {
                    let count = from.word()? as usize;
                    let mut items = Cursor::inline(from.flat(count, size, width)?);
                    self.items(&mut items, item, count, depth)?
                }
                None => self.counted(from, item, depth)?,
            },
            Type::Set(item) => self.counted(from, item, depth)?,
            Type::Array(item, count) => {
                from.bounded(*count, self.schema.layout(item).min)?;
                self.items(from, item, *count as usize, depth)?
            }
            Type::Map(key, value) => {
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
                Value::Map((0..count).map(entry).collect::<Result<_, CodecError>>()?)
            }
            Type::Option(item) => Value::Option(if from.flag()? {
                Some(boxed(from, item)?)
            } else {
                None
            }),
            Type::Result(ok, err) => Value::Result(if from.flag()? {
                Err(boxed(from, err)?)
            } else {
                Ok(boxed(from, ok)?)
            }),
            Type::Tuple(items) => Value::Tuple(
                items
                    .iter()
                    .map(|item| self.value(from, item, depth))
                    .collect::<Result<_, _>>()?,
            ),
            Type::Named(id) => match &self.schema.get(*id).kind {
                Kind::Record { fields, .. } => self.fields(from, fields, depth)?,
                Kind::Variant(cases) => {
                    let case = &cases[from.tag(cases.len())?];
                    let fields = &case.fields;
                    let carried = match (fields.style, fields.list.as_slice()) {
                        (_, []) => None,
                        (Style::Tuple, [one]) => Some(boxed(from, &one.ty)?),
                        _ => Some(Box::new(self.fields(from, fields, depth)?)),
                    };
                    Value::Variant(case.name.clone(), carried)
                }
                Kind::Flags(flags) => {
                    let bits = from.flags(flags.len())?;
                    let set = flags
                        .iter()
                        .enumerate()
                        .filter(|(bit, _)| bits >> bit & 1 == 1);
                    Value::Flags(set.map(|(_, flag)| flag.name.clone()).collect())
                }
            },
        })
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

    fn counted(
        &self,
        from: &mut Cursor<'_>,
        item: &Type,
        depth: usize,
    ) -> Result<Value, CodecError> {
        let count = from.count(self.schema.layout(item).min)?;
        self.items(from, item, count, depth)
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

    fn fields(
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
