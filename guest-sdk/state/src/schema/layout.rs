//! The size of a type in a parcel, and the checks that make it computable.
//!
//! Schemas may be untrusted. A type that contains itself, nests without end or claims to be huge is
//! an error here, so later code need not check for it.

use super::error::SchemaError;
use super::types::{Fields, Kind, Type, TypeDef};
use crate::bounds::{MAX_EMPTY_ITEMS, MAX_NAME, VALUES_PER_BYTE};
use crate::escape::{MOST_OF_NAME, escaped};
use std::collections::BTreeSet;

/// Deepest nesting by value, and of unnamed types.
pub(crate) const MAX_NESTING: usize = 128;

/// The layout of a type in a parcel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Smallest size of a value in the tree, in bytes.
    pub min: u32,
    /// True when every value has exactly that size.
    pub fixed: bool,
    /// Width of a word of its segments (1, 2, 4 or 8) for a flat type, otherwise 0.
    pub width: u8,
    /// True when every bit pattern of that size is a value.
    pub(crate) is_plain: bool,
    /// Number of types that are looked at to find this layout.
    pub(crate) parts: u32,
    /// Number of values in the smallest value.
    values: u64,
    height: u16,
}

impl Layout {
    const fn sized(min: u32, fixed: bool) -> Layout {
        Layout {
            min,
            fixed,
            width: 0,
            is_plain: false,
            parts: 1,
            values: 1,
            height: 0,
        }
    }

    const fn flat(size: u32) -> Layout {
        Layout {
            min: size,
            fixed: true,
            width: size as u8,
            is_plain: true,
            parts: 1,
            values: 1,
            height: 0,
        }
    }

    /// Returns the number of values beyond those that its bytes pay for.
    pub(crate) fn excess(self) -> usize {
        let paid = (self.min as u64).saturating_mul(VALUES_PER_BYTE as u64);
        usize::try_from(self.values.saturating_sub(paid)).unwrap_or(usize::MAX)
    }

    /// Checks that a value does not consist of countless values without bytes.
    fn bounded(self) -> Result<Layout, SchemaError> {
        if self.excess() > MAX_EMPTY_ITEMS {
            return Err(SchemaError::new(format!(
                "a value would have {} values that take no bytes, at most {MAX_EMPTY_ITEMS} may",
                self.values
            )));
        }
        Ok(self)
    }

    /// Returns the size of a fixed type, in bytes.
    pub fn size(self) -> Option<usize> {
        self.fixed.then_some(self.min as usize)
    }

    /// Returns the size and the word width of a flat type, in bytes.
    pub fn as_flat(self) -> Option<(usize, u8)> {
        (self.width > 0).then_some((self.min as usize, self.width))
    }
}

/// Returns the size of a case number, in bytes.
fn tag_size(cases: usize) -> u32 {
    if cases <= 256 { 1 } else { 4 }
}

/// Returns the size of a set of flags, in bytes.
pub(crate) fn flags_size(flags: usize) -> u32 {
    flags.div_ceil(8) as u32
}

/// Returns the layout of a type, given those of all named types.
pub(super) fn of(ty: &Type, named: &[Layout]) -> Layout {
    layout(ty, &mut |id| Ok(named[id as usize]))
        .expect("a schema's types were checked when it was made")
}

/// Checks every rule of a schema, and returns the layout of each named type.
pub(super) fn check(root: &Type, types: &[TypeDef]) -> Result<Vec<Layout>, SchemaError> {
    let mut check = Checker {
        types,
        state: vec![Visit::New; types.len()],
    };
    check.references(root)?;
    for def in types {
        check.definition(def)?;
    }
    for id in 0..types.len() {
        check.named(id as u32, 0)?;
    }
    layout(root, &mut |id| check.named(id, 0))?;
    Ok(check
        .state
        .into_iter()
        .map(|state| match state {
            Visit::Done(layout) => layout,
            _ => unreachable!("every type was visited"),
        })
        .collect())
}

#[derive(Clone, Copy)]
enum Visit {
    New,
    Open,
    Done(Layout),
}

struct Checker<'a> {
    types: &'a [TypeDef],
    state: Vec<Visit>,
}

impl Checker<'_> {
    fn references(&self, ty: &Type) -> Result<(), SchemaError> {
        match ty {
            Type::Named(id) if *id as usize >= self.types.len() => Err(SchemaError::new(format!(
                "type number {id} is not there, there are {}",
                self.types.len()
            ))),
            Type::List(a) | Type::Array(a, _) | Type::Set(a) | Type::Option(a) => {
                self.references(a)
            }
            Type::Map(a, b) | Type::Result(a, b) => {
                self.references(a).and_then(|()| self.references(b))
            }
            Type::Tuple(items) => items.iter().try_for_each(|item| self.references(item)),
            _ => Ok(()),
        }
    }

    fn definition(&self, def: &TypeDef) -> Result<(), SchemaError> {
        names(&def.name, &def.aliases)?;
        for hook in &def.hooks {
            hook.wants
                .iter()
                .try_for_each(|(name, _)| names(name, &[]))?;
            hook.wants
                .iter()
                .try_for_each(|(_, ty)| self.references(ty))?;
        }
        match &def.kind {
            Kind::Record { fields, .. } => self.fields(&def.name, fields),
            Kind::Variant(cases) | Kind::Flags(cases) => {
                distinct(
                    &def.name,
                    "case",
                    cases.iter().map(|case| case.name.as_str()),
                )?;
                if matches!(def.kind, Kind::Flags(_)) {
                    if cases.len() > 64 {
                        return Err(SchemaError::new(format!(
                            "{} has {} flags, at most 64 fit",
                            escaped(&def.name, MOST_OF_NAME),
                            cases.len()
                        )));
                    }
                    if cases.iter().any(|case| !case.fields.list.is_empty()) {
                        return Err(SchemaError::new(format!(
                            "a flag of {} has fields",
                            escaped(&def.name, MOST_OF_NAME)
                        )));
                    }
                }
                cases.iter().try_for_each(|case| {
                    names(&case.name, &case.aliases)?;
                    self.fields(&format!("{}.{}", def.name, case.name), &case.fields)
                })
            }
        }
    }

    fn fields(&self, owner: &str, fields: &Fields) -> Result<(), SchemaError> {
        for field in &fields.list {
            names(&field.name, &field.aliases)?;
        }
        names("", &fields.skipped)?;
        distinct(
            owner,
            "field",
            fields.list.iter().map(|field| field.name.as_str()),
        )?;
        fields
            .list
            .iter()
            .try_for_each(|field| self.references(&field.ty))
    }

    fn named(&mut self, id: u32, depth: usize) -> Result<Layout, SchemaError> {
        let types = self.types;
        let def = &types[id as usize];
        match self.state[id as usize] {
            Visit::Done(layout) if depth + usize::from(layout.height) <= MAX_NESTING => {
                return Ok(layout);
            }
            Visit::Open => {
                return Err(SchemaError::new(format!(
                    "a value of {} would contain itself",
                    escaped(&def.name, MOST_OF_NAME)
                )));
            }
            Visit::New if depth < MAX_NESTING => {}
            _ => {
                return Err(SchemaError::new(format!(
                    "{} is nested deeper than {MAX_NESTING} levels",
                    escaped(&def.name, MOST_OF_NAME)
                )));
            }
        }
        self.state[id as usize] = Visit::Open;
        let mut layout = match &def.kind {
            Kind::Record { fields, flat } => {
                let types = fields.list.iter().map(|field| &field.ty);
                let mut sum = sum(types, &mut |id| self.named(id, depth + 1))?;
                if !flat {
                    sum.width = 0;
                } else if sum.width == 0 {
                    return Err(SchemaError::new(format!(
                        "{} is declared flat, but its fields are not",
                        escaped(&def.name, MOST_OF_NAME)
                    )));
                }
                sum
            }
            // A variant ends recursion, because only its tag is certain to be there.
            Kind::Variant(cases) => Layout::sized(
                tag_size(cases.len()),
                cases.iter().all(|case| case.fields.list.is_empty()),
            ),
            Kind::Flags(flags) => Layout::sized(flags_size(flags.len()), true),
        };
        layout.height += 1;
        self.state[id as usize] = Visit::Done(layout);
        Ok(layout)
    }
}

/// Returns the layout of an unnamed type. `named` answers for the named types inside it.
fn layout(
    ty: &Type,
    named: &mut dyn FnMut(u32) -> Result<Layout, SchemaError>,
) -> Result<Layout, SchemaError> {
    Ok(match ty {
        Type::Bool => Layout::sized(1, true),
        Type::Number(number) => Layout::flat(number.size() as u32),
        Type::Char => Layout::sized(4, true),
        Type::String | Type::List(_) | Type::Set(_) | Type::Map(..) => Layout::sized(4, false),
        Type::Option(_) | Type::Result(..) => Layout::sized(1, false),
        Type::Array(item, count) => {
            let mut layout = layout(item, named)?;
            layout.min = layout.min.checked_mul(*count).ok_or_else(too_large)?;
            if layout.min == 0 {
                layout.width = 0;
            }
            layout.parts += 1;
            layout.values = layout
                .values
                .saturating_mul(u64::from(*count))
                .saturating_add(1);
            layout.bounded()?
        }
        Type::Tuple(items) => Layout {
            width: 0,
            ..sum(items.iter(), named)?
        },
        Type::Named(id) => Layout {
            parts: 1,
            ..named(*id)?
        },
    })
}

/// Adds the layouts of consecutive types. The sum is flat when all of them are.
fn sum<'t>(
    types: impl Iterator<Item = &'t Type>,
    named: &mut dyn FnMut(u32) -> Result<Layout, SchemaError>,
) -> Result<Layout, SchemaError> {
    let mut sum = Layout {
        fixed: true,
        is_plain: true,
        parts: 1,
        values: 1,
        ..Layout::default()
    };
    let mut flat = true;
    for ty in types {
        let next = layout(ty, named)?;
        sum.min = sum.min.checked_add(next.min).ok_or_else(too_large)?;
        sum.fixed &= next.fixed;
        sum.is_plain &= next.is_plain;
        sum.parts = sum.parts.saturating_add(next.parts);
        sum.values = sum.values.saturating_add(next.values);
        // There must be no padding, so each field has to begin at a multiple of its alignment.
        flat &= next.width > 0 && (sum.min - next.min).is_multiple_of(u32::from(next.width));
        sum.width = sum.width.max(next.width);
        sum.height = sum.height.max(next.height);
    }
    flat &= sum.width > 0 && sum.min.is_multiple_of(u32::from(sum.width));
    sum.width *= u8::from(flat);
    sum.bounded()
}

/// Checks the lengths of a name and of its aliases, which walks repeat for each value.
fn names(name: &str, aliases: &[String]) -> Result<(), SchemaError> {
    let mut all = std::iter::once(name).chain(aliases.iter().map(String::as_str));
    match all.find(|name| name.len() > MAX_NAME) {
        Some(long) => Err(SchemaError::new(format!(
            "the name {} is too long, a name may have {MAX_NAME} bytes",
            escaped(long, 40)
        ))),
        None => Ok(()),
    }
}

fn distinct<'n>(
    owner: &str,
    what: &str,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), SchemaError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(SchemaError::new(format!(
                "{} has the {what} {} twice",
                escaped(owner, MOST_OF_NAME),
                escaped(name, MOST_OF_NAME)
            )));
        }
    }
    Ok(())
}

fn too_large() -> SchemaError {
    SchemaError::new("a value would be larger than 4 GiB")
}
