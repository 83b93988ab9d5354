//! The type of a component's function: its comparison with another type, and its form in WIT. Knows no
//! instance.

use std::fmt;

use wasmtime::component::Type;
use wasmtime::component::types::{Case, ComponentFunc, Field};

/// The type of a function.
#[derive(Clone, Debug)]
pub(super) struct Signature(pub(super) ComponentFunc);

impl Signature {
    /// True if parameters and results have equal types. Names of parameters do not matter.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let params = |function: &ComponentFunc| -> Vec<Type> {
            function.params().map(|(_, kind)| kind).collect()
        };
        params(&self.0) == params(&other.0) && self.0.results().eq(other.0.results())
    }
}

/// Formats the type as in WIT, with all types written out.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self
            .0
            .params()
            .map(|(name, kind)| format!("{name}: {}", wit(&kind)));
        write!(f, "func({})", params.collect::<Vec<_>>().join(", "))?;
        for result in self.0.results() {
            write!(f, " -> {}", wit(&result))?;
        }
        Ok(())
    }
}

fn wit(kind: &Type) -> String {
    let list = |items: Vec<String>| items.join(", ");
    let or_none = |kind: Option<Type>| kind.map_or("_".to_owned(), |kind| wit(&kind));
    match kind {
        Type::Bool => "bool".to_owned(),
        Type::S8 => "s8".to_owned(),
        Type::U8 => "u8".to_owned(),
        Type::S16 => "s16".to_owned(),
        Type::U16 => "u16".to_owned(),
        Type::S32 => "s32".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::S64 => "s64".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::Float32 => "f32".to_owned(),
        Type::Float64 => "f64".to_owned(),
        Type::Char => "char".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(items) => format!("list<{}>", wit(&items.ty())),
        Type::FixedLengthList(items) => format!("list<{}, {}>", wit(&items.ty()), items.len()),
        Type::Map(map) => format!("map<{}, {}>", wit(&map.key()), wit(&map.value())),
        Type::Option(some) => format!("option<{}>", wit(&some.ty())),
        Type::Result(result) => {
            format!(
                "result<{}, {}>",
                or_none(result.ok()),
                or_none(result.err())
            )
        }
        Type::Tuple(tuple) => {
            format!(
                "tuple<{}>",
                list(tuple.types().map(|kind| wit(&kind)).collect())
            )
        }
        Type::Record(record) => {
            let field = |field: Field<'_>| format!("{}: {}", field.name, wit(&field.ty));
            format!(
                "record {{ {} }}",
                list(record.fields().map(field).collect())
            )
        }
        Type::Variant(variant) => {
            let case = |case: Case<'_>| match case.ty {
                Some(kind) => format!("{}({})", case.name, wit(&kind)),
                None => case.name.to_owned(),
            };
            format!(
                "variant {{ {} }}",
                list(variant.cases().map(case).collect())
            )
        }
        Type::Enum(cases) => format!(
            "enum {{ {} }}",
            list(cases.names().map(str::to_owned).collect())
        ),
        Type::Flags(flags) => {
            format!(
                "flags {{ {} }}",
                list(flags.names().map(str::to_owned).collect())
            )
        }
        Type::Own(_) | Type::Borrow(_) => "a handle, which cannot cross".to_owned(),
        Type::Future(_) | Type::Stream(_) | Type::ErrorContext => {
            "something asynchronous, which cannot cross".to_owned()
        }
    }
}
