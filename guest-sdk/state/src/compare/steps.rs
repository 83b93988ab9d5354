//! The steps of a plan, as data.

use crate::schema::{Number, Type};

/// The conversion of a value of one type to a value of another.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub old: Type,
    pub new: Type,
    pub step: Step,
}

impl Op {
    /// Returns true when this type itself has no conversion. Named types inside it are not looked
    /// at.
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
    /// The bytes move unchanged.
    Copy,
    Number(Number, Number),
    /// Conversion between a string and its bytes.
    Text,
    /// Conversion between lists and arrays, item by item.
    Items(Box<Op>),
    Set(Box<Op>),
    Map(Box<Op>, Box<Op>),
    Option(Box<Op>),
    Result(Box<Op>, Box<Op>),
    Tuple(Vec<Op>),
    /// The value becomes a present option.
    ToSome(Box<Op>),
    /// The value becomes a list of one item.
    ToList(Box<Op>),
    /// Conversion between named types, by its index in the plan.
    Named(usize),
    /// No conversion. A finished plan has no such step.
    Impossible,
}

/// The conversion of one named type to another.
#[derive(Clone, Debug)]
pub(crate) struct NamedStep {
    pub old: u32,
    pub new: u32,
    pub kind: NamedStepKind,
}

#[derive(Clone, Debug)]
pub(crate) enum NamedStepKind {
    Record(FieldSteps),
    /// New case of each old case, or `None` when it was removed.
    Variant(Vec<Option<(u32, FieldSteps)>>),
    /// New flag of each old flag, or `None` when it was removed.
    Flags(Vec<Option<u32>>),
    /// A hook of the new type makes the value from the whole old one, which has this version.
    Replace(u32),
}

/// The conversion of the fields of a record or case.
#[derive(Clone, Debug)]
pub(crate) struct FieldSteps {
    /// Source of the value of each new field.
    pub sources: Vec<Source>,
    /// Indices of the old fields that have no new field.
    pub parked: Vec<usize>,
    /// True when lists of the record keep their layout.
    pub same_layout: bool,
    /// Version of the old type, when hooks of the new type lead on from it.
    pub hook_version: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// An old field, by its index.
    OldField(usize, Op),
    /// An old field, by its index, and new aliases. A value that is parked under one of them comes
    /// back, and the old field's own value is parked instead.
    ClaimParked(usize, Op, Vec<String>),
    /// A parked value, or the default.
    New,
}
