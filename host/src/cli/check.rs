//! `host check`: tells before a swap whether the state of one version fits another. Nothing is changed.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use vblank_runtime::error::GuestError;
use vblank_runtime::files;
use vblank_runtime::guest::{Code, Instance};
use vblank_runtime::image::Image;
use vblank_state::{Change, ChangeKind, Comparison, Schema, Verdict, explain};

use super::guest_file::guest_file;
use super::output::{answer_by_exit_code, fail};

/// Check field by field whether the state of OLD can go on in NEW
///
/// Exit code: 0 when it can, 1 when it needs a migration, 2 when the answer could not be given
#[derive(Args)]
pub(super) struct Check {
    /// A guest, or an image of its state
    old: PathBuf,
    /// A guest
    new: PathBuf,
    /// Count a field that would be parked as one that needs a migration
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    verdict: &'static str,
    old: String,
    new: String,
    changes: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    path: String,
    verdict: &'static str,
    text: String,
}

/// Changes that are listed for people.
const MOST_LISTED: usize = 1000;

impl Check {
    pub(super) fn execute(self) -> u8 {
        answer_by_exit_code();
        self.check().unwrap_or_else(|error| fail(&error, 2))
    }

    fn check(&self) -> anyhow::Result<u8> {
        let (old, old_schema) = schema_of(&self.old)?;
        let (new, new_schema) = schema_of(&self.new)?;
        let comparison = Comparison::new(&old_schema, &new_schema);
        if self.json {
            let changes = comparison.changes().iter().map(|change| Line {
                path: change.path.clone(),
                verdict: name(change.verdict()),
                text: change.to_string(),
            });
            let answer = Answer {
                verdict: name(comparison.verdict()),
                old,
                new,
                changes: changes.collect(),
            };
            outln!("{}", serde_json::to_string_pretty(&answer)?);
        } else {
            outln!("{}", comparison.verdict());
            let by_itself = |change: &&Change| change.verdict() != Verdict::NeedsMigration;
            let by_itself = || comparison.changes().iter().filter(by_itself);
            for change in by_itself().take(MOST_LISTED) {
                outln!("  {change}");
            }
            let more = by_itself().skip(MOST_LISTED).count();
            if more > 0 {
                outln!("  … and {more} more changes; --json lists all");
            }
            if let Err(needed) = comparison.plan() {
                outln!("\n{}", explain(&old_schema, &new_schema, needed).trim_end());
            }
        }
        Ok(self.exit_code(&comparison))
    }

    fn exit_code(&self, comparison: &Comparison) -> u8 {
        let parks = comparison
            .changes()
            .iter()
            .any(|change| matches!(change.kind, ChangeKind::Removed { .. }));
        match comparison.verdict() {
            Verdict::NeedsMigration => 1,
            _ if self.strict && parks => 1,
            Verdict::DependsOnValues => 2,
            Verdict::Identical | Verdict::Automatic => 0,
        }
    }
}

/// Returns the hash of a guest's code and the schema of its state. `guest` is the guest or an image of its
/// state.
fn schema_of(guest: &Path) -> anyhow::Result<(String, Schema)> {
    let path = guest_file(guest)?;
    let bytes = files::read(&path, Image::MOST_BYTES)
        .with_context(|| format!("cannot read {}", path.display()))?;
    if Image::is_one(&bytes) {
        let image =
            Image::decode(&bytes).map_err(|cause| anyhow!("{}: {cause}", path.display()))?;
        return Ok((image.code, Schema::clone(&image.schema)));
    }
    let read = || -> Result<_, GuestError> {
        let code = Code::from_bytes(bytes)?;
        let schema = Instance::schema_of(&code)?;
        Ok((code.hash.to_string(), schema))
    };
    read().with_context(|| path.display().to_string())
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Identical => "identical",
        Verdict::Automatic => "automatic",
        Verdict::DependsOnValues => "depends-on-values",
        Verdict::NeedsMigration => "needs-migration",
    }
}
