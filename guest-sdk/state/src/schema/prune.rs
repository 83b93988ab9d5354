//! The part of a schema that another root reaches.

use super::model::Schema;
use super::types::{Fields, Kind, Type, TypeDef};
use std::collections::HashMap;

impl Schema {
    /// Returns the schema with another root, without the types that it does not reach.
    pub fn with_root(&self, root: &Type) -> Schema {
        prune(root, self.types())
    }
}

/// Returns the types that `root` reaches, renumbered in the order in which they are reached.
fn prune(root: &Type, types: &[TypeDef]) -> Schema {
    let mut prune = Pruner {
        ids: HashMap::new(),
        order: Vec::new(),
    };
    let root = prune.renumber(root);
    let mut kept = Vec::new();
    // Types are appended to `order` while their users are rewritten.
    while let Some(&old) = prune.order.get(kept.len()) {
        let mut def = types[old as usize].clone();
        let fields: Vec<&mut Fields> = match &mut def.kind {
            Kind::Record { fields, .. } => vec![fields],
            Kind::Variant(cases) | Kind::Flags(cases) => {
                cases.iter_mut().map(|case| &mut case.fields).collect()
            }
        };
        for field in fields.into_iter().flat_map(|fields| &mut fields.list) {
            field.ty = prune.renumber(&field.ty);
        }
        for (_, ty) in def.hooks.iter_mut().flat_map(|hook| &mut hook.wants) {
            *ty = prune.renumber(ty);
        }
        kept.push(def);
    }
    Schema::new(root, kept).expect("a part of a valid schema is valid")
}

struct Pruner {
    ids: HashMap<u32, u32>,
    order: Vec<u32>,
}

impl Pruner {
    fn renumber(&mut self, ty: &Type) -> Type {
        let mut boxed = |ty: &Type| Box::new(self.renumber(ty));
        match ty {
            Type::List(item) => Type::List(boxed(item)),
            Type::Array(item, count) => Type::Array(boxed(item), *count),
            Type::Set(item) => Type::Set(boxed(item)),
            Type::Map(key, value) => Type::Map(boxed(key), boxed(value)),
            Type::Option(item) => Type::Option(boxed(item)),
            Type::Result(ok, err) => Type::Result(boxed(ok), boxed(err)),
            Type::Tuple(items) => {
                Type::Tuple(items.iter().map(|item| self.renumber(item)).collect())
            }
            Type::Named(old) => {
                let next = self.ids.len() as u32;
                let new = *self.ids.entry(*old).or_insert(next);
                if new == next {
                    self.order.push(*old);
                }
                Type::Named(new)
            }
            Type::Bool | Type::Number(_) | Type::Char | Type::String => ty.clone(),
        }
    }
}
