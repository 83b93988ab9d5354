//! Decodes parcels into value trees.

use super::event::{Event, Shape, Take, read};
use super::tree::Value;
use crate::bounds::{MAX_TREE_BYTES, MAX_TREE_DEPTH};
use crate::cursor::{CodecError, Cursor};
use crate::parcel::ParcelRef;
use crate::schema::Schema;

/// Returns the value tree of a parcel.
///
/// A tree takes many times the memory of the state. To show a state, [`print`](super::print()) needs
/// none.
///
/// # Errors
/// Returns an error when the parcel is not a state of the schema, when the tree would be deeper than
/// 1,000 levels, or when it would take more than 2 GiB.
pub fn decode(schema: &Schema, parcel: &ParcelRef<'_>) -> Result<Value, CodecError> {
    let mut cursor = Cursor::new(parcel);
    let value = decode_at(schema, &mut cursor, Shape::Type(schema.root()))?;
    cursor.finish()?;
    Ok(value)
}

/// Returns the value tree of a value that was written with everything inline.
pub(crate) fn decode_inline(schema: &Schema, bytes: &[u8]) -> Result<Value, CodecError> {
    let mut cursor = Cursor::inline(bytes);
    let value = decode_at(schema, &mut cursor, Shape::Type(schema.root()))?;
    cursor.finish()?;
    Ok(value)
}

/// Returns the value tree of the value at a position, which moves behind it.
pub(super) fn decode_at(
    schema: &Schema,
    cursor: &mut Cursor<'_>,
    shape: Shape<'_>,
) -> Result<Value, CodecError> {
    let mut builder = Builder {
        stack: Vec::new(),
        done: None,
        room: MAX_TREE_BYTES,
    };
    read(schema, cursor, shape, MAX_TREE_DEPTH, &mut builder)?;
    builder
        .done
        .ok_or_else(|| CodecError::new("a value has no end"))
}

/// Makes a tree of events.
struct Builder {
    /// The values that are open, outermost first, with the number of parts that are missing.
    stack: Vec<(Open, usize)>,
    done: Option<Value>,
    /// Bytes that the tree may still take.
    room: usize,
}

/// A value whose parts are being made.
enum Open {
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Map(Vec<(Value, Value)>, Option<Value>),
    Record(Vec<(String, Value)>, String),
    Some,
    Ok,
    Err,
    Case(String),
}

impl Take for Builder {
    type Error = CodecError;

    fn take(&mut self, event: Event<'_>) -> Result<(), CodecError> {
        let value = match event {
            Event::Bool(bit) => Value::Bool(bit),
            Event::Unsigned(n) => Value::Unsigned(n),
            Event::Signed(n) => Value::Signed(n),
            Event::F32(n) => Value::F32(n),
            Event::F64(n) => Value::F64(n),
            Event::Char(letter) => Value::Char(letter),
            Event::Text(text) => Value::String(self.text(text)?),
            Event::None => Value::Option(None),
            Event::Case(name) => Value::Variant(self.text(name)?, None),
            Event::Flags(set) => {
                let names: Result<_, _> = set.iter().map(|name| self.text(name)).collect();
                Value::Flags(names?)
            }
            Event::Some => return self.open(Open::Some, 1),
            Event::Ok => return self.open(Open::Ok, 1),
            Event::Err => return self.open(Open::Err, 1),
            Event::CaseOf(name) => {
                let name = self.text(name)?;
                return self.open(Open::Case(name), 1);
            }
            Event::List(count) => {
                let items = self.reserve(count)?;
                return self.open(Open::List(items), count);
            }
            Event::Tuple(count) => {
                let items = self.reserve(count)?;
                return self.open(Open::Tuple(items), count);
            }
            Event::Map { entries, .. } => {
                let items = self.reserve(entries)?;
                return self.open(Open::Map(items, None), entries.saturating_mul(2));
            }
            Event::Record(count) => {
                let fields = self.reserve(count)?;
                return self.open(Open::Record(fields, String::new()), count);
            }
            Event::Field(name) => {
                let name = self.text(name)?;
                if let Some((Open::Record(_, next), _)) = self.stack.last_mut() {
                    *next = name;
                }
                return Ok(());
            }
        };
        self.put(value);
        Ok(())
    }
}

impl Builder {
    fn charge(&mut self, bytes: usize) -> Result<(), CodecError> {
        let left = self.room.checked_sub(bytes);
        self.room = left.ok_or_else(|| {
            CodecError::too_large(format!(
                "the state takes more than {} MiB as a tree of values",
                MAX_TREE_BYTES >> 20
            ))
        })?;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<String, CodecError> {
        self.charge(text.len())?;
        Ok(text.to_owned())
    }

    /// Makes a list for parts, whose memory is charged before it is reserved.
    fn reserve<T>(&mut self, count: usize) -> Result<Vec<T>, CodecError> {
        self.charge(count.saturating_mul(size_of::<T>()))?;
        Ok(Vec::with_capacity(count))
    }

    fn open(&mut self, open: Open, left: usize) -> Result<(), CodecError> {
        self.charge(size_of::<Value>())?;
        if left == 0 {
            self.put(open.close(None));
        } else {
            self.stack.push((open, left));
        }
        Ok(())
    }

    /// Puts a finished value into the innermost open one, and closes all that are complete with it.
    fn put(&mut self, mut value: Value) {
        while let Some((open, left)) = self.stack.last_mut() {
            *left -= 1;
            let is_complete = *left == 0;
            let last = open.add(value);
            if !is_complete {
                return;
            }
            let Some((open, _)) = self.stack.pop() else {
                return;
            };
            value = open.close(last);
        }
        self.done = Some(value);
    }
}

impl Open {
    /// Adds a part. A part that is the only one is returned.
    fn add(&mut self, value: Value) -> Option<Value> {
        match self {
            Open::List(items) | Open::Tuple(items) => items.push(value),
            Open::Map(entries, key) => match key.take() {
                Some(key) => entries.push((key, value)),
                None => *key = Some(value),
            },
            Open::Record(fields, name) => fields.push((std::mem::take(name), value)),
            Open::Some | Open::Ok | Open::Err | Open::Case(_) => return Some(value),
        }
        None
    }

    fn close(self, last: Option<Value>) -> Value {
        match (self, last.map(Box::new)) {
            (Open::List(items), _) => Value::List(items),
            (Open::Tuple(items), _) => Value::Tuple(items),
            (Open::Map(entries, _), _) => Value::Map(entries),
            (Open::Record(fields, _), _) => Value::Record(fields),
            (Open::Ok, Some(last)) => Value::Result(Ok(last)),
            (Open::Err, Some(last)) => Value::Result(Err(last)),
            (Open::Case(name), last) => Value::Variant(name, last),
            (_, last) => Value::Option(last),
        }
    }
}
