//! What changed between two schemas, for people: a pure function.

use super::change::{Change, Verdict, verdict};
use super::walk::compare;
use crate::schema::Schema;
use std::fmt;

/// What is to be said of a step from one schema to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// Every change, in the order in which the new state is walked.
    pub changes: Vec<Change>,
}

/// Compares two schemas, leaf by leaf.
pub fn diff(old: &Schema, new: &Schema) -> Diff {
    let changes = compare(old, old.root(), new, new.root()).changes;
    Diff {
        verdict: verdict(&changes),
        changes,
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        write!(f, "{}", self.verdict)
    }
}
