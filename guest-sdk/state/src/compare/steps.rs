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
            Step::Never => true,
            Step::Items(a) | Step::Set(a) | Step::Option(a) | Step::Some(a) | Step::One(a) => {
                a.is_broken()
            }
            Step::Map(a, b) | Step::Result(a, b) => a.is_broken() || b.is_broken(),
            Step::Tuple(items) => items.iter().any(Op::is_broken),
            Step::Same | Step::Number(..) | Step::Text | Step::Link(_) => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The bytes move as they are.
    Same,
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
    Some(Box<Op>),
    /// The value becomes a list of one.
    One(Box<Op>),
    /// Between named types.
    Link(usize),
    /// There is no way; a plan has none of these.
    Never,
}

/// How one named type becomes another.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub old: u32,
    pub new: u32,
    pub kind: LinkKind,
}

#[derive(Clone, Debug)]
pub(crate) enum LinkKind {
    Record(FieldsLink),
    /// For each old case, the new one, unless it is gone.
    Variant(Vec<Option<(u32, FieldsLink)>>),
    /// For each old flag, the new one, unless it is gone.
    Flags(Vec<Option<u32>>),
    /// A hook of the new type makes its value of all of the old one, which was of this version.
    Replaced(u32),
}

/// How fields become other fields.
#[derive(Clone, Debug)]
pub(crate) struct FieldsLink {
    /// For each new field, where its value comes from.
    pub sources: Vec<Source>,
    /// The old fields that no new one takes.
    pub parked: Vec<usize>,
    /// Whether lists of the record are laid out as they were.
    pub same_layout: bool,
    /// The old version, when hooks of the new type lead on from it.
    pub hooked: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// An old field, by its place.
    From(usize, Op),
    /// As before, but the field says for the first time that it had these names: where a value is
    /// parked under one of them, that value comes back, and the field's own is parked.
    Claim(usize, Op, Vec<String>),
    /// A parked value, or the default.
    Added,
}
