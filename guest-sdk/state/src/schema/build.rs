//! Builds a schema from descriptions of Rust types.
//!
//! A description is constant data, which `#[derive(State)]` writes. The code that reads it is compiled
//! once, so a type costs the compiler little.

use super::model::Schema;
use super::types::{Case, DefaultText, Field, Fields, Hook, Kind, Style, Type, TypeDef};

/// A function that adds a type to a schema, such as `u32::schema`.
pub type TypeFn = fn(&mut SchemaBuilder) -> Type;

/// A function that writes a field's default value, with everything inline.
pub type DefaultFn = fn(&mut Vec<u8>);

/// Collects the named types of a schema.
#[derive(Default)]
pub struct SchemaBuilder {
    /// Names of the types, in the same order. There are few, and a linear search is faster than a
    /// hash.
    names: Vec<&'static str>,
    types: Vec<(&'static TypeSpec, Option<TypeDef>)>,
}

/// The description of a named type.
#[derive(Clone, Copy)]
pub struct TypeSpec {
    /// Name of the type.
    pub name: &'static str,
    /// Fields or cases.
    pub kind: KindSpec,
    /// True for a record that lies in memory as it is encoded.
    pub flat: bool,
    /// What attributes say.
    pub details: &'static [Detail],
}

/// The description of fields or cases.
#[derive(Clone, Copy)]
pub enum KindSpec {
    /// A record.
    Record(FieldsSpec),
    /// A variant, which is an enum when no case has fields. Cases have names.
    Variant(&'static [(&'static str, FieldsSpec)]),
}

/// The description of the fields of a record or case, in the order of the encoding.
#[derive(Clone, Copy)]
pub enum FieldsSpec {
    /// No fields.
    Unit,
    /// Fields by position.
    Tuple(&'static [FieldSpec]),
    /// Fields by name.
    Named(&'static [FieldSpec]),
}

/// The description of a field: its name, its type, and the writer of its default if it has one.
///
/// A tuple, because the derive writes one for each field of a program, and the compiler reads each of
/// them in each build.
pub type FieldSpec = (&'static str, TypeFn, Option<DefaultFn>);

/// What an attribute says about a type, a case or a field. Indices count from zero, and a record is
/// its own first case.
#[derive(Clone, Copy)]
pub enum Detail {
    /// Names that the type had before.
    Aliases(&'static [&'static str]),
    /// Declared version of the type.
    Version(u32),
    /// A hook of the type.
    Hook {
        /// Version from which it migrates.
        from: u32,
        /// True if it makes the complete value.
        replaces: bool,
        /// Record whose fields it wants.
        wants: Option<TypeFn>,
    },
    /// Names that a case had before.
    CaseAliases(usize, &'static [&'static str]),
    /// Names that a field of a case had before.
    FieldAliases(usize, usize, &'static [&'static str]),
    /// Default value of a field of a case, as the source spells it.
    DefaultText(usize, usize, &'static str),
    /// Name of a field of a case that is left out of the state.
    Skipped(usize, &'static str),
}

impl SchemaBuilder {
    /// Returns the type with this name. The first call adds it with its description.
    ///
    /// The name is `std::any::type_name` of the Rust type, with path and arguments, and identifies it
    /// within one program. It does not become part of the schema.
    pub fn named(&mut self, key: &'static str, spec: &'static TypeSpec) -> Type {
        if let Some(id) = self.names.iter().position(|name| *name == key) {
            return Type::Named(id as u32);
        }
        let id = self.types.len();
        self.names.push(key);
        self.types.push((spec, None));
        let def = self.type_def(spec);
        self.types[id].1 = Some(def);
        Type::Named(id as u32)
    }

    fn type_def(&mut self, spec: &TypeSpec) -> TypeDef {
        let mut def = TypeDef {
            name: spec.name.into(),
            aliases: Vec::new(),
            version: 0,
            hooks: Vec::new(),
            kind: match spec.kind {
                KindSpec::Record(fields) => Kind::Record {
                    fields: self.fields(fields),
                    flat: spec.flat,
                },
                KindSpec::Variant(cases) => {
                    let case = |&(name, fields): &(&str, FieldsSpec)| Case {
                        name: name.into(),
                        aliases: Vec::new(),
                        fields: self.fields(fields),
                    };
                    Kind::Variant(cases.iter().map(case).collect())
                }
            },
        };
        for detail in spec.details {
            self.apply(*detail, &mut def);
        }
        def
    }

    fn fields(&mut self, spec: FieldsSpec) -> Fields {
        let field = |&(name, ty, default): &FieldSpec| Field {
            name: name.into(),
            aliases: Vec::new(),
            ty: ty(self),
            default: default.map(|_| DefaultText(None)),
        };
        Fields {
            style: match spec {
                FieldsSpec::Unit => Style::Unit,
                FieldsSpec::Tuple(_) => Style::Tuple,
                FieldsSpec::Named(_) => Style::Named,
            },
            list: spec.list().iter().map(field).collect(),
            skipped: Vec::new(),
        }
    }

    fn apply(&mut self, detail: Detail, def: &mut TypeDef) {
        match detail {
            Detail::Aliases(names) => def.aliases = strings(names),
            Detail::Version(version) => def.version = version,
            Detail::Hook {
                from,
                replaces,
                wants,
            } => {
                let wants = wants.map_or_else(Vec::new, |ty| self.fields_of(ty));
                def.hooks.push(Hook {
                    from,
                    replaces,
                    wants,
                });
            }
            Detail::CaseAliases(case, names) => {
                if let Kind::Variant(cases) = &mut def.kind {
                    cases[case].aliases = strings(names);
                }
            }
            Detail::FieldAliases(case, field, names) => {
                fields_of_case(def, case).list[field].aliases = strings(names);
            }
            Detail::DefaultText(case, field, text) => {
                fields_of_case(def, case).list[field].default =
                    Some(DefaultText(Some(text.into())));
            }
            Detail::Skipped(case, name) => fields_of_case(def, case).skipped.push(name.into()),
        }
    }

    /// Returns names and types of the fields of a record.
    fn fields_of(&mut self, ty: TypeFn) -> Vec<(String, Type)> {
        let Type::Named(id) = ty(self) else {
            return Vec::new();
        };
        let def = self.types[id as usize].1.as_ref();
        let fields = def.and_then(|def| def.kind.record());
        let fields = fields.into_iter().flat_map(|fields| &fields.list);
        fields
            .map(|field| (field.name.clone(), field.ty.clone()))
            .collect()
    }

    pub(crate) fn finish(self, root: Type) -> Schema {
        let types = self
            .types
            .into_iter()
            .map(|(_, def)| def.expect("every type is described"));
        match Schema::new(root, types.collect()) {
            Ok(schema) => schema,
            Err(error) => panic!("the types of the state do not form a schema: {error}"),
        }
    }

    /// Returns the writers of all default values, in schema order.
    pub(crate) fn into_defaults(self) -> impl Iterator<Item = DefaultFn> {
        let fields = |(spec, _): (&TypeSpec, _)| {
            let (record, cases) = match spec.kind {
                KindSpec::Record(fields) => (fields.list(), [].as_slice()),
                KindSpec::Variant(cases) => ([].as_slice(), cases),
            };
            let cases = cases.iter().flat_map(|(_, fields)| fields.list());
            record.iter().chain(cases)
        };
        let fields = self.types.into_iter().flat_map(fields);
        fields.filter_map(|(_, _, default)| *default)
    }
}

impl FieldsSpec {
    fn list(self) -> &'static [FieldSpec] {
        match self {
            FieldsSpec::Unit => &[],
            FieldsSpec::Tuple(list) | FieldsSpec::Named(list) => list,
        }
    }
}

fn fields_of_case(def: &mut TypeDef, case: usize) -> &mut Fields {
    match &mut def.kind {
        Kind::Record { fields, .. } => fields,
        Kind::Variant(cases) => &mut cases[case].fields,
        Kind::Flags(_) => unreachable!("no Rust type is a set of flags"),
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
