//! Random schemas and random values of them.

use fastrand::Rng;
use vblank_state::schema::{Case, DefaultText, Field, Fields, Kind, Number, Style, TypeDef};
use vblank_state::value::{self, Value};
use vblank_state::{Schema, Type};

pub struct Generate {
    pub rng: Rng,
    names: u32,
}

impl Generate {
    pub fn new(seed: u64) -> Generate {
        Generate {
            rng: Rng::with_seed(seed),
            names: 0,
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    pub fn schema(&mut self) -> Schema {
        let count = self.rng.u32(1..6);
        let types: Vec<TypeDef> = (0..count).map(|id| self.def(id, count)).collect();
        let root = if self.rng.u8(..) < 200 {
            Type::Named(0)
        } else {
            self.ty(0, count, 2, true)
        };
        Schema::new(root, types).expect("what is generated is sound")
    }

    fn def(&mut self, id: u32, count: u32) -> TypeDef {
        let kind = match self.rng.u8(0..10) {
            0..3 if id > 0 => Kind::Variant(
                (0..self.rng.usize(1..5))
                    .map(|_| self.case(id, count))
                    .collect(),
            ),
            3 if id > 0 => {
                let case = |this: &mut Self| Case {
                    name: this.name(),
                    ..Case::default()
                };
                Kind::Flags((0..self.rng.usize(1..20)).map(|_| case(self)).collect())
            }
            _ => {
                let flat = self.rng.u8(..) < 80;
                let fields = if flat {
                    self.flat_fields()
                } else {
                    self.fields(id, count)
                };
                Kind::Record { fields, flat }
            }
        };
        TypeDef {
            name: format!("T{id}"),
            aliases: Vec::new(),
            version: 0,
            hooks: Vec::new(),
            kind,
        }
    }

    fn case(&mut self, id: u32, count: u32) -> Case {
        let fields = if self.rng.bool() {
            Fields::default()
        } else {
            self.fields(id, count)
        };
        Case {
            name: self.name(),
            aliases: Vec::new(),
            fields,
        }
    }

    fn flat_fields(&mut self) -> Fields {
        let number = [Number::U32, Number::F32, Number::S32][self.rng.usize(..3)];
        let list = (0..self.rng.usize(1..6))
            .map(|_| self.field(Type::Number(number)))
            .collect();
        Fields {
            style: Style::Named,
            list,
            skipped: Vec::new(),
        }
    }

    fn fields(&mut self, id: u32, count: u32) -> Fields {
        let list = (0..self.rng.usize(0..6))
            .map(|_| {
                let ty = self.ty(id, count, 3, true);
                self.field(ty)
            })
            .collect();
        Fields {
            style: Style::Named,
            list,
            skipped: Vec::new(),
        }
    }

    pub fn field(&mut self, ty: Type) -> Field {
        Field {
            name: self.name(),
            aliases: Vec::new(),
            ty,
            default: Some(DefaultText(None)),
        }
    }

    /// Returns a random type. By value it names only later types, so that no type contains itself.
    pub fn ty(&mut self, id: u32, count: u32, depth: u32, by_value: bool) -> Type {
        let boxed = |this: &mut Self, by_value| Box::new(this.ty(id, count, depth - 1, by_value));
        match self.rng.u8(0..if depth > 0 { 18 } else { 9 }) {
            0..6 => Type::Number(Number::ALL[self.rng.usize(..10)]),
            6 => Type::Bool,
            7 => Type::String,
            8 => Type::Char,
            9 => Type::List(boxed(self, false)),
            10 => Type::Array(boxed(self, by_value), self.rng.u32(0..4)),
            11 => Type::Set(Box::new(Type::Number(Number::U32))),
            12 => Type::Map(Box::new(Type::String), boxed(self, false)),
            13 => Type::Option(boxed(self, false)),
            14 => Type::Result(boxed(self, true), boxed(self, true)),
            15 => Type::Tuple(
                (0..self.rng.u32(0..3))
                    .map(|_| *boxed(self, by_value))
                    .collect(),
            ),
            _ if by_value && id + 1 >= count => Type::Bool,
            _ if by_value => Type::Named(self.rng.u32(id + 1..count)),
            _ => Type::Named(self.rng.u32(..count)),
        }
    }

    pub fn value(&mut self, schema: &Schema, ty: &Type, depth: u32) -> Value {
        let few = |this: &mut Self| if depth == 0 { 0 } else { this.rng.usize(0..4) };
        let next = depth.saturating_sub(1);
        match ty {
            Type::Bool => Value::Bool(self.rng.bool()),
            Type::Number(number) => self.number(*number),
            Type::Char => Value::Char(self.rng.char(..)),
            Type::String => Value::String(
                (0..self.rng.usize(0..8))
                    .map(|_| self.rng.char(..))
                    .collect(),
            ),
            Type::List(item) => {
                // Some lists are long enough to be a segment.
                let long =
                    depth > 3 && schema.layout(item).as_flat().is_some() && self.rng.u8(..) < 40;
                let count = if long {
                    self.rng.usize(500..2000)
                } else {
                    few(self)
                };
                Value::List((0..count).map(|_| self.value(schema, item, next)).collect())
            }
            Type::Array(item, count) => Value::List(
                (0..*count)
                    .map(|_| self.value(schema, item, next))
                    .collect(),
            ),
            Type::Set(_) => {
                Value::List((0..few(self)).map(|i| Value::Unsigned(i as u64)).collect())
            }
            Type::Map(_, item) => {
                let entry = |this: &mut Self, i| {
                    (
                        Value::String(format!("k{i}")),
                        this.value(schema, item, next),
                    )
                };
                Value::Map((0..few(self)).map(|i| entry(self, i)).collect())
            }
            Type::Option(item) => {
                let some = depth > 0 && self.rng.bool();
                Value::Option(some.then(|| Box::new(self.value(schema, item, next))))
            }
            Type::Result(ok, err) => Value::Result(match self.rng.bool() {
                true => Ok(Box::new(self.value(schema, ok, next))),
                false => Err(Box::new(self.value(schema, err, next))),
            }),
            Type::Tuple(items) => Value::Tuple(
                items
                    .iter()
                    .map(|item| self.value(schema, item, next))
                    .collect(),
            ),
            Type::Named(id) => match &schema.get(*id).kind {
                Kind::Record { fields, .. } => self.record(schema, fields, next),
                Kind::Variant(cases) => {
                    let case = &cases[self.rng.usize(..cases.len())];
                    let carries = !case.fields.list.is_empty();
                    let carried =
                        carries.then(|| Box::new(self.record(schema, &case.fields, next)));
                    Value::Variant(case.name.clone(), carried)
                }
                Kind::Flags(flags) => {
                    let set = flags.iter().filter(|_| self.rng.bool());
                    Value::Flags(set.map(|flag| flag.name.clone()).collect())
                }
            },
        }
    }

    fn record(&mut self, schema: &Schema, fields: &Fields, depth: u32) -> Value {
        let field = |field: &Field| (field.name.clone(), self.value(schema, &field.ty, depth));
        Value::Record(fields.list.iter().map(field).collect())
    }

    fn number(&mut self, number: Number) -> Value {
        let any = self.rng.u64(..);
        match number {
            Number::U8 => Value::Unsigned(any & 0xff),
            Number::U16 => Value::Unsigned(any & 0xffff),
            Number::U32 => Value::Unsigned(any & 0xffff_ffff),
            Number::U64 => Value::Unsigned(any),
            Number::S8 => Value::Signed((any as i8).into()),
            Number::S16 => Value::Signed((any as i16).into()),
            Number::S32 => Value::Signed((any as i32).into()),
            Number::S64 => Value::Signed(any as i64),
            // All bit patterns are possible, also NaNs and infinities.
            Number::F32 => Value::F32(f32::from_bits(any as u32)),
            Number::F64 => Value::F64(f64::from_bits(any)),
        }
    }
}

/// Returns the defaults of a generated schema, all empty or zero, as a guest's export gives them.
pub fn defaults(schema: &Schema) -> Vec<u8> {
    let mut out = Vec::new();
    for def in schema.types() {
        let fields: Vec<&Fields> = match &def.kind {
            Kind::Record { fields, .. } => vec![fields],
            Kind::Variant(cases) | Kind::Flags(cases) => {
                cases.iter().map(|case| &case.fields).collect()
            }
        };
        for field in fields
            .iter()
            .flat_map(|fields| &fields.list)
            .filter(|field| field.default.is_some())
        {
            let schema = Schema::new(field.ty.clone(), schema.types().to_vec()).unwrap();
            out.extend(
                value::encode(&schema, &zero(&schema, &field.ty))
                    .unwrap()
                    .tree,
            );
        }
    }
    out
}

pub fn zero(schema: &Schema, ty: &Type) -> Value {
    let record = |fields: &Fields| {
        Value::Record(
            fields
                .list
                .iter()
                .map(|field| (field.name.clone(), zero(schema, &field.ty)))
                .collect(),
        )
    };
    match ty {
        Type::Bool => Value::Bool(false),
        Type::Number(Number::F32) => Value::F32(0.0),
        Type::Number(Number::F64) => Value::F64(0.0),
        Type::Number(_) => Value::Unsigned(0),
        Type::Char => Value::Char('0'),
        Type::String => Value::String(String::new()),
        Type::List(_) | Type::Set(_) => Value::List(Vec::new()),
        Type::Array(item, count) => Value::List((0..*count).map(|_| zero(schema, item)).collect()),
        Type::Map(..) => Value::Map(Vec::new()),
        Type::Option(_) => Value::Option(None),
        Type::Result(ok, _) => Value::Result(Ok(Box::new(zero(schema, ok)))),
        Type::Tuple(items) => Value::Tuple(items.iter().map(|item| zero(schema, item)).collect()),
        Type::Named(id) => match &schema.get(*id).kind {
            Kind::Record { fields, .. } => record(fields),
            Kind::Variant(cases) => {
                let carried =
                    (!cases[0].fields.list.is_empty()).then(|| Box::new(record(&cases[0].fields)));
                Value::Variant(cases[0].name.clone(), carried)
            }
            Kind::Flags(_) => Value::Flags(Vec::new()),
        },
    }
}
