//! A pipeline of text filters: lines from standard input to standard output, through plugins whose code may
//! change while the lines flow. No line is lost, and none comes twice.
//!
//! Each argument is a plugin, a `.wasm` file or the folder of a guest crate, in the order in which lines go
//! through them. Standard error tells of what becomes of their code.

use std::ffi::OsString;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use vblank_host::plugin::{Host, Slot};

vblank_host::plugin!(Filter, path: ["../../../wit", "../wit"], world: "demo:plugins/filter");

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
    let mut filters = std::env::args_os()
        .skip(1)
        .map(|path| start(&host, path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let mut line = Some(line.context("standard input")?);
        for filter in &mut filters {
            tell_changes(filter);
            line = line.and_then(|line| through(filter, &line));
        }
        if let Some(line) = line {
            writeln!(out, "{line}").context("standard output")?;
        }
    }
    Ok(())
}

fn start(host: &Host, path: OsString) -> anyhow::Result<Slot<Filter>> {
    let path = PathBuf::from(path);
    let name = path.file_stem().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy().into_owned();
    Ok(host.slot(name).watch(path)?)
}

/// Between two lines a filter's code may be replaced.
fn tell_changes(filter: &mut Slot<Filter>) {
    while let Some(change) = filter.boundary() {
        eprintln!("{change}");
    }
}

/// What a filter makes of a line. A line at which it fails waits until it does not, perhaps with other
/// code.
fn through(filter: &mut Slot<Filter>, line: &str) -> Option<String> {
    loop {
        let text = line.to_owned();
        match filter.record(move |plugin, store| plugin.call_transform(store, &text)) {
            Ok(line) => return line,
            Err(error) => {
                eprintln!("{error}");
                std::thread::sleep(Duration::from_millis(100));
                tell_changes(filter);
            }
        }
    }
}
