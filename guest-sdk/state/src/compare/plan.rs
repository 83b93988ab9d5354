//! How a state of one schema becomes a state of another: made from the two schemas alone, a
//! pure function, and executed by [`crate::apply`].

use super::change::Change;
use super::steps::{Link, LinkKind, Op, Step};
use crate::schema::Schema;
use std::fmt;
use std::sync::Arc;

/// A way from one schema to another.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) old: Arc<Schema>,
    pub(crate) new: Arc<Schema>,
    pub(crate) root: Op,
    pub(crate) links: Vec<Link>,
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
        matches!(self.root.step, Step::Same)
    }

    /// Whether values of some field would be parked.
    pub(crate) fn parks(&self) -> bool {
        self.links.iter().any(|link| match &link.kind {
            LinkKind::Record(fields) => !fields.parked.is_empty(),
            LinkKind::Variant(cases) => cases
                .iter()
                .flatten()
                .any(|(_, fields)| !fields.parked.is_empty()),
            LinkKind::Flags(_) => false,
            LinkKind::Replaced(_) => true,
        }) || self.is_hooked()
    }

    /// Whether the new state is complete only when hooks of the new guest have run.
    pub fn is_hooked(&self) -> bool {
        self.links.iter().any(|link| match &link.kind {
            LinkKind::Record(fields) => fields.hooked.is_some(),
            LinkKind::Variant(cases) => cases
                .iter()
                .flatten()
                .any(|(_, fields)| fields.hooked.is_some()),
            LinkKind::Flags(_) => false,
            LinkKind::Replaced(_) => true,
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
