//! `Value`: a value of any type as a tree.

/// A value of any type.
#[derive(Clone, Debug)]
pub enum Value {
    /// `bool`.
    Bool(bool),
    /// An unsigned integer of any width.
    Unsigned(u64),
    /// A signed integer of any width.
    Signed(i64),
    /// `f32`. Values with the same bits are equal.
    F32(f32),
    /// `f64`. Values with the same bits are equal.
    F64(f64),
    /// `char`.
    Char(char),
    /// `string`.
    String(String),
    /// A list, an array or a set.
    List(Vec<Value>),
    /// A map, in the order in which it was written.
    Map(Vec<(Value, Value)>),
    /// An option.
    Option(Option<Box<Value>>),
    /// A result.
    Result(Result<Box<Value>, Box<Value>>),
    /// A tuple, or a record with fields by position.
    Tuple(Vec<Value>),
    /// A record.
    Record(Vec<(String, Value)>),
    /// A case of a variant, with its content.
    Variant(String, Option<Box<Value>>),
    /// Names of the set flags.
    Flags(Vec<String>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        use Value::*;
        match (self, other) {
            (Bool(a), Bool(b)) => a == b,
            (Unsigned(a), Unsigned(b)) => a == b,
            (Signed(a), Signed(b)) => a == b,
            (F32(a), F32(b)) => a.to_bits() == b.to_bits(),
            (F64(a), F64(b)) => a.to_bits() == b.to_bits(),
            (Char(a), Char(b)) => a == b,
            (String(a), String(b)) => a == b,
            (List(a), List(b)) | (Tuple(a), Tuple(b)) => a == b,
            (Map(a), Map(b)) => a == b,
            (Option(a), Option(b)) => a == b,
            (Result(a), Result(b)) => a == b,
            (Record(a), Record(b)) => a == b,
            (Variant(a, x), Variant(b, y)) => a == b && x == y,
            (Flags(a), Flags(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Value {
    /// Returns a field by name, or an item of a tuple by position. A case gives a field of its
    /// content.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Record(fields) => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value),
            Value::Tuple(items) => items.get(name.parse::<usize>().ok()?),
            Value::Variant(_, Some(fields)) => fields.get(name),
            _ => None,
        }
    }
}
