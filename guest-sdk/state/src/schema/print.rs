//! Schemas as WIT text, for people.

use super::model::Schema;
use super::types::{Case, Field, Fields, Kind, Style, Type, TypeDef};
use crate::escape::{MOST_OF_NAME, escaped};
use std::collections::HashMap;
use std::fmt::Write;

impl Schema {
    /// Returns the schema as WIT.
    ///
    /// Sets and fixed-size arrays, which not every version of WIT has, are written `set<…>` and
    /// `list<…, n>`.
    pub fn to_wit(&self) -> String {
        let names = self.wit_names();
        let mut out = String::new();
        for (def, name) in self.types().iter().zip(&names) {
            let text = |ty: &Type| self.wit_type(ty, &names);
            let _ = match &def.kind {
                Kind::Record { fields, flat } => {
                    if *flat {
                        out.push_str("/// flat\n");
                    }
                    match fields.style {
                        Style::Named => {
                            writeln!(out, "record {name} {{\n{}}}\n", lines(&fields.list, &text))
                        }
                        _ => writeln!(out, "type {name} = {};\n", tuple(fields, &text)),
                    }
                }
                Kind::Variant(cases) if cases.iter().all(|case| case.fields.list.is_empty()) => {
                    writeln!(out, "enum {name} {{\n{}}}\n", cases_of(cases, &text))
                }
                Kind::Variant(cases) => {
                    writeln!(out, "variant {name} {{\n{}}}\n", cases_of(cases, &text))
                }
                Kind::Flags(cases) => {
                    writeln!(out, "flags {name} {{\n{}}}\n", cases_of(cases, &text))
                }
            };
        }
        let _ = writeln!(out, "type state = {};", self.wit_type(self.root(), &names));
        out
    }

    /// Returns a type as WIT writes it, with the plain names of named types. Names are escaped, and a
    /// long text is cut.
    pub fn type_name(&self, ty: &Type) -> String {
        let mut out = TypeText::default();
        out.ty(ty, &|id| &self.get(id).name);
        out.finish()
    }

    /// Returns one kebab-case name for each type. A number distinguishes types that share a name.
    fn wit_names(&self) -> Vec<String> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let number = |def: &TypeDef| {
            let name = word(&def.name);
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 {
                name
            } else {
                format!("{name}-x{count}")
            }
        };
        self.types().iter().map(number).collect()
    }

    fn wit_type(&self, ty: &Type, names: &[String]) -> String {
        let mut out = TypeText::default();
        out.ty(ty, &|id| &names[id as usize]);
        out.finish()
    }
}

/// Characters of a type. A longer one is cut.
const MOST_OF_TYPE: usize = 1000;

/// The text of a type, which ends soon after its bound.
#[derive(Default)]
struct TypeText(String);

impl TypeText {
    fn finish(self) -> String {
        match self.0.char_indices().nth(MOST_OF_TYPE) {
            Some((end, _)) => format!("{}…", &self.0[..end]),
            None => self.0,
        }
    }

    fn ty<'n>(&mut self, ty: &Type, name: &dyn Fn(u32) -> &'n str) {
        if self.0.len() > 4 * MOST_OF_TYPE {
            return;
        }
        let (word, parts): (&str, &[&Type]) = match ty {
            Type::Bool => ("bool", &[]),
            Type::Number(number) => (number.name(), &[]),
            Type::Char => ("char", &[]),
            Type::String => ("string", &[]),
            Type::List(item) | Type::Array(item, _) => ("list", &[item]),
            Type::Set(item) => ("set", &[item]),
            Type::Map(key, value) => ("map", &[key, value]),
            Type::Option(item) => ("option", &[item]),
            Type::Result(ok, err) => ("result", &[ok, err]),
            Type::Tuple(items) => {
                self.0.push_str("tuple<");
                for (index, item) in items.iter().take(MOST_OF_TYPE).enumerate() {
                    self.separate(index);
                    self.ty(item, name);
                }
                self.0.push('>');
                return;
            }
            Type::Named(id) => {
                let _ = write!(self.0, "{}", escaped(name(*id), MOST_OF_NAME));
                return;
            }
        };
        self.0.push_str(word);
        if parts.is_empty() {
            return;
        }
        self.0.push('<');
        for (index, part) in parts.iter().enumerate() {
            self.separate(index);
            self.ty(part, name);
        }
        if let Type::Array(_, count) = ty {
            let _ = write!(self.0, ", {count}");
        }
        self.0.push('>');
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.0.push_str(", ");
        }
    }
}

fn lines(fields: &[Field], text: &dyn Fn(&Type) -> String) -> String {
    fields
        .iter()
        .map(|field| format!("    {}: {},\n", word(&field.name), text(&field.ty)))
        .collect()
}

fn tuple(fields: &Fields, text: &dyn Fn(&Type) -> String) -> String {
    format!(
        "tuple<{}>",
        fields
            .list
            .iter()
            .map(|field| text(&field.ty))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn cases_of(cases: &[Case], text: &dyn Fn(&Type) -> String) -> String {
    let line = |case: &Case| {
        let name = word(&case.name);
        match (case.fields.style, case.fields.list.as_slice()) {
            (_, []) => format!("    {name},\n"),
            (Style::Tuple, [one]) => format!("    {name}({}),\n", text(&one.ty)),
            (Style::Named, list) => {
                let fields: Vec<_> = list
                    .iter()
                    .map(|field| format!("{}: {}", word(&field.name), text(&field.ty)))
                    .collect();
                format!("    {name}(record {{ {} }}),\n", fields.join(", "))
            }
            _ => format!("    {name}({}),\n", tuple(&case.fields, text)),
        }
    };
    cases.iter().map(line).collect()
}

/// Returns a name as WIT writes it, escaped and cut.
fn word(name: &str) -> String {
    escaped(&kebab(name), MOST_OF_NAME).to_string()
}

/// Converts `ShapeKind` and `shape_kind` to `shape-kind`.
pub(crate) fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c == '_' {
            if !out.is_empty() {
                out.push('-');
            }
            lower = false;
            continue;
        }
        if c.is_uppercase() && lower {
            out.push('-');
        }
        lower = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}
