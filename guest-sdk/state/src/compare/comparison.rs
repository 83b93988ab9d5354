//! Two schemas compared in one walk: the changes, the verdict and the plan. Knows no values.

use super::change::{Change, Verdict, verdict};
use super::plan::{NeedsMigration, Plan};
use super::simplify::simplify;
use super::walk::compare;
use crate::schema::{Schema, Type};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The comparison of an old schema with a new one.
///
/// A comparison owns what it needs. A host makes it when a candidate is prepared, and uses it at
/// the boundary as often as needed. It takes well under a millisecond for a state of 200 types.
///
/// ```
/// use vblank_state::{Comparison, Schema, Verdict};
///
/// let (old, new) = (Schema::of::<u32>(), Schema::of::<u64>());
/// let comparison = Comparison::new(&old, &new);
/// assert_eq!(comparison.verdict(), Verdict::Automatic);
/// assert_eq!(comparison.changes()[0].to_string(), "~ state  u32 → u64  widened");
/// assert!(comparison.plan().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct Comparison {
    old: Arc<Schema>,
    new: Arc<Schema>,
    changes: Vec<Change>,
    verdict: Verdict,
    plan: Result<Plan, NeedsMigration>,
}

impl Comparison {
    /// Compares two schemas, leaf by leaf.
    #[must_use]
    pub fn new(old: &Schema, new: &Schema) -> Comparison {
        Comparison::between(old, old.root(), new, new.root())
    }

    /// Compares a type of one schema with a type of another.
    pub(crate) fn between(old: &Schema, from: &Type, new: &Schema, to: &Type) -> Comparison {
        let mut found = compare(old, from, new, to);
        let verdict = verdict(&found.changes);
        let (old, new) = (Arc::new(old.clone()), Arc::new(new.clone()));
        let plan = if verdict == Verdict::NeedsMigration {
            let needs = |change: &&Change| change.verdict() == Verdict::NeedsMigration;
            Err(NeedsMigration {
                changes: found.changes.iter().filter(needs).cloned().collect(),
                report: OnceLock::new(),
            })
        } else {
            simplify(&old, &new, &mut found);
            Ok(Plan {
                old: old.clone(),
                new: new.clone(),
                root: found.root,
                named_steps: found.named_steps,
            })
        };
        Comparison {
            old,
            new,
            changes: found.changes,
            verdict,
            plan,
        }
    }

    /// Returns the old schema.
    #[must_use]
    pub fn old_schema(&self) -> &Schema {
        &self.old
    }

    /// Returns the new schema.
    #[must_use]
    pub fn new_schema(&self) -> &Schema {
        &self.new
    }

    /// Returns every change, in the order in which the new state is walked.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the verdict on the whole step.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Returns the plan from the old schema to the new one.
    ///
    /// # Errors
    /// Returns the changes that need a migration, if there are any.
    pub fn plan(&self) -> Result<&Plan, &NeedsMigration> {
        self.plan.as_ref()
    }

    /// Turns the comparison into its plan.
    ///
    /// # Errors
    /// Returns the changes that need a migration, if there are any.
    pub fn into_plan(self) -> Result<Plan, NeedsMigration> {
        self.plan
    }
}

/// Writes one change a line, and the verdict last.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        write!(f, "{}", self.verdict)
    }
}
