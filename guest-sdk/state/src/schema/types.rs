//! The types that a schema is made of.

use std::fmt;

/// A type in use: a built-in one, or a named one by its place in [`Schema::types`].
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
    /// Exactly so many items.
    Array(Box<Type>, u32),
    /// Items that are all different, in no order that means anything.
    Set(Box<Type>),
    /// Values under keys that are all different.
    Map(Box<Type>, Box<Type>),
    /// A value or nothing.
    Option(Box<Type>),
    /// A value or an error.
    Result(Box<Type>, Box<Type>),
    /// Unnamed fields; the empty tuple is `()`.
    Tuple(Vec<Type>),
    /// The type of this number in [`Schema::types`].
    Named(u32),
}

/// The numbers.
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
    /// The plain identifier, by which an old type and a new one are matched.
    pub name: String,
    /// Names it had before.
    pub aliases: Vec<String>,
    /// The version that its author declared, 0 when none.
    pub version: u32,
    /// The older versions from which a hook in the guest can convert a value.
    pub hooks: Vec<Hook>,
    /// What it is.
    pub kind: Kind,
}

/// What a named type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All of its fields. `flat` says that lists of it lie in memory as raw words.
    Record {
        /// The fields.
        fields: Fields,
        /// Whether it is a flat record: fixed size, no padding, every bit pattern a value.
        flat: bool,
    },
    /// One of its cases. When no case has fields, WIT calls it an enum.
    Variant(Vec<Case>),
    /// Any of these names, at most 64, one bit each.
    Flags(Vec<Case>),
}

/// A case of a variant, or a flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Names it had before.
    pub aliases: Vec<String>,
    /// What it carries.
    pub fields: Fields,
}

/// The fields of a record or of a variant's case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// How the fields are written in the source; it matters to printing only.
    pub style: Style,
    /// The fields in order of declaration.
    pub list: Vec<Field>,
    /// Names of fields that are left out of the state by `#[state(skip)]`.
    pub skipped: Vec<String>,
}

/// How fields are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// No fields at all.
    #[default]
    Unit,
    /// By position; the names are "0", "1" and so on.
    Tuple,
    /// By name.
    Named,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Names it had before.
    pub aliases: Vec<String>,
    /// Its type.
    pub ty: Type,
    /// The value it gets where the old state has none. `None` when it must be given.
    pub default: Option<DefaultText>,
}

/// What the schema says about a default: that there is one, and how the source spells it.
///
/// The value itself comes from the guest's `defaults` export, since `Default` is not `const`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultText(pub Option<String>);

/// A hook that the guest declares for a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The declared version that it converts from.
    pub from: u32,
    /// Whether it makes the new value of all of the old one, instead of mending what the automatic
    /// part has made.
    pub replaces: bool,
    /// The old fields that it wants, by name and type, to be checked before it runs.
    pub wants: Vec<(String, Type)>,
}

impl TypeDef {
    /// The hook that makes a value of this type of all of an old one of that version.
    pub(crate) fn replacing(&self, version: u32) -> Option<&Hook> {
        self.hooks
            .iter()
            .find(|hook| hook.replaces && hook.from == version && version != self.version)
    }

    /// The steps that lead from that version to this type's, in order.
    pub(crate) fn steps(&self, version: u32) -> impl Iterator<Item = &Hook> {
        let missing =
            move |hook: &&Hook| !hook.replaces && hook.from >= version && hook.from < self.version;
        self.hooks.iter().filter(missing)
    }
}

impl Number {
    /// All of them.
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

    /// Its size in bytes, which is its alignment too.
    pub const fn size(self) -> usize {
        match self {
            Number::U8 | Number::S8 => 1,
            Number::U16 | Number::S16 => 2,
            Number::U32 | Number::S32 | Number::F32 => 4,
            Number::U64 | Number::S64 | Number::F64 => 8,
        }
    }

    /// WIT's name for it.
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
    /// The fields of a record.
    pub fn record(&self) -> Option<&Fields> {
        match self {
            Kind::Record { fields, .. } => Some(fields),
            _ => None,
        }
    }
}
