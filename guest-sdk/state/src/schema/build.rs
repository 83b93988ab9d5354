//! Builds a schema from Rust types. Code written by `#[derive(State)]` calls into this module.

use super::model::Schema;
use super::types::{Case, DefaultText, Field, Fields, Hook, Kind, Style, Type, TypeDef};

/// A function that writes a field's default value, with everything inline.
pub type DefaultFn = fn(&mut Vec<u8>);

/// Collects the named types of a schema.
#[derive(Default)]
pub struct SchemaBuilder {
    /// Names of the types, in the same order. There are few, and a linear search is faster than a
    /// hash.
    names: Vec<&'static str>,
    types: Vec<Option<(TypeDef, Vec<DefaultFn>)>>,
}

/// A named type under construction.
pub struct TypeSpec {
    def: TypeDef,
    defaults: Vec<DefaultFn>,
}

/// The fields of a record or case under construction.
#[derive(Default)]
pub struct FieldsSpec {
    fields: Fields,
    defaults: Vec<DefaultFn>,
}

/// A field under construction.
pub struct FieldSpec<'a> {
    /// Name of the field.
    pub name: &'a str,
    /// Names that the field had before.
    pub aliases: &'a [&'a str],
    /// Type of the field.
    pub ty: Type,
    /// Writer of the default value.
    pub default: Option<DefaultFn>,
    /// Default as the source spells it.
    pub default_text: Option<&'a str>,
}

impl SchemaBuilder {
    /// Returns the named type `T`. The first call describes it with `build`.
    ///
    /// Within one program, `T` is identified by its full Rust name with path and arguments. That
    /// name does not become part of the schema.
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
            Err(error) => panic!("the types of the state do not form a schema: {error}"),
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
    /// Returns a record.
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

    /// Returns a variant, which is an enum when no case has fields.
    pub fn variant(name: &str) -> TypeSpec {
        TypeSpec::new(name, Kind::Variant(Vec::new()), Vec::new())
    }

    /// Returns a set of flags.
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

    /// Sets the names that the type had before.
    pub fn aliases(mut self, aliases: &[&str]) -> TypeSpec {
        self.def.aliases = strings(aliases);
        self
    }

    /// Sets the declared version.
    pub fn version(mut self, version: u32) -> TypeSpec {
        self.def.version = version;
        self
    }

    /// Declares a hook. It wants the fields of `wants`, if that is a record.
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
    /// Returns fields by position.
    pub fn tuple() -> FieldsSpec {
        FieldsSpec::styled(Style::Tuple)
    }

    /// Returns fields by name.
    pub fn named() -> FieldsSpec {
        FieldsSpec::styled(Style::Named)
    }

    /// Returns no fields.
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

    /// Adds the name of a field that is left out of the state.
    pub fn skipped(mut self, name: &str) -> FieldsSpec {
        self.fields.skipped.push(name.into());
        self
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
