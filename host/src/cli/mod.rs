//! The command line: names, flags and exit codes are a contract (DESIGN §7).

mod bench;
mod run;

use clap::{Parser, Subcommand};

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
    Run(run::Run),
    Bench(bench::Bench),
}

/// Parse the command line and do as it says. Gives the exit code: 0, 1 for what went wrong, 2 for a
/// mistake on the command line.
#[must_use]
pub fn main() -> u8 {
    // clap ends the process with 2 on a mistake, and with 0 after --help.
    let cli = Cli::parse();
    match cli.command {
        Command::Run(run) => run.execute(),
        Command::Bench(bench) => bench.execute(),
    }
}

/// Send the log to the terminal: warnings, and what guests say; everything with `-v`.
fn start_log(terminal: &Terminal, is_verbose: bool) {
    let default = if is_verbose {
        "warn,vblank_host=debug,guest=trace"
    } else {
        "error,guest=info"
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VBLANK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // It fails when a log was set up before, which is then the one to use.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(terminal.clone())
        .with_ansi(has_colors())
        .without_time()
        .try_init();
}

fn parse_hz(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(hz) if (1.0..=10_000.0).contains(&hz) => Ok(hz),
        _ => Err("a number from 1 to 10000 is wanted".to_owned()),
    }
}
