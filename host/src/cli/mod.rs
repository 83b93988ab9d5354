//! The command line. Names, flags and exit codes are a contract.

/// Prints a line of a result on standard output.
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
mod guest_file;
mod history;
mod hosts;
mod inspect;
mod limits;
mod log;
mod new;
mod output;
mod parse;
mod revoke;
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
    // `Run` and `Bench` are boxed because they are by far the largest.
    Run(Box<run::Run>),
    Build(build::Build),
    Bench(Box<bench::Bench>),
    Check(check::Check),
    Inspect(inspect::Inspect),
    History(history::History),
    Rollback(rollback::Rollback),
    Allow(allow::Allow),
    Revoke(revoke::Revoke),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    State(state::State),
}

/// Parses the command line and executes the command. Returns the exit code: 0 for success, 1 for a failure,
/// 2 for a mistake on the command line.
#[must_use]
pub fn main() -> u8 {
    // A failure is ignored, because everything else works without the handler.
    let _ = take_full_files_as_errors();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // A mistake, or --help, which is a result like any other.
        Err(message) => {
            let exit_code = u8::try_from(message.exit_code()).unwrap_or(2);
            return message.print().map_or(1, |()| exit_code);
        }
    };
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
        Command::Revoke(revoke) => revoke.execute(),
        Command::Doctor(doctor) => doctor.execute(),
        Command::State(state) => state.execute(),
    }
}

/// Turns a write beyond the largest file size (`ulimit -f`) into an error, like that of a full disk. Without
/// the handler, the system ends the process, and the game with it.
fn take_full_files_as_errors() -> std::io::Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default())?;
    Ok(())
}
