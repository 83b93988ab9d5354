//! `host rollback`: rolls a running host back to an older version. It starts no host.

use clap::{Args, ValueEnum};
use vblank_runtime::history::StateOf;

use super::hosts::{HostArgs, unexpected};
use super::output::fail;
use crate::control::{Answer, Request};

/// Go back to an older version in the running host
#[derive(Args)]
pub(super) struct Rollback {
    /// The first digits of the version's hash, at least four; by default the version that ran before
    #[arg(value_parser = parse_prefix)]
    hash: Option<String>,
    /// Keep the present state (`now`), or restore the state that the version had when it was replaced (`then`)
    #[arg(long, default_value = "now")]
    state: Which,
    #[command(flatten)]
    host: HostArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Now,
    #[value(name = "then")]
    AtReplacement,
}

impl Rollback {
    pub(super) fn execute(self) -> u8 {
        self.ask().unwrap_or_else(|error| fail(&error, 1))
    }

    fn ask(self) -> anyhow::Result<u8> {
        let request = Request::Rollback {
            hash: self.hash,
            state: match self.state {
                Which::Now => StateOf::Now,
                Which::AtReplacement => StateOf::AtReplacement,
            },
        };
        let done = match self.host.find()?.ask(&request)? {
            Answer::RolledBack(done) => done,
            other => return Err(unexpected(&other)),
        };
        let short = |hash: &str| hash.chars().take(6).collect::<String>();
        outln!(
            "{} → {}  {:.2} ms  {}  at frame {}",
            short(&done.from),
            short(&done.to),
            done.pause_us / 1e3,
            done.verdict,
            done.frame,
        );
        for path in &done.parked {
            outln!("  parked: {path}");
        }
        if let Some(newer) = &done.newer {
            let newer = short(newer);
            outln!("the source is newer ({newer}); the next save of it comes in as usual");
        }
        Ok(0)
    }
}

fn parse_prefix(text: &str) -> Result<String, String> {
    let hex = text.len() <= 64 && text.chars().all(|digit| digit.is_ascii_hexdigit());
    if text.len() < 4 || !hex {
        return Err("expected 4 to 64 hexadecimal digits; `host history` lists them".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}
