//! Finding the running host that is meant, and asking it.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use super::folders;
use crate::control::{Answer, Request, Status, ask, listening};

/// A host that runs.
pub(super) struct Host(PathBuf);

impl Host {
    /// The one that runs this guest, or the only one.
    ///
    /// # Errors
    /// When there is none, or are several.
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

    /// Ask it.
    ///
    /// # Errors
    /// When it does not answer, or could not do it; then with its own reason.
    pub(super) fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        match ask(&self.0, request)? {
            Answer::Failed { message } => Err(anyhow!(message)),
            answer => Ok(answer),
        }
    }

    /// How it goes.
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

/// All that run, or all that run this guest.
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

/// An answer to another question: the host is of another version.
pub(super) fn unexpected(answer: &Answer) -> anyhow::Error {
    anyhow!("the host answers something else, is it of another version? {answer:?}")
}

/// A line for each.
fn list(hosts: &[Host]) -> String {
    let lines = hosts.iter().map(|host| match host.status() {
        Ok(status) => format!("\n  {}, process {}", status.guest.display(), status.pid),
        Err(error) => format!("\n  {error:#}"),
    });
    lines.collect()
}
