//! Schemas as WIT text, for people.

use super::model::Schema;
use super::types::{Case, Field, Fields, Kind, Style, Type, TypeDef};
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

    /// Returns a type as WIT writes it, with the plain names of named types.
    pub fn type_name(&self, ty: &Type) -> String {
        text(ty, &|id| &self.get(id).name)
    }

    /// Returns one kebab-case name for each type. A number distinguishes types that share a name.
    fn wit_names(&self) -> Vec<String> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let number = |def: &TypeDef| {
            let name = kebab(&def.name);
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
        text(ty, &|id| &names[id as usize])
    }
}

fn text<'n>(ty: &Type, name: &dyn Fn(u32) -> &'n str) -> String {
    let text = |ty: &Type| text(ty, name);
    match ty {
        Type::Bool => "bool".into(),
        Type::Number(number) => number.name().into(),
        Type::Char => "char".into(),
        Type::String => "string".into(),
        Type::List(item) => format!("list<{}>", text(item)),
        Type::Array(item, count) => format!("list<{}, {count}>", text(item)),
        Type::Set(item) => format!("set<{}>", text(item)),
        Type::Map(key, value) => format!("map<{}, {}>", text(key), text(value)),
        Type::Option(item) => format!("option<{}>", text(item)),
        Type::Result(ok, err) => format!("result<{}, {}>", text(ok), text(err)),
        Type::Tuple(items) => format!(
            "tuple<{}>",
            items.iter().map(text).collect::<Vec<_>>().join(", ")
        ),
        Type::Named(id) => name(*id).to_owned(),
    }
}

fn lines(fields: &[Field], text: &dyn Fn(&Type) -> String) -> String {
    fields
        .iter()
        .map(|field| format!("    {}: {},\n", kebab(&field.name), text(&field.ty)))
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
        let name = kebab(&case.name);
        match (case.fields.style, case.fields.list.as_slice()) {
            (_, []) => format!("    {name},\n"),
            (Style::Tuple, [one]) => format!("    {name}({}),\n", text(&one.ty)),
            (Style::Named, list) => {
                let fields: Vec<_> = list
                    .iter()
                    .map(|field| format!("{}: {}", kebab(&field.name), text(&field.ty)))
                    .collect();
                format!("    {name}(record {{ {} }}),\n", fields.join(", "))
            }
            _ => format!("    {name}({}),\n", tuple(&case.fields, text)),
        }
    };
    cases.iter().map(line).collect()
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
