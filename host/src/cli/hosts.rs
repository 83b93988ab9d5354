//! Running hosts: finds the one that the user means, and sends it requests.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{anyhow, bail};
use clap::Args;

use super::folders;
use crate::control::{Answer, Request, Status, ask, listening, pid_of};

/// Flags that say which running host is meant, shared by the commands that send it a request.
#[derive(Args)]
pub(super) struct HostArgs {
    /// The guest whose host is meant; may be left out when only one host runs
    #[arg(long)]
    guest: Option<PathBuf>,
    /// The process number of the host that is meant, if several run the same guest
    #[arg(long, value_name = "N")]
    pid: Option<u32>,
}

impl HostArgs {
    /// Finds the host.
    ///
    /// # Errors
    /// When there is no such host, or several.
    pub(super) fn find(&self) -> anyhow::Result<Host> {
        let hosts = all(self.guest.as_deref())?;
        let is_meant = |host: &Host| self.pid.is_none_or(|pid| host.pid() == Some(pid));
        let (mut meant, others): (Vec<Host>, Vec<Host>) = hosts.into_iter().partition(is_meant);
        match (meant.len(), &self.guest, self.pid) {
            (1, ..) => Ok(meant.remove(0)),
            (0, _, Some(pid)) if !others.is_empty() => bail!(
                "no host has the process number {pid}; these run:{}",
                list(&others)
            ),
            (0, Some(guest), _) => bail!("no host runs {}", guest.display()),
            (0, None, _) => bail!("no host runs; start one with `host run GUEST`"),
            (_, Some(guest), _) => bail!(
                "several hosts run {}; say which with --pid:{}",
                guest.display(),
                list(&meant)
            ),
            (_, None, _) => bail!(
                "several hosts run; say which with --guest or --pid:{}",
                list(&meant)
            ),
        }
    }
}

/// A running host, known by its socket.
pub(super) struct Host(PathBuf);

impl Host {
    /// Sends a request and returns the answer.
    ///
    /// # Errors
    /// When the host does not answer, or when the request failed, with the host's reason.
    pub(super) fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        match ask(&self.0, request)? {
            Answer::Failed { message } => Err(anyhow!(message)),
            answer => Ok(answer),
        }
    }

    /// Returns the status of the host.
    ///
    /// # Errors
    /// As for [`Host::ask`].
    pub(super) fn status(&self) -> anyhow::Result<Status> {
        match self.ask(&Request::Status)? {
            Answer::Status(status) => Ok(status),
            other => Err(unexpected(&other)),
        }
    }

    fn pid(&self) -> Option<u32> {
        pid_of(&self.0)
    }
}

/// Returns the guest that runs, for a command that is given none.
///
/// # Errors
/// When no host runs, or hosts run several guests.
pub(super) fn only_guest() -> anyhow::Result<PathBuf> {
    let hosts = all(None)?;
    let statuses: anyhow::Result<Vec<Status>> = hosts.iter().map(Host::status).collect();
    let mut guests: Vec<PathBuf> = statuses?.into_iter().map(|status| status.guest).collect();
    guests.sort();
    guests.dedup();
    match guests.len() {
        1 => Ok(guests.remove(0)),
        0 => bail!("no host runs; start one with `host run GUEST`, or say which GUEST is meant"),
        _ => bail!(
            "several guests run; say which GUEST is meant:{}",
            list(&hosts)
        ),
    }
}

/// Returns all running hosts, or all that run this guest.
pub(super) fn all(guest: Option<&Path>) -> anyhow::Result<Vec<Host>> {
    let name = match guest {
        Some(guest) if !guest.exists() => bail!("no such file or folder: {}", guest.display()),
        Some(guest) => folders::name_of(guest),
        None => None,
    };
    let Some(folder) = folders::sockets() else {
        return Ok(Vec::new());
    };
    let sockets = listening(&folder, name.as_deref())?;
    Ok(sockets.into_iter().map(Host).collect())
}

/// Makes the error for an answer to another request, which only a host of another version sends.
pub(super) fn unexpected(answer: &Answer) -> anyhow::Error {
    anyhow!("unexpected answer; is the host of another version? {answer:?}")
}

/// Lists hosts, one on each line: process number, start, code and guest.
fn list(hosts: &[Host]) -> String {
    let lines = hosts.iter().map(|host| match host.status() {
        Ok(status) => {
            let code = status.hash.as_deref().and_then(|hash| hash.get(..6));
            let code = code.map_or_else(
                || "no version yet".to_owned(),
                |code| format!("code {code}"),
            );
            let since = status.since_ms.map_or(String::new(), |ms| {
                let at = UNIX_EPOCH + Duration::from_millis(ms);
                format!("since {}, ", humantime::format_rfc3339_seconds(at))
            });
            let guest = status.guest.display();
            format!("\n  --pid {}  {since}{code}  {guest}", status.pid)
        }
        Err(error) => format!("\n  {error:#}"),
    });
    lines.collect()
}
