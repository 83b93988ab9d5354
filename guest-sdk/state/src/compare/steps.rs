//! The steps of a plan.

use crate::schema::{Number, Type};

/// How a value of one type becomes a value of another.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub old: Type,
    pub new: Type,
    pub step: Step,
}

impl Op {
    /// Whether there is no way, as far as this type itself goes.
    pub fn is_broken(&self) -> bool {
        match &self.step {
            Step::Impossible => true,
            Step::Items(a) | Step::Set(a) | Step::Option(a) | Step::ToSome(a) | Step::ToList(a) => {
                a.is_broken()
            }
            Step::Map(a, b) | Step::Result(a, b) => a.is_broken() || b.is_broken(),
            Step::Tuple(items) => items.iter().any(Op::is_broken),
            Step::Copy | Step::Number(..) | Step::Text | Step::Named(_) => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The bytes move as they are.
    Copy,
    Number(Number, Number),
    /// Between a string and its bytes.
    Text,
    /// Between lists and arrays, item by item.
    Items(Box<Op>),
    Set(Box<Op>),
    Map(Box<Op>, Box<Op>),
    Option(Box<Op>),
    Result(Box<Op>, Box<Op>),
    Tuple(Vec<Op>),
    /// The value becomes a present option.
    ToSome(Box<Op>),
    /// The value becomes a list of one.
    ToList(Box<Op>),
    /// Between named types.
    Named(usize),
    /// There is no way; a plan has none of these.
    Impossible,
}

/// How one named type becomes another.
#[derive(Clone, Debug)]
pub(crate) struct NamedStep {
    pub old: u32,
    pub new: u32,
    pub kind: NamedStepKind,
}

#[derive(Clone, Debug)]
pub(crate) enum NamedStepKind {
    Record(FieldSteps),
    /// For each old case, the new one, unless it is gone.
    Variant(Vec<Option<(u32, FieldSteps)>>),
    /// For each old flag, the new one, unless it is gone.
    Flags(Vec<Option<u32>>),
    /// A hook of the new type makes its value of all of the old one, which was of this version.
    Replace(u32),
}

/// How fields become other fields.
#[derive(Clone, Debug)]
pub(crate) struct FieldSteps {
    /// For each new field, where its value comes from.
    pub sources: Vec<Source>,
    /// The old fields that no new one takes.
    pub parked: Vec<usize>,
    /// Whether lists of the record are laid out as they were.
    pub same_layout: bool,
    /// The old version, when hooks of the new type lead on from it.
    pub hook_version: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// An old field, by its place.
    OldField(usize, Op),
    /// As before, but the field says for the first time that it had these names: where a value is
    /// parked under one of them, that value comes back, and the field's own is parked.
    ClaimParked(usize, Op, Vec<String>),
    /// A parked value, or the default.
    New,
}
