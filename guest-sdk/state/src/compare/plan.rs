//! The plan that turns a state of one schema into a state of another. Knows no values:
//! [`crate::apply`] executes it.

use super::change::Change;
use super::steps::{NamedStep, NamedStepKind, Op, Step};
use crate::schema::Schema;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The way from one schema to another.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) old: Arc<Schema>,
    pub(crate) new: Arc<Schema>,
    pub(crate) root: Op,
    pub(crate) named_steps: Vec<NamedStep>,
}

/// The changes that only the author can decide, and because of which there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedsMigration {
    /// The changes, each with the verdict [`NeedsMigration`](crate::Verdict::NeedsMigration).
    pub changes: Vec<Change>,
    /// The report on them, once it was made.
    pub(crate) report: OnceLock<String>,
}

impl Plan {
    /// Returns true when the bytes move unchanged.
    pub fn is_identity(&self) -> bool {
        matches!(self.root.step, Step::Copy)
    }

    /// Returns true when values of some field would be parked.
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

    /// Returns true when the new state is complete only after hooks of the new guest have run.
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

/// Changes in the text of an error.
const MOST_LISTED: usize = 100;

impl fmt::Display for NeedsMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state needs a migration")?;
        let listed = self.changes.iter().take(MOST_LISTED);
        for change in listed {
            write!(f, "\n  {change}")?;
        }
        match self.changes.len().checked_sub(MOST_LISTED) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  … and {more} more changes"),
        }
    }
}

impl std::error::Error for NeedsMigration {}
