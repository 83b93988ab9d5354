//! Running hosts: finds the one that the user means, and sends it requests.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use super::folders;
use crate::control::{Answer, Request, Status, ask, listening};

/// A running host, known by its socket.
pub(super) struct Host(PathBuf);

impl Host {
    /// Finds the host that runs this guest, or the only one if no guest is given.
    ///
    /// # Errors
    /// When there is no such host, or several.
    pub(super) fn find(guest: Option<&Path>) -> anyhow::Result<Self> {
        let mut hosts = all(guest)?;
        match (hosts.len(), guest) {
            (1, _) => Ok(hosts.remove(0)),
            (0, Some(guest)) => bail!("no host runs {}", guest.display()),
            (0, None) => bail!("no host runs; start one with `host run GUEST`"),
            (_, Some(guest)) => bail!(
                "several hosts run {}; end all but one of them:{}",
                guest.display(),
                list(&hosts)
            ),
            (_, None) => bail!("several hosts run; say which with --guest:{}", list(&hosts)),
        }
    }

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
    anyhow!("the host answers something else, is it of another version? {answer:?}")
}

/// Lists hosts, one on each line.
fn list(hosts: &[Host]) -> String {
    let lines = hosts.iter().map(|host| match host.status() {
        Ok(status) => format!("\n  {}, process {}", status.guest.display(), status.pid),
        Err(error) => format!("\n  {error:#}"),
    });
    lines.collect()
}
