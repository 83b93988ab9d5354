//! A pipeline of text filters: lines from standard input to standard output, through plugins whose code may
//! change while the lines flow. No line is lost, and none comes twice.
//!
//! `pipeline FILTER… [--with PLUGIN] [--allow CAPABILITY]…`: each is a `.wasm` file or the folder of a
//! guest crate. Lines go through the filters in this order. The filters may use the exports of the
//! plugin after `--with`, and the capabilities after `--allow`. Changes of their code are reported on
//! standard error.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use vblank_runtime::guest::Capability;
use vblank_runtime::plugin::{Host, Slot};

vblank_runtime::plugin!(Filter, path: ["../../../wit", "../wit"], world: "demo:plugins/filter");

mod helper {
    vblank_runtime::plugin!(Helper, path: ["../../../wit", "../wit"], world: "demo:plugins/helper");
}
use helper::Helper;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pipeline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let host = Host::new()?;
    let wanted = Arguments::read(std::env::args_os().skip(1))?;
    let helper = match &wanted.with {
        Some(path) => Some(host.slot::<Helper>(name(path)).watch(path)?.provide()),
        None => None,
    };
    let mut filters = Vec::new();
    for path in &wanted.filters {
        let mut slot = host.slot::<Filter>(name(path));
        for capability in &wanted.allow {
            slot = slot.allow(capability.clone());
        }
        if let Some(helper) = &helper {
            slot = slot.uses(helper);
        }
        filters.push(slot.watch(path)?);
    }
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let mut line = Some(line.context("standard input")?);
        for filter in &mut filters {
            // Between two lines code may be replaced.
            if let Some(helper) = &helper {
                tell(|| helper.with(Slot::boundary));
            }
            tell(|| filter.boundary());
            line = line.and_then(|line| through(filter, &line));
        }
        if let Some(line) = line {
            writeln!(out, "{line}").context("standard output")?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Arguments {
    filters: Vec<PathBuf>,
    with: Option<PathBuf>,
    allow: Vec<Capability>,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        while let Some(argument) = arguments.next() {
            if argument == "--with" {
                let plugin = arguments.next().context("--with needs a plugin")?;
                wanted.with = Some(plugin.into());
            } else if argument == "--allow" {
                let capability = arguments.next().context("--allow needs a capability")?;
                let capability = capability.to_string_lossy().parse();
                wanted.allow.push(capability.map_err(anyhow::Error::msg)?);
            } else {
                wanted.filters.push(argument.into());
            }
        }
        Ok(wanted)
    }
}

/// Name of a plugin in messages.
fn name(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn tell<T: Display>(mut change: impl FnMut() -> Option<T>) {
    while let Some(change) = change() {
        eprintln!("{change}");
    }
}

/// Result of a filter for a line. A line at which it fails waits until it does not, perhaps with other
/// code.
fn through(filter: &mut Slot<Filter>, line: &str) -> Option<String> {
    loop {
        let text = line.to_owned();
        match filter.record(move |plugin, store| plugin.call_transform(store, &text)) {
            Ok(line) => return line,
            Err(error) => {
                eprintln!("{error}");
                std::thread::sleep(Duration::from_millis(100));
                tell(|| filter.boundary());
            }
        }
    }
}
