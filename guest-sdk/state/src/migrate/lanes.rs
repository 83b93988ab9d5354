//! Migrates lists of fixed-size items column by column. Knows nothing of what lies outside the
//! list.
//!
//! An operation between two fixed-size types is a handful of lanes: bytes that move, numbers that
//! widen, defaults that fill, columns that are parked. Each lane runs over a block of items that
//! stays in the cache, in a loop without branches.

use super::defaults::Defaults;
use crate::compare::Plan;
use crate::compare::steps::{FieldSteps, NamedStepKind, Op, Source, Step};
use crate::number;
use crate::refusal::Refusal;
use crate::schema::{Kind, Number, Schema, Type};

/// More lanes are not faster than migrating item by item.
const MAX_LANES: usize = 256;
/// Bytes of old items in one block.
const BLOCK: usize = 8 << 10;

/// The lanes of one operation.
pub(super) struct Lanes {
    pub old_size: usize,
    pub new_size: usize,
    lanes: Vec<Lane>,
    pub fills: Vec<FillLane>,
    pub parks: Vec<ParkLane>,
}

enum Lane {
    Copy {
        from: usize,
        to: usize,
        len: usize,
    },
    Number {
        from: usize,
        to: usize,
        a: Number,
        b: Number,
    },
    Fill {
        to: usize,
        bytes: Vec<u8>,
    },
}

/// A new field, for which a parked column may exist.
pub(super) struct FillLane {
    pub to: usize,
    pub size: usize,
    pub new: u32,
    pub field: usize,
    /// Path from the item to the record of the field, with a dot before each name.
    pub path: String,
}

/// A removed field.
pub(super) struct ParkLane {
    pub from: usize,
    pub size: usize,
    pub old: u32,
    pub new: u32,
    pub field: usize,
    /// Path from the item to the record of the field, with a dot before each name.
    pub path: String,
}

/// Calls a method with a constant length for each common length, so that the compiler unrolls the
/// copy.
macro_rules! sized {
    ($len:expr, $this:ident.$method:ident($($arg:expr),*), $otherwise:block) => {
        match $len {
            1 => $this.$method::<1>($($arg),*),
            2 => $this.$method::<2>($($arg),*),
            4 => $this.$method::<4>($($arg),*),
            8 => $this.$method::<8>($($arg),*),
            12 => $this.$method::<12>($($arg),*),
            16 => $this.$method::<16>($($arg),*),
            20 => $this.$method::<20>($($arg),*),
            24 => $this.$method::<24>($($arg),*),
            28 => $this.$method::<28>($($arg),*),
            32 => $this.$method::<32>($($arg),*),
            _ => $otherwise,
        }
    };
}

impl Lanes {
    /// Compiles an operation into lanes. Returns `None` when a size is not fixed or a step needs
    /// more than lanes.
    pub fn new(plan: &Plan, op: &Op, defaults: &Defaults<'_>, revives: bool) -> Option<Lanes> {
        let old_size = plan.old.layout(&op.old).size().filter(|size| *size > 0)?;
        let new_size = plan.new.layout(&op.new).size().filter(|size| *size > 0)?;
        let mut compile = LaneCompiler {
            plan,
            defaults,
            revives,
            lanes: Lanes {
                old_size,
                new_size,
                lanes: Vec::new(),
                fills: Vec::new(),
                parks: Vec::new(),
            },
            path: String::new(),
            in_array: false,
        };
        compile.op(op, 0, 0)?;
        Some(compile.lanes)
    }

    /// Turns old items into as many new ones.
    ///
    /// # Errors
    /// Returns the index of the first item with a number that does not fit, and the reason.
    pub fn run(&self, old: &[u8], new: &mut [u8]) -> Result<(), (usize, Refusal)> {
        let items = (BLOCK / self.old_size).max(1);
        let blocks = old
            .chunks(items * self.old_size)
            .zip(new.chunks_mut(items * self.new_size));
        for (block, (old, new)) in blocks.enumerate() {
            for lane in &self.lanes {
                self.lane(lane, old, new)
                    .map_err(|(item, refusal)| (block * items + item, refusal))?;
            }
        }
        Ok(())
    }

    fn lane(&self, lane: &Lane, old: &[u8], new: &mut [u8]) -> Result<(), (usize, Refusal)> {
        match lane {
            Lane::Copy { from, to, len } => {
                sized!(*len, self.copy(old, new, *from, *to), {
                    self.rows(old, new, |old, new| {
                        new[*to..to + len].copy_from_slice(&old[*from..from + len])
                    })
                });
                Ok(())
            }
            Lane::Fill { to, bytes } => {
                sized!(bytes.len(), self.fill(new, *to, bytes), {
                    new.chunks_exact_mut(self.new_size)
                        .for_each(|new| new[*to..*to + bytes.len()].copy_from_slice(bytes))
                });
                Ok(())
            }
            Lane::Number { from, to, a, b } => self.number(old, new, *from, *to, *a, *b),
        }
    }

    fn rows(&self, old: &[u8], new: &mut [u8], mut each: impl FnMut(&[u8], &mut [u8])) {
        let rows = old
            .chunks_exact(self.old_size)
            .zip(new.chunks_exact_mut(self.new_size));
        rows.for_each(|(old, new)| each(old, new));
    }

    fn fill<const N: usize>(&self, new: &mut [u8], to: usize, bytes: &[u8]) {
        let bytes: [u8; N] = bytes.try_into().expect("the length was matched");
        new.chunks_exact_mut(self.new_size)
            .for_each(|new| new[to..to + N].copy_from_slice(&bytes));
    }

    fn copy<const N: usize>(&self, old: &[u8], new: &mut [u8], from: usize, to: usize) {
        self.map(old, new, from, to, |bytes: [u8; N]| bytes);
    }

    fn map<const A: usize, const B: usize>(
        &self,
        old: &[u8],
        new: &mut [u8],
        from: usize,
        to: usize,
        convert: impl Fn([u8; A]) -> [u8; B],
    ) {
        self.rows(old, new, |old, new| {
            let bytes = old[from..from + A]
                .try_into()
                .expect("a slice of this length");
            new[to..to + B].copy_from_slice(&convert(bytes));
        });
    }

    fn number(
        &self,
        old: &[u8],
        new: &mut [u8],
        from: usize,
        to: usize,
        a: Number,
        b: Number,
    ) -> Result<(), (usize, Refusal)> {
        /// Generates a loop for each pair of types that loses nothing. All other pairs are
        /// converted value by value.
        macro_rules! widenings {
            ($($a:ident $x:ty => $($b:ident $y:ty),*;)*) => {
                match (a, b) {
                    $($((Number::$a, Number::$b) => {
                        self.map(old, new, from, to, |bytes| (<$x>::from_le_bytes(bytes) as $y).to_le_bytes());
                        return Ok(());
                    })*)*
                    (Number::F32, Number::F64) => {
                        self.map(old, new, from, to, |bytes| number::widen(f32::from_le_bytes(bytes)).to_le_bytes());
                        return Ok(());
                    }
                    _ => {}
                }
            };
        }
        widenings! {
            U8 u8 => U16 u16, U32 u32, U64 u64, S16 i16, S32 i32, S64 i64, F32 f32, F64 f64;
            U16 u16 => U32 u32, U64 u64, S32 i32, S64 i64, F32 f32, F64 f64;
            U32 u32 => U64 u64, S64 i64, F64 f64;
            S8 i8 => S16 i16, S32 i32, S64 i64, F32 f32, F64 f64;
            S16 i16 => S32 i32, S64 i64, F32 f32, F64 f64;
            S32 i32 => S64 i64, F64 f64;
        }
        let rows = old
            .chunks_exact(self.old_size)
            .zip(new.chunks_exact_mut(self.new_size));
        for (index, (old, new)) in rows.enumerate() {
            let bytes = &old[from..from + a.size()];
            let Some((word, size)) = number::convert(a, b, bytes) else {
                return Err((index, Refusal::does_not_fit(a, b, bytes)));
            };
            new[to..to + size].copy_from_slice(&word[..size]);
        }
        Ok(())
    }
}

struct LaneCompiler<'p> {
    plan: &'p Plan,
    defaults: &'p Defaults<'p>,
    /// True when parked values may come back.
    revives: bool,
    lanes: Lanes,
    path: String,
    in_array: bool,
}

impl LaneCompiler<'_> {
    /// Compiles one operation. Returns `None` when lanes cannot express it.
    fn op(&mut self, op: &Op, from: usize, to: usize) -> Option<()> {
        match &op.step {
            Step::Copy => self.copy(from, to, size(&self.plan.old, &op.old)?),
            Step::Number(a, b) => self.push(Lane::Number {
                from,
                to,
                a: *a,
                b: *b,
            }),
            Step::Items(item) => {
                let (Type::Array(_, count), Type::Array(..)) = (&op.old, &op.new) else {
                    return None;
                };
                let (old, new) = (
                    size(&self.plan.old, &item.old)?,
                    size(&self.plan.new, &item.new)?,
                );
                let outer = std::mem::replace(&mut self.in_array, true);
                for index in 0..*count as usize {
                    self.op(item, from + index * old, to + index * new)?;
                }
                self.in_array = outer;
                Some(())
            }
            Step::Tuple(items) => {
                let (mut from, mut to) = (from, to);
                for (index, item) in items.iter().enumerate() {
                    self.within(&index.to_string(), |this| this.op(item, from, to))?;
                    from += size(&self.plan.old, &item.old)?;
                    to += size(&self.plan.new, &item.new)?;
                }
                Some(())
            }
            Step::Named(id) => {
                let step = &self.plan.named_steps[*id];
                match &step.kind {
                    NamedStepKind::Record(fields) if fields.hook_version.is_none() => {
                        self.record(step.old, step.new, fields, from, to)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn record(
        &mut self,
        old: u32,
        new: u32,
        steps: &FieldSteps,
        from: usize,
        mut to: usize,
    ) -> Option<()> {
        let plan = self.plan;
        let (Kind::Record { fields: olds, .. }, Kind::Record { fields: news, .. }) =
            (&plan.old.get(old).kind, &plan.new.get(new).kind)
        else {
            return None;
        };
        let mut at = from;
        let mut places = Vec::new();
        for field in &olds.list {
            places.push(at);
            at += size(&plan.old, &field.ty)?;
        }
        for (index, (source, field)) in steps.sources.iter().zip(&news.list).enumerate() {
            let len = size(&plan.new, &field.ty)?;
            match source {
                Source::ClaimParked(..) if self.revives => return None,
                Source::OldField(old, op) | Source::ClaimParked(old, op, _) => {
                    self.within(&field.name, |this| this.op(op, places[*old], to))?
                }
                // A value in an array has more than one index, and a parked column has only one.
                Source::New if self.in_array => return None,
                Source::New => {
                    let bytes = self.defaults.get(new, 0, index)?.to_vec();
                    self.push(Lane::Fill { to, bytes })?;
                    self.lanes.fills.push(FillLane {
                        to,
                        size: len,
                        new,
                        field: index,
                        path: self.path.clone(),
                    });
                }
            }
            to += len;
        }
        for index in &steps.parked {
            if self.in_array {
                return None;
            }
            let len = size(&plan.old, &olds.list[*index].ty)?;
            let park = ParkLane {
                from: places[*index],
                size: len,
                old,
                new,
                field: *index,
                path: self.path.clone(),
            };
            self.lanes.parks.push(park);
        }
        Some(())
    }

    /// Adds bytes that move. They join the previous lane when both sides continue it.
    fn copy(&mut self, from: usize, to: usize, len: usize) -> Option<()> {
        match self.lanes.lanes.last_mut() {
            Some(Lane::Copy {
                from: f,
                to: t,
                len: l,
            }) if *f + *l == from && *t + *l == to => {
                *l += len;
                return Some(());
            }
            _ => {}
        }
        if len == 0 {
            Some(())
        } else {
            self.push(Lane::Copy { from, to, len })
        }
    }

    fn push(&mut self, lane: Lane) -> Option<()> {
        self.lanes.lanes.push(lane);
        (self.lanes.lanes.len() <= MAX_LANES).then_some(())
    }

    fn within(&mut self, name: &str, work: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let len = self.path.len();
        self.path.push('.');
        self.path.push_str(name);
        work(self)?;
        self.path.truncate(len);
        Some(())
    }
}

fn size(schema: &Schema, ty: &Type) -> Option<usize> {
    schema.layout(ty).size()
}
