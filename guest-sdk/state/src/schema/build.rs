//! Building a schema from Rust types; what `#[derive(State)]` writes is calls into here.

use super::model::Schema;
use super::types::{Case, DefaultText, Field, Fields, Hook, Kind, Style, Type, TypeDef};

/// Writes a field's default value, everything inline.
pub type DefaultFn = fn(&mut Vec<u8>);

/// Collects the named types of a schema.
#[derive(Default)]
pub struct SchemaBuilder {
    /// Of the types, in the same order: a handful, which a walk finds quicker than a hash.
    names: Vec<&'static str>,
    types: Vec<Option<(TypeDef, Vec<DefaultFn>)>>,
}

/// A named type while it is being described.
pub struct TypeSpec {
    def: TypeDef,
    defaults: Vec<DefaultFn>,
}

/// The fields of a record or case while they are being described.
#[derive(Default)]
pub struct FieldsSpec {
    fields: Fields,
    defaults: Vec<DefaultFn>,
}

/// A field while it is being described.
pub struct FieldSpec<'a> {
    /// Its name.
    pub name: &'a str,
    /// Names it had before.
    pub aliases: &'a [&'a str],
    /// Its type.
    pub ty: Type,
    /// What writes its default value.
    pub default: Option<DefaultFn>,
    /// How the source spells the default.
    pub default_text: Option<&'a str>,
}

impl SchemaBuilder {
    /// The named type `T`, described by `build` the first time it is met.
    ///
    /// The name of `T` with its path and arguments tells it from all others within one program;
    /// it does not become part of the schema.
    pub fn named<T>(&mut self, build: impl FnOnce(&mut SchemaBuilder) -> TypeSpec) -> Type {
        let key = std::any::type_name::<T>();
        if let Some(id) = self.names.iter().position(|name| *name == key) {
            return Type::Named(id as u32);
        }
        let id = self.types.len() as u32;
        self.names.push(key);
        self.types.push(None);
        let spec = build(self);
        self.types[id as usize] = Some((spec.def, spec.defaults));
        Type::Named(id)
    }

    pub(crate) fn finish(self, root: Type) -> Schema {
        let types = self
            .types
            .into_iter()
            .map(|entry| entry.expect("every type is described").0);
        match Schema::new(root, types.collect()) {
            Ok(schema) => schema,
            Err(error) => panic!("the state's types make no schema: {error}"),
        }
    }

    pub(crate) fn into_defaults(self) -> impl Iterator<Item = DefaultFn> {
        self.types
            .into_iter()
            .flatten()
            .flat_map(|(_, defaults)| defaults)
    }
}

impl TypeSpec {
    /// A record.
    pub fn record(name: &str, flat: bool, fields: FieldsSpec) -> TypeSpec {
        TypeSpec::new(
            name,
            Kind::Record {
                fields: fields.fields,
                flat,
            },
            fields.defaults,
        )
    }

    /// A variant, or an enum when nothing has fields.
    pub fn variant(name: &str) -> TypeSpec {
        TypeSpec::new(name, Kind::Variant(Vec::new()), Vec::new())
    }

    /// A set of flags.
    pub fn flags(name: &str, flags: &[&str]) -> TypeSpec {
        let case = |name: &&str| Case {
            name: name.to_string(),
            ..Case::default()
        };
        TypeSpec::new(
            name,
            Kind::Flags(flags.iter().map(case).collect()),
            Vec::new(),
        )
    }

    fn new(name: &str, kind: Kind, defaults: Vec<DefaultFn>) -> TypeSpec {
        let def = TypeDef {
            name: name.into(),
            aliases: Vec::new(),
            version: 0,
            hooks: Vec::new(),
            kind,
        };
        TypeSpec { def, defaults }
    }

    /// Adds a case to a variant.
    pub fn case(mut self, name: &str, aliases: &[&str], fields: FieldsSpec) -> TypeSpec {
        if let Kind::Variant(cases) = &mut self.def.kind {
            cases.push(Case {
                name: name.into(),
                aliases: strings(aliases),
                fields: fields.fields,
            });
            self.defaults.extend(fields.defaults);
        }
        self
    }

    /// Names it had before.
    pub fn aliases(mut self, aliases: &[&str]) -> TypeSpec {
        self.def.aliases = strings(aliases);
        self
    }

    /// Its declared version.
    pub fn version(mut self, version: u32) -> TypeSpec {
        self.def.version = version;
        self
    }

    /// Declares a hook that wants the fields of `wants`, which is a record if it is anything.
    pub fn hook(
        mut self,
        from: u32,
        replaces: bool,
        wants: Option<Type>,
        builder: &SchemaBuilder,
    ) -> TypeSpec {
        let fields = wants.as_ref().and_then(|ty| match ty {
            Type::Named(id) => builder.types[*id as usize].as_ref()?.0.kind.record(),
            _ => None,
        });
        let wants = fields.into_iter().flat_map(|fields| &fields.list);
        let wants = wants
            .map(|field| (field.name.clone(), field.ty.clone()))
            .collect();
        self.def.hooks.push(Hook {
            from,
            replaces,
            wants,
        });
        self
    }
}

impl FieldsSpec {
    /// Fields by position.
    pub fn tuple() -> FieldsSpec {
        FieldsSpec::styled(Style::Tuple)
    }

    /// Fields by name.
    pub fn named() -> FieldsSpec {
        FieldsSpec::styled(Style::Named)
    }

    /// No fields.
    pub fn unit() -> FieldsSpec {
        FieldsSpec::styled(Style::Unit)
    }

    fn styled(style: Style) -> FieldsSpec {
        FieldsSpec {
            fields: Fields {
                style,
                ..Fields::default()
            },
            defaults: Vec::new(),
        }
    }

    /// Adds a field.
    pub fn field(mut self, field: FieldSpec<'_>) -> FieldsSpec {
        self.defaults.extend(field.default);
        self.fields.list.push(Field {
            name: field.name.into(),
            aliases: strings(field.aliases),
            ty: field.ty,
            default: field
                .default
                .map(|_| DefaultText(field.default_text.map(str::to_owned))),
        });
        self
    }

    /// Names a field that is left out of the state.
    pub fn skipped(mut self, name: &str) -> FieldsSpec {
        self.fields.skipped.push(name.into());
        self
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
