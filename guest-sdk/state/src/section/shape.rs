//! The types of a program as constants, from which the section's entries are made.

use crate::schema::{Number, Style};

/// A type in use, as a constant.
#[allow(missing_docs, reason = "as `Type`, which it becomes")]
pub enum Shape {
    Bool,
    Number(Number),
    Char,
    String,
    List(&'static Shape),
    Array(&'static Shape, u32),
    Set(&'static Shape),
    Map(&'static Shape, &'static Shape),
    Option(&'static Shape),
    Result(&'static Shape, &'static Shape),
    Tuple(&'static [&'static Shape]),
    /// A type with an entry of its own.
    Named(u128),
    /// A type written out in place, with its arguments, which distinguish it from others of its
    /// name.
    Inline(&'static Def, &'static [&'static Shape]),
    /// A type that a constant cannot describe.
    Opaque,
}

/// A named type, as a constant.
#[allow(missing_docs, reason = "as `TypeDef`, which it becomes")]
pub struct Def {
    pub id: u128,
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub version: u32,
    pub hooks: &'static [HookDef],
    pub kind: KindDef,
}

/// The kind of a named type, as a constant.
#[allow(missing_docs, reason = "as `Kind`, which it becomes")]
pub enum KindDef {
    Record { fields: FieldsDef, flat: bool },
    Variant(&'static [CaseDef]),
}

/// A case, as a constant.
#[allow(missing_docs, reason = "as `Case`, which it becomes")]
pub struct CaseDef {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub fields: FieldsDef,
}

/// Fields, as a constant.
#[allow(missing_docs, reason = "as `Fields`, which it becomes")]
pub struct FieldsDef {
    pub style: Style,
    pub list: &'static [FieldDef],
    pub skipped: &'static [&'static str],
}

/// A field, as a constant.
#[allow(missing_docs, reason = "as `Field`, which it becomes")]
pub struct FieldDef {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub shape: &'static Shape,
    pub default: bool,
    pub default_text: Option<&'static str>,
}

/// A hook, as a constant. `wants` is a record whose fields the hook wants.
#[allow(missing_docs, reason = "as `Hook`, which it becomes")]
pub struct HookDef {
    pub from: u32,
    pub replaces: bool,
    pub wants: Option<&'static Shape>,
}

/// Returns a field with `Default` and without aliases.
pub(crate) const fn plain_field(name: &'static str, shape: &'static Shape) -> FieldDef {
    FieldDef {
        name,
        aliases: &[],
        shape,
        default: true,
        default_text: None,
    }
}
