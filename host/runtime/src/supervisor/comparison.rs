//! stand-in until vblank-state has it
use std::sync::Arc;

use vblank_state::{Change, Plan, Schema, Verdict, diff, explain};
pub struct Comparison {
    old: Arc<Schema>,
    new: Arc<Schema>,
    verdict: Verdict,
    changes: Vec<Change>,
    plan: Result<Plan, String>,
}
impl Comparison {
    pub fn new(old: &Arc<Schema>, new: &Arc<Schema>) -> Self {
        let d = diff(old, new);
        let plan = Plan::new(old, new).map_err(|needed| explain(old, new, &needed));
        Self {
            old: Arc::clone(old),
            new: Arc::clone(new),
            verdict: d.verdict,
            changes: d.changes,
            plan,
        }
    }
    pub fn is_of(&self, old: &Schema, new: &Schema) -> bool {
        std::ptr::eq(&*self.old, old) && std::ptr::eq(&*self.new, new)
    }
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
    pub fn plan(&self) -> Result<&Plan, &String> {
        self.plan.as_ref()
    }
}
