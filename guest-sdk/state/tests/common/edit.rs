//! Random edits to generated schemas, as a person makes them between two swaps.

use crate::generate::Generate;
use vblank_state::schema::{Case, Field, Fields, Kind, Number, TypeDef};
use vblank_state::{Schema, Type};

/// A kind of edit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    Add,
    Remove,
    Reorder,
    Widen,
    Wrap,
    Rename,
    AddCase,
    RemoveCase,
    Narrow,
    Break,
}

impl Edit {
    pub const ALL: [Edit; 10] = [
        Edit::Add,
        Edit::Remove,
        Edit::Reorder,
        Edit::Widen,
        Edit::Wrap,
        Edit::Rename,
        Edit::AddCase,
        Edit::RemoveCase,
        Edit::Narrow,
        Edit::Break,
    ];
}

impl Generate {
    /// Returns the schema after some edits of these kinds.
    pub fn edit(&mut self, schema: &Schema, edits: &[Edit]) -> Schema {
        let mut types = schema.types().to_vec();
        for _ in 0..self.rng.usize(1..5) {
            let edit = edits[self.rng.usize(..edits.len())];
            let id = self.rng.usize(..types.len());
            let count = types.len() as u32;
            self.edit_type(&mut types[id], id as u32, count, edit);
            self.flatten(schema.root(), &mut types);
        }
        Schema::new(schema.root().clone(), types).expect("edits keep a schema sound")
    }

    /// Clears the flag of flat records that an edit made impossible.
    fn flatten(&mut self, root: &Type, types: &mut [TypeDef]) {
        while Schema::new(root.clone(), types.to_vec()).is_err() {
            let flat = types.iter_mut().filter_map(|def| match &mut def.kind {
                Kind::Record { flat, .. } if *flat => Some(flat),
                _ => None,
            });
            // The error does not name the record at fault, so all flags are cleared.
            flat.for_each(|flat| *flat = false);
        }
    }

    fn edit_type(&mut self, def: &mut TypeDef, id: u32, count: u32, edit: Edit) {
        if edit == Edit::Rename && self.rng.u8(..) < 60 {
            def.aliases.push(def.name.clone());
            def.name = format!("{}r", def.name);
            return;
        }
        let fields = match &mut def.kind {
            Kind::Record { fields, .. } => fields,
            Kind::Variant(cases) | Kind::Flags(cases)
                if matches!(edit, Edit::Reorder) && self.rng.bool() =>
            {
                return self.rng.shuffle(cases);
            }
            Kind::Variant(cases) | Kind::Flags(cases) => match edit {
                Edit::AddCase if cases.len() < 60 => {
                    let name = self.field(Type::Bool).name;
                    let at = self.rng.usize(..=cases.len());
                    return cases.insert(
                        at,
                        Case {
                            name,
                            ..Case::default()
                        },
                    );
                }
                Edit::RemoveCase if cases.len() > 1 => {
                    let at = self.rng.usize(..cases.len());
                    cases.remove(at);
                    return;
                }
                Edit::Rename => {
                    let at = self.rng.usize(..cases.len());
                    let case = &mut cases[at];
                    return rename(&mut case.name, &mut case.aliases);
                }
                _ => {
                    let at = self.rng.usize(..cases.len());
                    let case = &mut cases[at];
                    if case.fields.list.is_empty() {
                        return;
                    }
                    // The generator writes the value of a case without fields differently.
                    if edit == Edit::Remove && case.fields.list.len() == 1 {
                        return;
                    }
                    &mut case.fields
                }
            },
        };
        self.edit_fields(fields, id, count, edit);
    }

    fn edit_fields(&mut self, fields: &mut Fields, id: u32, count: u32, edit: Edit) {
        if edit == Edit::Add {
            let ty = self.ty(id, count, 2, true);
            let at = self.rng.usize(..=fields.list.len());
            let field = self.field(ty);
            fields.list.insert(at, field);
            return;
        }
        if fields.list.is_empty() {
            return;
        }
        let at = self.rng.usize(..fields.list.len());
        match edit {
            Edit::Remove => drop(fields.list.remove(at)),
            Edit::Reorder => self.rng.shuffle(&mut fields.list),
            Edit::Rename => {
                let field = &mut fields.list[at];
                rename(&mut field.name, &mut field.aliases);
            }
            Edit::Widen => widen(&mut fields.list[at].ty),
            Edit::Narrow => narrow(&mut fields.list[at].ty),
            Edit::Wrap => wrap(&mut fields.list[at], self.rng.bool()),
            Edit::Break => fields.list[at].ty = self.ty(id, count, 2, true),
            _ => {}
        }
    }
}

fn rename(name: &mut String, aliases: &mut Vec<String>) {
    let new = format!("{name}r");
    aliases.push(std::mem::replace(name, new));
}

fn wrap(field: &mut Field, option: bool) {
    let ty = Box::new(field.ty.clone());
    match (&field.ty, option) {
        (Type::Option(_) | Type::List(_), _) => {}
        (Type::Array(..), false) => {}
        (_, true) => field.ty = Type::Option(ty),
        (Type::String, false) => {}
        (_, false) => field.ty = Type::List(ty),
    }
}

fn each(ty: &mut Type, change: fn(Number) -> Number) {
    match ty {
        Type::Number(number) => *number = change(*number),
        Type::List(a) | Type::Array(a, _) | Type::Set(a) | Type::Option(a) => each(a, change),
        Type::Map(_, a) => each(a, change),
        Type::Result(a, b) => {
            each(a, change);
            each(b, change);
        }
        Type::Tuple(items) => items.iter_mut().for_each(|item| each(item, change)),
        _ => {}
    }
}

pub fn widen(ty: &mut Type) {
    each(ty, |number| match number {
        Number::U8 => Number::S16,
        Number::U16 => Number::F32,
        Number::U32 => Number::U64,
        Number::S8 => Number::S32,
        Number::S16 => Number::F64,
        Number::S32 => Number::S64,
        Number::F32 => Number::F64,
        other => other,
    });
}

fn narrow(ty: &mut Type) {
    each(ty, |number| match number {
        Number::U64 | Number::S64 | Number::F64 => Number::F32,
        Number::U32 => Number::S32,
        Number::S32 => Number::U32,
        Number::F32 => Number::S64,
        other => other,
    });
}
