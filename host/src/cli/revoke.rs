//! `host revoke`: takes a capability back from the guest of a running host. It starts no host.

use clap::Args;
use vblank_runtime::guest::Capability;

use super::hosts::{HostArgs, unexpected};
use super::output::fail;
use crate::control::{Answer, Request};

/// Take a capability back from the guest of the running host
///
/// No version that starts from now on has it. The running version keeps it until it is replaced
#[derive(Args)]
pub(super) struct Revoke {
    /// The capability, as it was granted
    capability: Capability,
    #[command(flatten)]
    host: HostArgs,
}

impl Revoke {
    pub(super) fn execute(self) -> u8 {
        self.ask().unwrap_or_else(|error| fail(&error, 1))
    }

    fn ask(self) -> anyhow::Result<u8> {
        let capability = self.capability;
        let request = Request::Revoke {
            capability: capability.clone(),
        };
        match self.host.find()?.ask(&request)? {
            Answer::Revoked { was_granted: true } => outln!(
                "{capability} is granted to no version that starts from now on; the running one keeps it until it is replaced"
            ),
            Answer::Revoked { was_granted: false } => {
                anyhow::bail!("{capability} is not granted")
            }
            other => return Err(unexpected(&other)),
        }
        Ok(0)
    }
}
