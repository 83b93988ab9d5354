//! Links the entries of a section of version 1, in which each type has an entry of its own, into a
//! schema. The bytes are untrusted.

use crate::cursor::{CodecError, Cursor};
use crate::schema::{
    Case, DefaultText, Field, Fields, Hook, Kind, MAX_NESTING, MAX_SCHEMA_BYTES, Number, Schema,
    SchemaError, Style, Type, TypeDef,
};
use std::collections::HashMap;

const VERSION: u8 = 1;

/// Returns the schema, or `None` when an entry has an opaque type.
pub(super) fn link(bytes: &[u8]) -> Result<Option<Schema>, SchemaError> {
    let mut linker = Linker {
        bodies: HashMap::new(),
        ids: HashMap::new(),
        types: Vec::new(),
        opaque: false,
        work: 0,
    };
    let root = entries(bytes, &mut linker.bodies).map_err(error)?;
    let Some(root) = root else {
        return Err(SchemaError::new("the section marks no root"));
    };
    let root = linker.shape(&mut Cursor::inline(root), 0).map_err(error)?;
    if linker.opaque {
        return Ok(None);
    }
    Schema::new(root, linker.types.into_iter().flatten().collect()).map(Some)
}

fn error(error: CodecError) -> SchemaError {
    SchemaError::new(error.to_string())
}

/// Sorts entries into types by id, and the root.
fn entries<'a>(
    bytes: &'a [u8],
    bodies: &mut HashMap<u128, &'a [u8]>,
) -> Result<Option<&'a [u8]>, CodecError> {
    let mut from = Cursor::inline(bytes);
    let mut root = None;
    while from.left() > 0 {
        let entry = from.slice()?;
        match entry {
            [VERSION, 0, shape @ ..] if root.is_none() => root = Some(shape),
            [VERSION, 0, ..] => return Err(CodecError::new("the section marks two roots")),
            [VERSION, 1, body @ ..] => {
                let id = Cursor::inline(body).take(16)?;
                bodies.insert(
                    u128::from_le_bytes(id.try_into().expect("sixteen bytes")),
                    body,
                );
            }
            _ => {
                return Err(CodecError::new(
                    "the section has an entry of an unknown version",
                ));
            }
        }
    }
    Ok(root)
}

/// Numbers types in the order in which the root reaches them, as the guest's own `schema` does.
struct Linker<'a> {
    bodies: HashMap<u128, &'a [u8]>,
    ids: HashMap<Vec<u8>, u32>,
    types: Vec<Option<TypeDef>>,
    opaque: bool,
    work: usize,
}

impl Linker<'_> {
    /// Charges work. Types that contain others are read several times, with all of their texts.
    fn charge(&mut self, work: usize) -> Result<(), CodecError> {
        self.work = self.work.saturating_add(work);
        if self.work > MAX_SCHEMA_BYTES {
            return Err(CodecError::new("the section's types are nested too deep"));
        }
        Ok(())
    }

    fn text(&mut self, from: &mut Cursor<'_>) -> Result<String, CodecError> {
        let text = from.text()?;
        self.charge(text.len())?;
        Ok(text)
    }

    fn shape(&mut self, from: &mut Cursor<'_>, depth: usize) -> Result<Type, CodecError> {
        self.charge(1)?;
        if depth > 4 * MAX_NESTING {
            return Err(CodecError::new("the section's types are nested too deep"));
        }
        let depth = depth + 1;
        let tag = from.take(1)?[0];
        let boxed =
            |linker: &mut Self, from: &mut Cursor<'_>| linker.shape(from, depth).map(Box::new);
        Ok(match tag {
            0..=9 => Type::Number(Number::ALL[usize::from(tag)]),
            10 => Type::Bool,
            11 => Type::Char,
            12 => Type::String,
            13 => Type::List(boxed(self, from)?),
            14 => {
                let count = from.word()?;
                Type::Array(boxed(self, from)?, count)
            }
            15 => Type::Set(boxed(self, from)?),
            16 => Type::Map(boxed(self, from)?, boxed(self, from)?),
            17 => Type::Option(boxed(self, from)?),
            18 => Type::Result(boxed(self, from)?, boxed(self, from)?),
            19 => Type::Tuple(self.list(from, |linker, from| linker.shape(from, depth))?),
            20 => {
                let id = from.take(16)?;
                let known = u128::from_le_bytes(id.try_into().expect("sixteen bytes"));
                match self.bodies.get(&known).copied() {
                    Some(body) => self.named(id.to_vec(), &mut Cursor::inline(body), depth)?,
                    None => self.opaque(),
                }
            }
            21 => {
                let (bytes, start) = (from.tree, from.at);
                // The arguments only distinguish types, so they are passed over.
                let mut aside = Linker {
                    ids: HashMap::new(),
                    types: Vec::new(),
                    bodies: HashMap::new(),
                    ..*self
                };
                let mut end = from.clone();
                aside.list(&mut end, |linker, from| linker.shape(from, depth))?;
                self.work = aside.work;
                *from = end;
                let mut end = from.clone();
                aside.def(&mut end, depth)?;
                self.work = aside.work;
                self.charge(end.at - start)?;
                let ty = self.named(bytes[start..end.at].to_vec(), from, depth)?;
                *from = end;
                ty
            }
            22 => self.opaque(),
            other => return Err(CodecError::new(format!("the section has no type {other}"))),
        })
    }

    fn opaque(&mut self) -> Type {
        self.opaque = true;
        Type::Tuple(Vec::new())
    }

    fn named(
        &mut self,
        key: Vec<u8>,
        body: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<Type, CodecError> {
        let next = self.types.len() as u32;
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.types.push(None);
            let def = self.def(body, depth)?;
            self.types[id as usize] = Some(def);
        }
        Ok(Type::Named(id))
    }

    fn def(&mut self, from: &mut Cursor<'_>, depth: usize) -> Result<TypeDef, CodecError> {
        from.take(16)?;
        let (name, aliases, version) = (self.text(from)?, self.texts(from)?, from.word()?);
        // Wanted fields of hooks come before the fields here, but their types are numbered after
        // them.
        let hooks = self.list(from, |linker, from| {
            let (from_version, replaces) = (from.word()?, from.flag()?);
            let wants = if from.flag()? {
                Some(from.clone())
            } else {
                None
            };
            if wants.is_some() {
                let mut aside = Linker {
                    ids: HashMap::new(),
                    types: Vec::new(),
                    bodies: HashMap::new(),
                    opaque: false,
                    work: linker.work,
                };
                aside.shape(from, depth)?;
                linker.work = aside.work;
            }
            Ok((from_version, replaces, wants))
        })?;
        let kind = match from.take(1)?[0] {
            flat @ (0 | 1) => Kind::Record {
                fields: self.fields(from, depth)?,
                flat: flat == 1,
            },
            2 => Kind::Variant(self.list(from, |linker, from| {
                Ok(Case {
                    name: linker.text(from)?,
                    aliases: linker.texts(from)?,
                    fields: linker.fields(from, depth)?,
                })
            })?),
            other => return Err(CodecError::new(format!("the section has no kind {other}"))),
        };
        let hooks = hooks
            .into_iter()
            .map(|(from, replaces, wants)| {
                Ok(Hook {
                    from,
                    replaces,
                    wants: self.wants(wants, depth)?,
                })
            })
            .collect::<Result<_, CodecError>>()?;
        Ok(TypeDef {
            name,
            aliases,
            version,
            hooks,
            kind,
        })
    }

    fn wants(
        &mut self,
        shape: Option<Cursor<'_>>,
        depth: usize,
    ) -> Result<Vec<(String, Type)>, CodecError> {
        let Some(mut shape) = shape else {
            return Ok(Vec::new());
        };
        let Type::Named(id) = self.shape(&mut shape, depth)? else {
            return Ok(Vec::new());
        };
        let def = self.types[id as usize].as_ref();
        let fields = def
            .and_then(|def| def.kind.record())
            .into_iter()
            .flat_map(|fields| &fields.list);
        Ok(fields
            .map(|field| (field.name.clone(), field.ty.clone()))
            .collect())
    }

    fn fields(&mut self, from: &mut Cursor<'_>, depth: usize) -> Result<Fields, CodecError> {
        let style = match from.take(1)?[0] {
            0 => Style::Unit,
            1 => Style::Tuple,
            2 => Style::Named,
            other => return Err(CodecError::new(format!("the section has no style {other}"))),
        };
        let list = self.list(from, |linker, from| {
            let (name, aliases, ty) = (
                linker.text(from)?,
                linker.texts(from)?,
                linker.shape(from, depth)?,
            );
            let default = match from.take(1)?[0] {
                0 => None,
                1 => Some(DefaultText(None)),
                _ => Some(DefaultText(Some(linker.text(from)?))),
            };
            Ok(Field {
                name,
                aliases,
                ty,
                default,
            })
        })?;
        Ok(Fields {
            style,
            list,
            skipped: self.texts(from)?,
        })
    }

    fn texts(&mut self, from: &mut Cursor<'_>) -> Result<Vec<String>, CodecError> {
        self.list(from, |linker, from| linker.text(from))
    }

    fn list<'c, T>(
        &mut self,
        from: &mut Cursor<'c>,
        mut each: impl FnMut(&mut Self, &mut Cursor<'c>) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        (0..from.count(1)?).map(|_| each(self, from)).collect()
    }
}
