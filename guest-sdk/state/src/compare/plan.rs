//! How a state of one schema becomes a state of another: made from the two schemas alone, a
//! pure function, and executed by [`crate::apply`].

use super::change::Change;
use super::steps::{NamedStep, NamedStepKind, Op, Step};
use crate::schema::Schema;
use std::fmt;
use std::sync::Arc;

/// A way from one schema to another.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) old: Arc<Schema>,
    pub(crate) new: Arc<Schema>,
    pub(crate) root: Op,
    pub(crate) named_steps: Vec<NamedStep>,
}

/// Why there is no plan: the changes that only the author can decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedsMigration {
    /// The changes in question.
    pub changes: Vec<Change>,
}

impl Plan {
    /// Whether the bytes move as they are.
    pub fn is_identity(&self) -> bool {
        matches!(self.root.step, Step::Copy)
    }

    /// Whether values of some field would be parked.
    pub(crate) fn parks(&self) -> bool {
        self.named_steps.iter().any(|step| match &step.kind {
            NamedStepKind::Record(fields) => !fields.parked.is_empty(),
            NamedStepKind::Variant(cases) => cases
                .iter()
                .flatten()
                .any(|(_, fields)| !fields.parked.is_empty()),
            NamedStepKind::Flags(_) => false,
            NamedStepKind::Replace(_) => true,
        }) || self.runs_hooks()
    }

    /// Whether the new state is complete only when hooks of the new guest have run.
    pub fn runs_hooks(&self) -> bool {
        self.named_steps.iter().any(|step| match &step.kind {
            NamedStepKind::Record(fields) => fields.hook_version.is_some(),
            NamedStepKind::Variant(cases) => cases
                .iter()
                .flatten()
                .any(|(_, fields)| fields.hook_version.is_some()),
            NamedStepKind::Flags(_) => false,
            NamedStepKind::Replace(_) => true,
        })
    }
}

impl fmt::Display for NeedsMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state needs a migration")?;
        self.changes
            .iter()
            .try_for_each(|change| write!(f, "\n  {change}"))
    }
}

impl std::error::Error for NeedsMigration {}
