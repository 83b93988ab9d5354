//! The byte format of schemas, as the `schema` export returns it.
//!
//! Version byte, root, number of types, types. Numbers are LEB128, strings a length and UTF-8. Each
//! schema has exactly one encoding, so equal bytes mean equal schemas.

use super::error::SchemaError;
use super::layout::MAX_NESTING;
use super::model::Schema;
use super::types::{Case, DefaultText, Field, Fields, Hook, Kind, Number, Style, Type, TypeDef};
use std::fmt;

/// Largest size of an encoded schema, in bytes. Longer input is refused.
pub const MAX_SCHEMA_BYTES: usize = 4 << 20;
const VERSION: u8 = 1;

/// A stable hash of a schema's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaHash(pub u128);

impl fmt::Display for SchemaHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Schema {
    /// Returns the bytes of the schema.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = SchemaWriter(vec![VERSION]);
        out.ty(self.root());
        out.list(self.types(), SchemaWriter::def);
        out.0
    }

    /// Reads a schema from untrusted bytes.
    ///
    /// # Errors
    /// Returns an error when the bytes are not a schema, or break a rule of [`Schema::new`].
    pub fn decode(bytes: &[u8]) -> Result<Schema, SchemaError> {
        if bytes.len() > MAX_SCHEMA_BYTES {
            return Err(SchemaError::new(format!(
                "{} bytes are too many, at most {MAX_SCHEMA_BYTES}",
                bytes.len()
            )));
        }
        let mut input = SchemaReader { bytes, at: 0 };
        match input.byte()? {
            VERSION => {}
            other => {
                return Err(SchemaError::new(format!(
                    "version {other} is unknown, this build reads version {VERSION}"
                )));
            }
        }
        let root = input.ty(0)?;
        let types = input.list(SchemaReader::def)?;
        if input.at != bytes.len() {
            return Err(input.error("there are bytes after its end"));
        }
        Schema::new(root, types)
    }

    /// Returns the hash of the schema's bytes (FNV-1a, 128 bits).
    pub fn hash(&self) -> SchemaHash {
        let mut hash = 0x6c62272e07bb014262b821756295c58d_u128;
        for byte in self.encode() {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000000001000000000000000000013b);
        }
        SchemaHash(hash)
    }
}

struct SchemaWriter(Vec<u8>);

impl SchemaWriter {
    fn number(&mut self, mut n: u32) {
        while n >= 0x80 {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut SchemaWriter, &T)) {
        self.number(items.len() as u32);
        items.iter().for_each(|item| each(self, item));
    }

    fn texts(&mut self, texts: &[String]) {
        self.list(texts, |out, text| out.text(text));
    }

    fn ty(&mut self, ty: &Type) {
        let tag = match ty {
            Type::Number(number) => *number as u8,
            Type::Bool => 10,
            Type::Char => 11,
            Type::String => 12,
            Type::List(_) => 13,
            Type::Array(..) => 14,
            Type::Set(_) => 15,
            Type::Map(..) => 16,
            Type::Option(_) => 17,
            Type::Result(..) => 18,
            Type::Tuple(_) => 19,
            Type::Named(_) => 20,
        };
        self.0.push(tag);
        match ty {
            Type::Bool | Type::Number(_) | Type::Char | Type::String => {}
            Type::List(a) | Type::Set(a) | Type::Option(a) => self.ty(a),
            Type::Array(a, count) => {
                self.number(*count);
                self.ty(a);
            }
            Type::Map(a, b) | Type::Result(a, b) => {
                self.ty(a);
                self.ty(b);
            }
            Type::Tuple(items) => self.list(items, SchemaWriter::ty),
            Type::Named(id) => self.number(*id),
        }
    }

    fn def(&mut self, def: &TypeDef) {
        self.text(&def.name);
        self.texts(&def.aliases);
        self.number(def.version);
        self.list(&def.hooks, |out, hook| {
            out.number(hook.from);
            out.0.push(u8::from(hook.replaces));
            out.list(&hook.wants, |out, (name, ty)| {
                out.text(name);
                out.ty(ty);
            });
        });
        let case = |out: &mut SchemaWriter, case: &Case| {
            out.text(&case.name);
            out.texts(&case.aliases);
            out.fields(&case.fields);
        };
        match &def.kind {
            Kind::Record { fields, flat } => {
                self.0.push(u8::from(*flat));
                self.fields(fields);
            }
            Kind::Variant(cases) => {
                self.0.push(2);
                self.list(cases, case);
            }
            Kind::Flags(flags) => {
                self.0.push(3);
                self.list(flags, case);
            }
        }
    }

    fn fields(&mut self, fields: &Fields) {
        self.0.push(fields.style as u8);
        self.list(&fields.list, |out, field| {
            out.text(&field.name);
            out.texts(&field.aliases);
            out.ty(&field.ty);
            match &field.default {
                None => out.0.push(0),
                Some(DefaultText(None)) => out.0.push(1),
                Some(DefaultText(Some(text))) => {
                    out.0.push(2);
                    out.text(text);
                }
            }
        });
        self.texts(&fields.skipped);
    }
}

struct SchemaReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl SchemaReader<'_> {
    fn error(&self, message: &str) -> SchemaError {
        SchemaError::new(format!(
            "{message} (byte {} of {})",
            self.at,
            self.bytes.len()
        ))
    }

    fn byte(&mut self) -> Result<u8, SchemaError> {
        let byte = *self
            .bytes
            .get(self.at)
            .ok_or_else(|| self.error("it ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    /// Reads LEB128 in its shortest form only, so that each schema has one encoding.
    fn number(&mut self) -> Result<u32, SchemaError> {
        let mut n = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return u32::try_from(n).map_err(|_| self.error("a number is too large"));
            }
        }
        Err(self.error("a number is not in its shortest form"))
    }

    fn text(&mut self) -> Result<String, SchemaError> {
        let len = self.number()? as usize;
        let rest = &self.bytes[self.at..];
        let bytes = rest
            .get(..len)
            .ok_or_else(|| self.error("a text is longer than what is left"))?;
        self.at += len;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.error("a name is not UTF-8")),
        }
    }

    fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, SchemaError>,
    ) -> Result<Vec<T>, SchemaError> {
        let count = self.number()? as usize;
        // Every item takes at least a byte, so this check bounds the memory.
        if count > self.bytes.len() - self.at {
            return Err(self.error("a list is longer than what is left"));
        }
        (0..count).map(|_| each(self)).collect()
    }

    fn texts(&mut self) -> Result<Vec<String>, SchemaError> {
        self.list(Self::text)
    }

    fn ty(&mut self, depth: usize) -> Result<Type, SchemaError> {
        if depth > MAX_NESTING {
            return Err(self.error("types are nested too deep"));
        }
        let tag = self.byte()?;
        let next = |input: &mut Self| input.ty(depth + 1).map(Box::new);
        Ok(match tag {
            0..=9 => Type::Number(Number::ALL[usize::from(tag)]),
            10 => Type::Bool,
            11 => Type::Char,
            12 => Type::String,
            13 => Type::List(next(self)?),
            14 => {
                let count = self.number()?;
                Type::Array(next(self)?, count)
            }
            15 => Type::Set(next(self)?),
            16 => Type::Map(next(self)?, next(self)?),
            17 => Type::Option(next(self)?),
            18 => Type::Result(next(self)?, next(self)?),
            19 => Type::Tuple(self.list(|input| input.ty(depth + 1))?),
            20 => Type::Named(self.number()?),
            other => return Err(self.error(&format!("there is no type {other}"))),
        })
    }

    fn def(&mut self) -> Result<TypeDef, SchemaError> {
        let name = self.text()?;
        let aliases = self.texts()?;
        let version = self.number()?;
        let hooks = self.list(|input| {
            let from = input.number()?;
            let replaces = match input.byte()? {
                flag @ (0 | 1) => flag == 1,
                other => return Err(input.error(&format!("there is no hook {other}"))),
            };
            let wants = input.list(|input| Ok((input.text()?, input.ty(0)?)))?;
            Ok(Hook {
                from,
                replaces,
                wants,
            })
        })?;
        let case = |input: &mut Self| {
            Ok(Case {
                name: input.text()?,
                aliases: input.texts()?,
                fields: input.fields()?,
            })
        };
        let kind = match self.byte()? {
            flat @ (0 | 1) => Kind::Record {
                fields: self.fields()?,
                flat: flat == 1,
            },
            2 => Kind::Variant(self.list(case)?),
            3 => Kind::Flags(self.list(case)?),
            other => return Err(self.error(&format!("there is no kind {other}"))),
        };
        Ok(TypeDef {
            name,
            aliases,
            version,
            hooks,
            kind,
        })
    }

    fn fields(&mut self) -> Result<Fields, SchemaError> {
        let style = match self.byte()? {
            0 => Style::Unit,
            1 => Style::Tuple,
            2 => Style::Named,
            other => return Err(self.error(&format!("there is no style {other}"))),
        };
        let list = self.list(|input| {
            let name = input.text()?;
            let aliases = input.texts()?;
            let ty = input.ty(0)?;
            let default = match input.byte()? {
                0 => None,
                1 => Some(DefaultText(None)),
                2 => Some(DefaultText(Some(input.text()?))),
                other => return Err(input.error(&format!("there is no default {other}"))),
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
            skipped: self.texts()?,
        })
    }
}
