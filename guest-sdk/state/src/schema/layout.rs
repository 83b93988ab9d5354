//! The size of a type in a parcel, and the checks that make it computable.
//!
//! Schemas may be untrusted. A type that contains itself, nests without end or claims to be huge is
//! an error here, so later code need not check for it.

use super::error::SchemaError;
use super::types::{Fields, Kind, Type, TypeDef};
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
    height: u16,
}

impl Layout {
    const fn sized(min: u32, fixed: bool) -> Layout {
        Layout {
            min,
            fixed,
            width: 0,
            height: 0,
        }
    }

    const fn flat(size: u32) -> Layout {
        Layout {
            min: size,
            fixed: true,
            width: size as u8,
            height: 0,
        }
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
        for hook in &def.hooks {
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
                            def.name,
                            cases.len()
                        )));
                    }
                    if cases.iter().any(|case| !case.fields.list.is_empty()) {
                        return Err(SchemaError::new(format!(
                            "a flag of {} has fields",
                            def.name
                        )));
                    }
                }
                cases.iter().try_for_each(|case| {
                    self.fields(&format!("{}.{}", def.name, case.name), &case.fields)
                })
            }
        }
    }

    fn fields(&self, owner: &str, fields: &Fields) -> Result<(), SchemaError> {
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
                    def.name
                )));
            }
            Visit::New if depth < MAX_NESTING => {}
            _ => {
                return Err(SchemaError::new(format!(
                    "{} is nested deeper than {MAX_NESTING} levels",
                    def.name
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
                        def.name
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
            layout
        }
        Type::Tuple(items) => Layout {
            width: 0,
            ..sum(items.iter(), named)?
        },
        Type::Named(id) => named(*id)?,
    })
}

/// Adds the layouts of consecutive types. The sum is flat when all of them are.
fn sum<'t>(
    types: impl Iterator<Item = &'t Type>,
    named: &mut dyn FnMut(u32) -> Result<Layout, SchemaError>,
) -> Result<Layout, SchemaError> {
    let mut sum = Layout {
        fixed: true,
        ..Layout::default()
    };
    let mut flat = true;
    for ty in types {
        let next = layout(ty, named)?;
        sum.min = sum.min.checked_add(next.min).ok_or_else(too_large)?;
        sum.fixed &= next.fixed;
        // There must be no padding, so each field has to begin at a multiple of its alignment.
        flat &= next.width > 0 && (sum.min - next.min).is_multiple_of(u32::from(next.width));
        sum.width = sum.width.max(next.width);
        sum.height = sum.height.max(next.height);
    }
    flat &= sum.width > 0 && sum.min.is_multiple_of(u32::from(sum.width));
    sum.width *= u8::from(flat);
    Ok(sum)
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
                "{owner} has the {what} {name} twice"
            )));
        }
    }
    Ok(())
}

fn too_large() -> SchemaError {
    SchemaError::new("a value would be larger than 4 GiB")
}
