//! The command line: names, flags and exit codes are a contract (DESIGN §7).

/// A line of a result, on standard output.
macro_rules! outln {
    ($($text:tt)*) => { crate::cli::output::print_line(format_args!($($text)*)) };
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
mod log;
mod new;
mod output;
mod parse;
mod rollback;
mod run;
mod state;

use clap::{Parser, Subcommand};

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
