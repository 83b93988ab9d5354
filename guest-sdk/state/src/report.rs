//! The report for an author whose change needs a migration. Knows schemas only, no values.
//!
//! The report shows both types side by side, and a hook that compiles when it is pasted into the
//! guest.

use crate::compare::{Change, ChangeKind, NeedsMigration};
use crate::schema::{Field, Fields, Kind, Number, Schema, Type, TypeDef};
use std::fmt::Write;

/// Returns the full report on changes that need a migration.
pub fn explain(old: &Schema, new: &Schema, needs: &NeedsMigration) -> String {
    let mut out = String::from("the state needs a migration\n");
    let mut seen = Vec::new();
    for change in &needs.changes {
        let name = change
            .path
            .split(['.', '[', '{'])
            .next()
            .unwrap_or_default();
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let of_type = |other: &&Change| other.path.split(['.', '[', '{']).next() == Some(name);
        let changes: Vec<&Change> = needs.changes.iter().filter(of_type).collect();
        out.push('\n');
        for change in &changes {
            let _ = writeln!(out, "{change}");
        }
        if let Some((was, is)) = pair(old, new, name) {
            out.push('\n');
            side_by_side(&mut out, &lines(old, was), &lines(new, is));
            out.push('\n');
            advice(&mut out, old, was, is, &changes);
        }
    }
    out
}

/// Finds the old and the new type for a name of the new version.
fn pair<'s>(old: &'s Schema, new: &'s Schema, name: &str) -> Option<(&'s TypeDef, &'s TypeDef)> {
    let root = |schema: &'s Schema| match schema.root() {
        Type::Named(id) => Some(schema.get(*id)),
        _ => None,
    };
    if name == "state" {
        return Some((root(old)?, root(new)?));
    }
    let is = new.types().iter().find(|def| def.name == name)?;
    let was = old
        .types()
        .iter()
        .find(|def| def.name == name || is.aliases.contains(&def.name))?;
    Some((was, is))
}

fn lines(schema: &Schema, def: &TypeDef) -> Vec<String> {
    let field = |indent: &str, fields: &Fields| -> Vec<String> {
        let line =
            |field: &Field| format!("{indent}{}: {},", field.name, schema.type_name(&field.ty));
        fields.list.iter().map(line).collect()
    };
    let version = if def.version > 0 {
        format!(" (version {})", def.version)
    } else {
        String::new()
    };
    let mut out = vec![format!("{}{version} {{", def.name)];
    match &def.kind {
        Kind::Record { fields, .. } => out.extend(field("    ", fields)),
        Kind::Variant(cases) | Kind::Flags(cases) => {
            for case in cases {
                let fields: Vec<String> = field("", &case.fields);
                let inner = fields.join(" ").trim_end_matches(',').to_owned();
                out.push(if inner.is_empty() {
                    format!("    {},", case.name)
                } else {
                    format!("    {} {{ {inner} }},", case.name)
                });
            }
        }
    }
    out.push("}".into());
    out
}

fn side_by_side(out: &mut String, left: &[String], right: &[String]) {
    let width = left
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0)
        .max("running".len());
    let _ = writeln!(out, "  {:width$}   new", "running");
    for index in 0..left.len().max(right.len()) {
        let at = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
        let (a, b) = (at(left), at(right));
        // Lines that the other side lacks are marked.
        let news = |line: &String, other: &[String]| !line.is_empty() && !other.contains(line);
        let mark = if news(&a, right) || news(&b, left) {
            '|'
        } else {
            ' '
        };
        let _ = writeln!(out, "  {a:width$} {mark} {b}");
    }
}

/// Writes the advice: a default for a field that lacks one, and a hook for a field whose type
/// changed.
fn advice(out: &mut String, old: &Schema, was: &TypeDef, is: &TypeDef, changes: &[&Change]) {
    let missing =
        |change: &&&Change| matches!(change.kind, ChangeKind::Added { default: None, .. });
    for change in changes.iter().filter(missing) {
        let field = change.path.rsplit('.').next().unwrap_or_default();
        let _ = writeln!(
            out,
            "give {field} of {} a default: `#[state(default = …)]`",
            is.name
        );
    }
    let wrong: Vec<&str> = changes
        .iter()
        .filter(|change| matches!(change.kind, ChangeKind::Incompatible { .. }))
        .filter_map(|change| change.path.strip_prefix(&format!("{}.", is.name)))
        .map(|path| path.split(['.', '[', '{']).next().unwrap_or_default())
        .collect();
    let whole = changes
        .iter()
        .any(|change| change.path == is.name || change.path == "state");
    if wrong.is_empty() && !whole {
        return;
    }
    let (from, to) = (was.version, is.version.max(was.version + 1));
    let replaces = whole || was.kind.record().is_none() || is.kind.record().is_none();
    let (word, function) = if replaces {
        ("replace", format!("from_v{from}"))
    } else {
        ("migrate", format!("migrate_v{from}"))
    };
    let name = &is.name;
    let _ = writeln!(out, "or write a migration: add this to {name},\n");
    let _ = writeln!(
        out,
        "    #[state(version = {to}, {word}(from = {from}, with = {name}::{function}))]\n"
    );
    let _ = writeln!(out, "and this beside it:\n");
    stub(old, was, is, &wrong, replaces, &function)
        .lines()
        .for_each(|line| {
            let _ = writeln!(
                out,
                "{}",
                if line.is_empty() {
                    String::new()
                } else {
                    format!("    {line}")
                }
            );
        });
}

/// Returns the source of a hook. It compiles unchanged, and refuses the state until it is filled
/// in.
fn stub(
    old: &Schema,
    was: &TypeDef,
    is: &TypeDef,
    fields: &[&str],
    replaces: bool,
    function: &str,
) -> String {
    let (name, from) = (&is.name, was.version);
    let mut body = String::new();
    let all = was.kind.record().map_or(&[][..], |fields| &fields.list);
    for field in all
        .iter()
        .filter(|field| replaces || fields.contains(&field.name.as_str()))
    {
        let variable = if field.name.starts_with(|c: char| c.is_ascii_digit()) {
            format!("field_{}", field.name)
        } else {
            field.name.clone()
        };
        let _ = match rust_type(&field.ty) {
            Some(ty) => writeln!(
                body,
                "        let _{variable}: Option<{ty}> = old.get(\"{}\")?;",
                field.name
            ),
            None => writeln!(
                body,
                "        let _{variable} = old.value(\"{}\"); // was {}",
                field.name,
                old.type_name(&field.ty)
            ),
        };
    }
    if all.is_empty() {
        let _ = writeln!(body, "        let _value = old.tree();");
    }
    let (receiver, result) = if replaces {
        ("", "Self")
    } else {
        ("&mut self, ", "()")
    };
    format!(
        "impl {name} {{\n    \
             fn {function}({receiver}old: &vblank_guest::state::Old) -> Result<{result}, vblank_guest::state::RestoreError> {{\n\
         {body}        \
                 Err(\"say how {name} goes on from version {from}\".into())\n    \
             }}\n\
         }}\n"
    )
}

/// Returns the Rust spelling of a type that uses no names of the guest.
fn rust_type(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Bool => "bool".into(),
        Type::Number(number) => match number {
            Number::S8 => "i8".into(),
            Number::S16 => "i16".into(),
            Number::S32 => "i32".into(),
            Number::S64 => "i64".into(),
            other => other.name().into(),
        },
        Type::Char => "char".into(),
        Type::String => "String".into(),
        Type::List(item) => format!("Vec<{}>", rust_type(item)?),
        Type::Array(item, count) => format!("[{}; {count}]", rust_type(item)?),
        Type::Option(item) => format!("Option<{}>", rust_type(item)?),
        Type::Tuple(items) if items.len() != 1 => {
            format!(
                "({})",
                items
                    .iter()
                    .map(rust_type)
                    .collect::<Option<Vec<_>>>()?
                    .join(", ")
            )
        }
        Type::Tuple(_) | Type::Set(_) | Type::Map(..) | Type::Result(..) | Type::Named(_) => {
            return None;
        }
    })
}
