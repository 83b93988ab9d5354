//! Encodes value trees as parcels.

use super::tree::Value;
use crate::escape::{MOST_OF_MESSAGE, MOST_OF_PATH, escaped, escaped_lines};
use crate::parcel::Parcel;
use crate::parcel_writer::ParcelWriter;
use crate::schema::{Case, Fields, Kind, Number, Schema, Style, Type};
use std::collections::HashSet;
use std::fmt;

/// The reason why a value is not of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// Path, such as `particles[3].life`.
    pub path: String,
    /// Cause.
    pub message: String,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "the state"
        } else {
            self.path.trim_start_matches('.')
        };
        let path = escaped(path, MOST_OF_PATH);
        write!(
            f,
            "{path}: {}",
            escaped_lines(&self.message, MOST_OF_MESSAGE)
        )
    }
}

impl std::error::Error for ValueError {}

/// Returns the parcel of a value tree.
///
/// Every field must be given, in any order.
///
/// # Errors
/// Returns an error when the value is not of the schema's root type.
pub fn encode(schema: &Schema, value: &Value) -> Result<Parcel, ValueError> {
    let mut out = ParcelWriter::new(usize::MAX);
    Encoder { schema }.value(&mut out, schema.root(), value)?;
    Ok(out.parcel)
}

pub(super) struct Encoder<'s> {
    schema: &'s Schema,
}

impl<'s> Encoder<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Encoder { schema }
    }

    pub(super) fn value(
        &self,
        out: &mut ParcelWriter,
        ty: &Type,
        value: &Value,
    ) -> Result<(), ValueError> {
        let wrong = || error(format!("{value} is not a {}", self.schema.type_name(ty)));
        match (ty, value) {
            (Type::Bool, Value::Bool(bit)) => put(out, &[u8::from(*bit)]),
            (Type::Number(number), value) => {
                let word = number_bits(*number, value).ok_or_else(wrong)?;
                put(out, &word.to_le_bytes()[..number.size()])
            }
            (Type::Char, Value::Char(c)) => put(out, &u32::from(*c).to_le_bytes()),
            (Type::String, Value::String(text)) => {
                self.count(out, text.len())?;
                put(out, text.as_bytes())
            }
            (Type::List(item), Value::List(items)) => {
                self.count(out, items.len())?;
                let Some((size, width)) = self.schema.layout(item).as_flat() else {
                    return self.items(out, item, items);
                };
                let mut flat = ParcelWriter::inline(usize::MAX);
                self.items(&mut flat, item, items)?;
                let destination = out
                    .flat(items.len() * size, width)
                    .map_err(|refusal| error(refusal.message))?;
                destination.copy_from_slice(&flat.parcel.tree);
                Ok(())
            }
            (Type::Set(item), Value::List(items)) => {
                self.count(out, items.len())?;
                let mut seen = HashSet::new();
                items
                    .iter()
                    .try_for_each(|value| self.key(out, item, value, &mut seen))
            }
            (Type::Array(item, count), Value::List(items)) if items.len() == *count as usize => {
                self.items(out, item, items)
            }
            (Type::Map(key, item), Value::Map(entries)) => {
                self.count(out, entries.len())?;
                let mut seen = HashSet::new();
                for (k, v) in entries {
                    self.key(out, key, k, &mut seen)?;
                    self.value(out, item, v)
                        .map_err(|e| e.within(&format!("[{k}]")))?;
                }
                Ok(())
            }
            (Type::Option(item), Value::Option(option)) => {
                put(out, &[u8::from(option.is_some())])?;
                option
                    .iter()
                    .try_for_each(|value| self.value(out, item, value))
            }
            (Type::Result(ok, err), Value::Result(result)) => {
                put(out, &[u8::from(result.is_err())])?;
                match result {
                    Ok(value) => self.value(out, ok, value),
                    Err(value) => self.value(out, err, value),
                }
            }
            (Type::Tuple(types), Value::Tuple(items)) if types.len() == items.len() => types
                .iter()
                .zip(items)
                .enumerate()
                .try_for_each(|(i, (ty, item))| {
                    self.value(out, ty, item)
                        .map_err(|e| e.within(&format!(".{i}")))
                }),
            (Type::Named(id), value) => match (&self.schema.get(*id).kind, value) {
                (Kind::Record { fields, .. }, value) => self.fields(out, fields, value),
                (Kind::Variant(cases), Value::Variant(name, content)) => {
                    let Some(tag) = cases.iter().position(|case| case.name == *name) else {
                        return Err(wrong());
                    };
                    out.tag(tag as u32, cases.len())
                        .map_err(|refusal| error(refusal.message))?;
                    self.content(out, &cases[tag], content.as_deref())
                        .map_err(|e| e.within(&format!(".{name}")))
                }
                (Kind::Flags(flags), Value::Flags(set)) => {
                    let mut bits = 0_u64;
                    for name in set {
                        bits |= 1
                            << flags
                                .iter()
                                .position(|flag| flag.name == *name)
                                .ok_or_else(wrong)?;
                    }
                    put(out, &bits.to_le_bytes()[..flags.len().div_ceil(8)])
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }

    fn count(&self, out: &mut ParcelWriter, count: usize) -> Result<(), ValueError> {
        let count =
            u32::try_from(count).map_err(|_| error(format!("{count} items are too many")))?;
        put(out, &count.to_le_bytes())
    }

    fn items(&self, out: &mut ParcelWriter, ty: &Type, items: &[Value]) -> Result<(), ValueError> {
        let mut all = items.iter().enumerate();
        all.try_for_each(|(i, item)| {
            self.value(out, ty, item)
                .map_err(|e| e.within(&format!("[{i}]")))
        })
    }

    fn key(
        &self,
        out: &mut ParcelWriter,
        ty: &Type,
        value: &Value,
        seen: &mut HashSet<Vec<u8>>,
    ) -> Result<(), ValueError> {
        let start = out.parcel.tree.len();
        // Keys are written twice: inline for comparison, and in their final form.
        let mut key = ParcelWriter::inline(usize::MAX);
        self.value(&mut key, ty, value)?;
        self.value(out, ty, value)?;
        debug_assert!(out.parcel.tree.len() >= start);
        if seen.insert(key.parcel.tree) {
            Ok(())
        } else {
            Err(error(format!("{value} comes twice")))
        }
    }

    fn content(
        &self,
        out: &mut ParcelWriter,
        case: &Case,
        content: Option<&Value>,
    ) -> Result<(), ValueError> {
        match (case.fields.style, case.fields.list.as_slice(), content) {
            (_, [], None) => Ok(()),
            (Style::Tuple, [one], Some(value)) => self.value(out, &one.ty, value),
            (_, [_, ..], Some(value)) => self.fields(out, &case.fields, value),
            (_, [], Some(value)) => Err(error(format!(
                "the case has no content, but {value} is given"
            ))),
            (_, _, None) => Err(error("the content of the case is missing".into())),
        }
    }

    pub(super) fn fields(
        &self,
        out: &mut ParcelWriter,
        fields: &Fields,
        value: &Value,
    ) -> Result<(), ValueError> {
        let given = match value {
            Value::Record(given) => given.len(),
            Value::Tuple(given) => given.len(),
            _ => return Err(error(format!("{value} is not a record"))),
        };
        if given > fields.list.len() {
            return Err(error(format!(
                "there are {} fields, and {given} are given",
                fields.list.len()
            )));
        }
        for field in &fields.list {
            let value = value
                .get(&field.name)
                .ok_or_else(|| error(format!("the field {} is not given", field.name)))?;
            self.value(out, &field.ty, value)
                .map_err(|e| e.within(&format!(".{}", field.name)))?;
        }
        Ok(())
    }
}

impl ValueError {
    fn within(mut self, outer: &str) -> ValueError {
        self.path.insert_str(0, outer);
        self
    }
}

fn error(message: String) -> ValueError {
    ValueError {
        path: String::new(),
        message,
    }
}

fn put(out: &mut ParcelWriter, bytes: &[u8]) -> Result<(), ValueError> {
    out.bytes(bytes).map_err(|refusal| error(refusal.message))
}

/// Returns the bits of a number, if the value is one and fits.
fn number_bits(number: Number, value: &Value) -> Option<u64> {
    let unsigned = |max: u64| match value {
        Value::Unsigned(n) => Some(*n).filter(|n| *n <= max),
        Value::Signed(n) => u64::try_from(*n).ok().filter(|n| *n <= max),
        _ => None,
    };
    let signed = |min: i64, max: i64| match value {
        Value::Signed(n) => Some(*n)
            .filter(|n| (min..=max).contains(n))
            .map(|n| n as u64),
        Value::Unsigned(n) => i64::try_from(*n)
            .ok()
            .filter(|n| *n <= max)
            .map(|n| n as u64),
        _ => None,
    };
    match number {
        Number::U8 => unsigned(u8::MAX.into()),
        Number::U16 => unsigned(u16::MAX.into()),
        Number::U32 => unsigned(u32::MAX.into()),
        Number::U64 => unsigned(u64::MAX),
        Number::S8 => signed(i8::MIN.into(), i8::MAX.into()),
        Number::S16 => signed(i16::MIN.into(), i16::MAX.into()),
        Number::S32 => signed(i32::MIN.into(), i32::MAX.into()),
        Number::S64 => signed(i64::MIN, i64::MAX),
        Number::F32 => {
            if let Value::F32(float) = value {
                Some(float.to_bits().into())
            } else {
                None
            }
        }
        Number::F64 => {
            if let Value::F64(float) = value {
                Some(float.to_bits())
            } else {
                None
            }
        }
    }
}
