//! `host allow`: grants a capability to the guest of a running host. It starts no host.

use clap::Args;
use vblank_runtime::guest::Capability;

use super::hosts::{HostArgs, unexpected};
use super::output::fail;
use crate::control::{Answer, Request};

/// Grant a capability to the guest of the running host. A version that was refused because of it is tried again
#[derive(Args)]
pub(super) struct Allow {
    /// The capability: wasi, clock, random, random=SEED, read=DIR, write=DIR, env=NAME, http=HOST
    capability: Capability,
    #[command(flatten)]
    host: HostArgs,
}

impl Allow {
    pub(super) fn execute(self) -> u8 {
        self.ask().unwrap_or_else(|error| fail(&error, 1))
    }

    fn ask(self) -> anyhow::Result<u8> {
        let capability = self.capability;
        let request = Request::Allow {
            capability: capability.clone(),
        };
        match self.host.find()?.ask(&request)? {
            Answer::Allowed { is_new: true } => outln!("{capability} is granted from now on"),
            Answer::Allowed { is_new: false } => outln!("{capability} was granted before"),
            other => return Err(unexpected(&other)),
        }
        Ok(0)
    }
}
