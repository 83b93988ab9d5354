//! `host build`: builds a guest crate once, as `host run` builds it. It runs nothing.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use anyhow::{Context, anyhow};
use clap::Args;
use vblank_runtime::build::{BuildError, GuestCrate};
use vblank_runtime::files::{self, Access};
use vblank_runtime::guest::{Code, Instance, Interfaces, wants_file};

use super::features::FeatureArgs;
use super::output::fail;
use crate::terminal::Terminal;

/// Build a guest crate once, and print file, size and hash
#[derive(Args)]
pub(super) struct Build {
    /// The folder of a guest crate
    #[arg(default_value = ".")]
    guest: PathBuf,
    /// Build with optimisations
    #[arg(long)]
    release: bool,
    /// Also write the guest to FILE, with the type of its state, so that `host check` need not run it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    features: FeatureArgs,
}

impl Build {
    pub(super) fn execute(self) -> u8 {
        self.build().unwrap_or_else(|error| fail(&error, 1))
    }

    fn build(&self) -> anyhow::Result<u8> {
        let guest = GuestCrate::open(&self.guest, &self.features.flags(self.release))?;
        if let Some(target) = guest.redirected() {
            let target = target.display();
            Terminal::new(false).say(&format!(
                "the guest's target folder cannot be written; building into {target}"
            ));
        }
        let (interrupt, interrupted) = channel();
        ctrlc::set_handler(move || {
            // Sending fails if the build has ended, and then the program ends soon.
            let _ = interrupt.send(());
        })
        .context("cannot listen for Ctrl-C")?;
        let built = match guest.build(&interrupted) {
            Ok(built) => built,
            // cargo has printed the reason.
            Err(BuildError::Failed(_)) => return Ok(1),
            Err(BuildError::Stopped) => return Ok(130),
            Err(error) => return Err(error.into()),
        };
        let file = built.wasm.display();
        let code = guest_in(&built.wasm).with_context(|| format!("{file} is not a guest"))?;
        if let Some(output) = &self.output {
            write(&code, &built.wasm, output)?;
        }
        outln!("file       {file}");
        outln!("size       {} KiB", code.size().div_ceil(1024));
        outln!("hash       {}", code.hash);
        Ok(0)
    }
}

/// Writes a guest with the type of its state, and beside it the list of what it wants, if it has one.
fn write(code: &Code, wasm: &Path, output: &Path) -> anyhow::Result<()> {
    let schema =
        Instance::schema_of(code).context("the guest does not tell the type of its state")?;
    let cannot = || format!("cannot write {}", output.display());
    files::write_whole(output, Access::Shared, &[&code.declaring(&schema)]).with_context(cannot)?;
    let wants = wants_file(wasm);
    if wants.is_file() {
        files::copy_whole(&wants, &wants_file(output), Access::Shared).with_context(cannot)?;
    }
    Ok(())
}

/// Reads the file that was built, and checks that a host can start it.
fn guest_in(file: &Path) -> anyhow::Result<Code> {
    let code = Code::read(file)?;
    let interfaces = Interfaces::of(&code.componentise()?)?;
    interfaces.world().ok_or_else(|| {
        anyhow!("it has none of the worlds of vblank:guest; is there a `game!`, or a `plugin!`?")
    })?;
    Ok(code)
}
