//! The binary `host`: the command line of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(vblank_host::cli::main())
}
