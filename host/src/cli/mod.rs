//! The command line: names, flags and exit codes are a contract (DESIGN §7).

/// A line of a result, on standard output.
macro_rules! outln {
    ($($text:tt)*) => { crate::cli::print_line(format_args!($($text)*)) };
}

mod allow;
mod bench;
mod build;
mod check;
mod doctor;
mod features;
mod folders;
mod history;
mod hosts;
mod inspect;
mod limits;
mod new;
mod rollback;
mod run;
mod state;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use clap::{Parser, Subcommand};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use vblank_runtime::error::GuestError;
use vblank_runtime::guest::{Code, Instance};
use vblank_runtime::image::Image;
use vblank_state::Schema;

use crate::overlay::LogRing;
use crate::terminal::{Terminal, has_colors};

/// Run games as WebAssembly components, and replace their code while they run.
#[derive(Parser)]
#[command(name = "host", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::New),
    // By far the largest, this and `bench`.
    Run(Box<run::Run>),
    Build(build::Build),
    Bench(Box<bench::Bench>),
    Check(check::Check),
    Inspect(inspect::Inspect),
    History(history::History),
    Rollback(rollback::Rollback),
    Allow(allow::Allow),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    State(state::State),
}

/// Parse the command line and do as it says. Returns the exit code: 0, 1 for what went wrong, 2 for a
/// mistake on the command line.
#[must_use]
pub fn main() -> u8 {
    // Were it not granted, all else would still work.
    let _ = take_full_files_as_errors();
    // clap ends the process with 2 on a mistake, and with 0 after --help.
    let cli = Cli::parse();
    match cli.command {
        Command::New(new) => new.execute(),
        Command::Run(run) => run.execute(),
        Command::Build(build) => build.execute(),
        Command::Bench(bench) => bench.execute(),
        Command::Check(check) => check.execute(),
        Command::Inspect(inspect) => inspect.execute(),
        Command::History(history) => history.execute(),
        Command::Rollback(rollback) => rollback.execute(),
        Command::Allow(allow) => allow.execute(),
        Command::Doctor(doctor) => doctor.execute(),
        Command::State(state) => state.execute(),
    }
}

/// Where a file may not grow any more (`ulimit -f`), writing fails, as on a full disk. By itself the
/// system would end the process, and the game with it.
fn take_full_files_as_errors() -> std::io::Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default())?;
    Ok(())
}

/// Send the log to the terminal: warnings, and what guests say; everything with `-v`. The guests'
/// lines go to the ring as well, whatever their level.
fn start_log(terminal: &Terminal, is_verbose: bool, ring: Option<LogRing>) {
    let default = if is_verbose {
        "warn,vblank_host=debug,vblank_runtime=debug,vblank_render=debug,guest=trace"
    } else {
        "error,guest=info"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VBLANK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(terminal.clone())
        .with_ansi(has_colors())
        .without_time()
        .with_filter(filter);
    let guests = tracing_subscriber::filter::filter_fn(|about| about.target() == "guest");
    // It fails when a log was set up before, which is then the one to use.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(ring.map(|ring| ring.with_filter(guests)))
        .try_init();
}

fn parse_hz(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(hz) if (1.0..=10_000.0).contains(&hz) => Ok(hz),
        _ => Err("a number from 1 to 10000 is wanted".to_owned()),
    }
}

/// What a guest's state is made of: from its file, or from an image of its state.
fn schema_of(path: &Path) -> anyhow::Result<(String, Schema)> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if Image::is_one(&bytes) {
        let image =
            Image::decode(&bytes).map_err(|cause| anyhow!("{}: {cause}", path.display()))?;
        return Ok((image.code, Schema::clone(&image.schema)));
    }
    let read = || -> Result<_, GuestError> {
        let code = Code::from_bytes(bytes)?;
        let schema = Instance::schema_of(&code)?;
        Ok((code.hash.to_string(), schema))
    };
    read().with_context(|| path.display().to_string())
}

fn print_line(text: std::fmt::Arguments<'_>) {
    if writeln!(std::io::stdout(), "{text}").is_err() {
        // Whoever read it has seen enough: `host state show IMAGE | head`.
        std::process::exit(0);
    }
}

/// Tell an error that ends the program.
fn fail(error: &anyhow::Error, code: u8) -> u8 {
    Terminal::new(false).error(&format!("{error:#}"));
    code
}
