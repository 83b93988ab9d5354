//! `host history`: lists the versions of a guest that ran. It changes nothing.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use vblank_runtime::history::{Entry, VersionOutcome, has_code, read};

use super::output::fail;
use super::{folders, hosts};

/// List the versions of a guest that ran, the newest last
#[derive(Args)]
pub(super) struct History {
    /// The guest; may be left out when only one guest runs
    guest: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A line of the list. Names are a contract.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    entry: Entry,
    /// Time at which the version took over, as RFC 3339.
    at: String,
    /// True if a host runs the version now.
    runs: bool,
    /// True if the version's code is kept, so that a rollback to it is possible.
    code_kept: bool,
}

impl History {
    pub(super) fn execute(self) -> u8 {
        self.list().unwrap_or_else(|error| fail(&error, 1))
    }

    fn list(self) -> anyhow::Result<u8> {
        let guest = match self.guest {
            Some(guest) => guest,
            None => hosts::only_guest()?,
        };
        if !guest.exists() {
            bail!("no such file or folder: {}", guest.display());
        }
        let folder = folders::history_of(&guest).unwrap_or_default();
        // Hosts write their history before they answer, so they are asked before it is read. A host
        // that does not answer is assumed to run nothing.
        let hosts = hosts::all(Some(&guest))?;
        let running: Vec<String> = hosts
            .iter()
            .filter_map(|host| Some(host.status().ok()?.run))
            .collect();
        let lines = read(&folder).into_iter().map(|mut entry| {
            let runs = entry.outcome == VersionOutcome::Current && running.contains(&entry.run);
            if entry.outcome == VersionOutcome::Current && !runs {
                entry.outcome = VersionOutcome::Killed;
            }
            let at = UNIX_EPOCH + Duration::from_millis(entry.at_ms);
            Line {
                at: humantime::format_rfc3339_seconds(at).to_string(),
                runs,
                code_kept: has_code(&folder, &entry.hash),
                entry,
            }
        });
        let lines: Vec<Line> = lines.collect();
        if self.json {
            outln!("{}", serde_json::to_string_pretty(&lines)?);
        } else if lines.is_empty() {
            outln!("{} has not run yet", guest.display());
        } else {
            print_table(&lines);
        }
        Ok(0)
    }
}

fn print_table(lines: &[Line]) {
    outln!(
        "  {:<6}  {:<20}  {:<6}  {:<9}  {:>9}  outcome",
        "hash",
        "when",
        "schema",
        "verdict",
        "pause"
    );
    for Line {
        entry, at, runs, ..
    } in lines
    {
        let mark = if *runs { '*' } else { ' ' };
        let (hash, schema) = (first(&entry.hash), first(&entry.schema));
        let verdict = entry
            .verdict
            .map_or("-".to_owned(), |verdict| verdict.to_string());
        let pause = entry.pause_us;
        let pause = pause.map_or("-".to_owned(), |us| format!("{:.2} ms", us / 1e3));
        let outcome = match (entry.outcome, &entry.reason) {
            (outcome, Some(reason)) => format!("{outcome}: {reason}"),
            (outcome, None) => outcome.to_string(),
        };
        outln!("{mark} {hash:<6}  {at:<20}  {schema:<6}  {verdict:<9}  {pause:>9}  {outcome}");
    }
}

/// Returns the digits of a hash that people see.
fn first(hash: &str) -> &str {
    hash.get(..6).unwrap_or(hash)
}
