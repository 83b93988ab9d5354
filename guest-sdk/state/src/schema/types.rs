//! The types that a schema is made of, as data.

use std::fmt;

/// A type in use: a built-in type, or a named one by its index in
/// [`Schema::types`](crate::Schema::types).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`, one byte, 0 or 1.
    Bool,
    /// An integer or a float, little endian.
    Number(Number),
    /// A Unicode scalar value, four bytes.
    Char,
    /// UTF-8 text.
    String,
    /// Any number of items.
    List(Box<Type>),
    /// A fixed number of items.
    Array(Box<Type>, u32),
    /// Distinct items, in no meaningful order.
    Set(Box<Type>),
    /// Values under distinct keys.
    Map(Box<Type>, Box<Type>),
    /// A value or nothing.
    Option(Box<Type>),
    /// A value or an error.
    Result(Box<Type>, Box<Type>),
    /// Unnamed fields. The empty tuple is `()`.
    Tuple(Vec<Type>),
    /// The type with this index in [`Schema::types`](crate::Schema::types).
    Named(u32),
}

/// A type of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(
    missing_docs,
    reason = "the names are WIT's and say all there is to say"
)]
pub enum Number {
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F32,
    F64,
}

/// A named type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDef {
    /// Plain identifier, by which an old type and a new one are matched.
    pub name: String,
    /// Names that the type had before.
    pub aliases: Vec<String>,
    /// Version that the author declared, 0 when none.
    pub version: u32,
    /// Hooks of the guest, each from an older version.
    pub hooks: Vec<Hook>,
    /// Kind of the type.
    pub kind: Kind,
}

/// The kind of a named type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value has all fields.
    Record {
        /// The fields.
        fields: Fields,
        /// True for a flat record: fixed size, no padding, every bit pattern a value. Its lists are
        /// raw words in memory.
        flat: bool,
    },
    /// A value is one of the cases. WIT calls it an enum when no case has fields.
    Variant(Vec<Case>),
    /// A value is a set of these names, at most 64, one bit each.
    Flags(Vec<Case>),
}

/// A case of a variant, or a flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Name of the case.
    pub name: String,
    /// Names that the case had before.
    pub aliases: Vec<String>,
    /// Fields of the case.
    pub fields: Fields,
}

/// The fields of a record or of a variant's case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Style of the fields in the source. It matters to printing only.
    pub style: Style,
    /// Fields in order of declaration.
    pub list: Vec<Field>,
    /// Names of fields that `#[state(skip)]` leaves out of the state.
    pub skipped: Vec<String>,
}

/// The style in which fields are declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// No fields at all.
    #[default]
    Unit,
    /// Fields by position. The names are "0", "1" and so on.
    Tuple,
    /// Fields by name.
    Named,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the field.
    pub name: String,
    /// Names that the field had before.
    pub aliases: Vec<String>,
    /// Type of the field.
    pub ty: Type,
    /// Default for a state that lacks the field. `None` when the field has no default.
    pub default: Option<DefaultText>,
}

/// A default, with its spelling in the source if it has one.
///
/// The value itself comes from the guest's `defaults` export, since `Default` is not `const`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultText(pub Option<String>);

/// A hook that the guest declares for a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Version that the hook converts from.
    pub from: u32,
    /// True when the hook makes the new value from the whole old one. Otherwise it completes the
    /// value that the automatic part has made.
    pub replaces: bool,
    /// Old fields that the hook wants, by name and type. The host checks them before it runs.
    pub wants: Vec<(String, Type)>,
}

impl TypeDef {
    /// Returns the hook that makes a value from a whole old one of that version.
    pub(crate) fn replacing(&self, version: u32) -> Option<&Hook> {
        self.hooks
            .iter()
            .find(|hook| hook.replaces && hook.from == version && version != self.version)
    }

    /// Returns the hooks that lead from that version to the current one, in order.
    pub(crate) fn steps(&self, version: u32) -> impl Iterator<Item = &Hook> {
        let missing =
            move |hook: &&Hook| !hook.replaces && hook.from >= version && hook.from < self.version;
        self.hooks.iter().filter(missing)
    }
}

impl Number {
    /// All number types.
    pub const ALL: [Number; 10] = [
        Number::U8,
        Number::U16,
        Number::U32,
        Number::U64,
        Number::S8,
        Number::S16,
        Number::S32,
        Number::S64,
        Number::F32,
        Number::F64,
    ];

    /// Returns the size in bytes, which is also the alignment.
    pub const fn size(self) -> usize {
        match self {
            Number::U8 | Number::S8 => 1,
            Number::U16 | Number::S16 => 2,
            Number::U32 | Number::S32 | Number::F32 => 4,
            Number::U64 | Number::S64 | Number::F64 => 8,
        }
    }

    /// Returns WIT's name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Number::U8 => "u8",
            Number::U16 => "u16",
            Number::U32 => "u32",
            Number::U64 => "u64",
            Number::S8 => "s8",
            Number::S16 => "s16",
            Number::S32 => "s32",
            Number::S64 => "s64",
            Number::F32 => "f32",
            Number::F64 => "f64",
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Kind {
    /// Returns the fields of a record.
    pub fn record(&self) -> Option<&Fields> {
        match self {
            Kind::Record { fields, .. } => Some(fields),
            _ => None,
        }
    }
}
