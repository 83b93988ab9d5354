//! `cargo xtask`: set up what is missing, run a guest, run every check. Needs nothing but Rust.

mod book;
mod checks;
mod fallback;
mod languages;
mod process;
mod setup;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use process::{Failure, run};

const HELP: &str = "\
cargo xtask COMMAND

  run GUEST [FLAGS]   set up what is missing, build the host and run a guest in it;
                      flags are those of `host run`. An application, such as
                      demos/plugins/pipeline, is run itself
  test [FILTER]       set up what is missing, then format, clippy, docs and every test
  book                make the book of docs/, in target/book
  setup               set up what is missing, and nothing else
  languages           get compilers for C, JavaScript and Python into target/languages, and
                      build the plugins of demos/languages (needs python3 with pip, and npm)
  nightly             what takes longer: a million random migrations, and every fuzz
                      target for a minute (needs a nightly compiler and cargo-fuzz)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.split_first() {
        Some((&"run", arguments)) if !arguments.is_empty() => run_guest(arguments),
        Some((&"test", filter)) => setup::all().and_then(|()| checks::all(filter)),
        Some((&"setup", [])) => setup::all(),
        Some((&"languages", [])) => languages::build(),
        Some((&"nightly", [])) => checks::nightly(),
        Some((&"book", [])) => {
            book::build().map(|book| println!("{}", book.join("index.html").display()))
        }
        Some((&("help" | "--help" | "-h"), _)) => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            if !message.is_empty() {
                eprintln!("xtask: {message}");
            }
            ExitCode::from(code)
        }
    }
}

fn run_guest(arguments: &[&str]) -> Result<(), Failure> {
    setup::wasm_target()?;
    if let Some((application, arguments)) = application(arguments) {
        let mut run_it = Command::new("cargo");
        run_it.args(["run", "--quiet", "--release", "--manifest-path"]);
        run_it.arg(application).args(setup::sound_and_gamepads());
        return run(run_it.arg("--").args(arguments));
    }
    setup::vulkan()?;
    // The guest's folder is relative to where the user stands, so the host runs there.
    build_host()?;
    let mut host = Command::new(host_binary());
    host.arg("run").args(arguments);
    quieten_mesa(&mut host);
    // The host has said itself what was wrong.
    run(&mut host).map_err(|failure| Failure {
        message: String::new(),
        ..failure
    })
}

/// The manifest of what is no guest but a program of its own, and what it is told.
fn application<'a>(arguments: &'a [&'a str]) -> Option<(PathBuf, &'a [&'a str])> {
    let (folder, arguments) = arguments.split_first()?;
    let folder = Path::new(folder);
    let is_program = folder.join("src/main.rs").is_file();
    is_program.then(|| (folder.join("Cargo.toml"), arguments))
}

fn build_host() -> Result<(), Failure> {
    let mut build = cargo();
    build.args(["build", "--release", "--package", "vblank-host"]);
    build.args(setup::sound_and_gamepads());
    run(&mut build)
}

/// Without that folder, as in a bare container, Mesa's choice among several graphics cards complains
/// at each start; and there are not several then.
fn quieten_mesa(command: &mut Command) {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("NODEVICE_SELECT", "1");
    }
}

fn host_binary() -> PathBuf {
    target()
        .join("release")
        .join("host")
        .with_extension(std::env::consts::EXE_EXTENSION)
}

fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root().join("target"), PathBuf::from)
}

/// cargo, in the workspace.
fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}
