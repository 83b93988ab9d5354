//! The report for an author whose change needs a migration. Knows schemas only, no values.
//!
//! The report shows both types side by side, and a hook that compiles when it is pasted into the
//! guest.

use crate::compare::{Change, ChangeKind, NeedsMigration};
use crate::escape::{MOST_OF_NAME, escaped};
use crate::schema::{Field, Fields, Kind, Number, Schema, Type, TypeDef};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Characters of a line with the fields of a case.
const MOST_OF_LINE: usize = 1000;
/// Types that a report describes.
const MOST_TYPES: usize = 20;
/// Changes of one type that a report lists.
const MOST_CHANGES: usize = 50;
/// Lines of a type that a report shows beside those of another.
const MOST_LINES: usize = 100;

/// Returns the report on changes that need a migration. It describes the first types in full, and
/// counts the others.
///
/// The report is made once for each comparison. A host asks for it when it prepares a candidate, so
/// that it is there when a game has to go on.
pub fn explain(old: &Schema, new: &Schema, needs: &NeedsMigration) -> String {
    let report = needs.report.get_or_init(|| report(old, new, needs));
    report.clone()
}

fn report(old: &Schema, new: &Schema, needs: &NeedsMigration) -> String {
    let mut out = String::from("the state needs a migration\n");
    let mut order: Vec<&str> = Vec::new();
    let mut by_type: HashMap<&str, Vec<&Change>> = HashMap::new();
    for change in &needs.changes {
        let name = owner(&change.path);
        let changes = by_type.entry(name).or_default();
        if changes.is_empty() {
            order.push(name);
        }
        changes.push(change);
    }
    let names = TypeNames::new(old, new);
    for name in order.iter().take(MOST_TYPES) {
        let changes = &by_type[name];
        out.push('\n');
        for change in changes.iter().take(MOST_CHANGES) {
            let _ = writeln!(out, "{change}");
        }
        more(&mut out, changes.len(), MOST_CHANGES, "changes");
        if let Some((was, is)) = names.pair(old, new, name) {
            out.push('\n');
            side_by_side(&mut out, &lines(old, was), &lines(new, is));
            out.push('\n');
            let changes = &changes[..changes.len().min(MOST_CHANGES)];
            advice(&mut out, old, was, is, changes);
        }
    }
    if order.len() > MOST_TYPES {
        out.push('\n');
        more(&mut out, order.len(), MOST_TYPES, "types need a migration");
    }
    out
}

/// Returns the name of the type that a change belongs to.
fn owner(path: &str) -> &str {
    path.split(['.', '[', '{']).next().unwrap_or_default()
}

/// Writes how many are left out.
fn more(out: &mut String, count: usize, most: usize, what: &str) {
    if count > most {
        let _ = writeln!(out, "… and {} more {what}", count - most);
    }
}

/// The types of two schemas by name. Of several with one name, the first is meant.
struct TypeNames<'s> {
    old: HashMap<&'s str, &'s TypeDef>,
    new: HashMap<&'s str, &'s TypeDef>,
}

impl<'s> TypeNames<'s> {
    fn new(old: &'s Schema, new: &'s Schema) -> Self {
        let by_name = |schema: &'s Schema| {
            let mut names = HashMap::new();
            for def in schema.types() {
                names.entry(def.name.as_str()).or_insert(def);
            }
            names
        };
        TypeNames {
            old: by_name(old),
            new: by_name(new),
        }
    }

    /// Finds the old and the new type for a name of the new version.
    fn pair(
        &self,
        old: &'s Schema,
        new: &'s Schema,
        name: &str,
    ) -> Option<(&'s TypeDef, &'s TypeDef)> {
        let root = |schema: &'s Schema| match schema.root() {
            Type::Named(id) => Some(schema.get(*id)),
            _ => None,
        };
        if name == "state" {
            return Some((root(old)?, root(new)?));
        }
        let is = *self.new.get(name)?;
        let mut names = std::iter::once(&is.name).chain(&is.aliases);
        let was = names.find_map(|name| self.old.get(name.as_str()))?;
        Some((was, is))
    }
}

fn lines(schema: &Schema, def: &TypeDef) -> Vec<String> {
    let field = |indent: &str, fields: &Fields| -> Vec<String> {
        let line = |field: &Field| {
            let name = escaped(&field.name, MOST_OF_NAME);
            format!("{indent}{name}: {},", schema.type_name(&field.ty))
        };
        fields.list.iter().map(line).collect()
    };
    let version = if def.version > 0 {
        format!(" (version {})", def.version)
    } else {
        String::new()
    };
    let mut out = vec![format!("{}{version} {{", escaped(&def.name, MOST_OF_NAME))];
    match &def.kind {
        Kind::Record { fields, .. } => out.extend(field("    ", fields)),
        Kind::Variant(cases) | Kind::Flags(cases) => {
            for case in cases {
                let fields: Vec<String> = field("", &case.fields);
                let inner = fields.join(" ").trim_end_matches(',').to_owned();
                let inner = escaped(&inner, MOST_OF_LINE);
                let name = escaped(&case.name, MOST_OF_NAME);
                out.push(if case.fields.list.is_empty() {
                    format!("    {name},")
                } else {
                    format!("    {name} {{ {inner} }},")
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
        .clamp("running".len(), MOST_OF_NAME);
    let _ = writeln!(out, "  {:width$}   new", "running");
    let set = |lines: &[String]| lines.iter().cloned().collect::<HashSet<String>>();
    let (lefts, rights) = (set(left), set(right));
    let count = left.len().max(right.len());
    for index in 0..count.min(MOST_LINES) {
        let at = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
        let (a, b) = (at(left), at(right));
        // Lines that the other side lacks are marked.
        let news =
            |line: &String, other: &HashSet<String>| !line.is_empty() && !other.contains(line);
        let mark = if news(&a, &rights) || news(&b, &lefts) {
            '|'
        } else {
            ' '
        };
        let _ = writeln!(out, "  {a:width$} {mark} {b}");
    }
    more(out, count, MOST_LINES, "lines");
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
            "give {} of {} a default: `#[state(default = …)]`",
            escaped(field, MOST_OF_NAME),
            escaped(&is.name, MOST_OF_NAME)
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
    let name = escaped(&is.name, MOST_OF_NAME);
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
    let (name, from) = (escaped(&is.name, MOST_OF_NAME), was.version);
    let mut body = String::new();
    let all = was.kind.record().map_or(&[][..], |fields| &fields.list);
    for field in all
        .iter()
        .filter(|field| replaces || fields.contains(&field.name.as_str()))
        .take(MOST_CHANGES)
    {
        let name = escaped(&field.name, MOST_OF_NAME).to_string();
        let variable = if field.name.starts_with(|c: char| c.is_ascii_digit()) {
            format!("field_{name}")
        } else {
            name.clone()
        };
        let _ = match rust_type(&field.ty) {
            Some(ty) => writeln!(
                body,
                "        let _{variable}: Option<{ty}> = old.get(\"{name}\")?;"
            ),
            None => writeln!(
                body,
                "        let _{variable} = old.value(\"{name}\"); // was {}",
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
