//! `cargo xtask`: installs what is missing, runs guests, and runs the checks. Needs nothing but Rust.

mod book;
mod checks;
mod compiler;
mod debian;
mod fallback;
mod languages;
mod process;
mod run;
mod setup;
mod tally;
mod tools;
mod workspace;

use std::process::ExitCode;

use process::Failure;

const HELP: &str = "\
cargo xtask COMMAND

  run GUEST [FLAGS]   set up what is missing, build the host and run a guest in it;
                      flags are those of `host run`. An application, such as
                      demos/plugins/pipeline, is run itself
  check               the fast loop: format, clippy, unit tests, and the rules for names,
                      comments and modules
  test [FILTER]       set up what is missing, then format, clippy, docs and every test;
                      with a filter, only the tests whose names contain it
  book                make the book of docs/, in target/book
  setup               set up what is missing, and nothing else
  languages           get compilers for C, JavaScript and Python into target/languages, and
                      build the plugins of demos/languages (needs python3 with pip, and npm)
  nightly             what takes longer: licences and sources of all dependencies, a million
                      random migrations, and every fuzz target for five minutes; those of
                      the state with libFuzzer too (needs a nightly compiler and cargo-fuzz)
";

/// A call of `cargo xtask`.
#[derive(Debug, PartialEq)]
enum Task<'a> {
    Run(&'a [&'a str]),
    Check,
    Test(&'a [&'a str]),
    Book,
    Setup,
    Languages,
    Nightly,
    Help,
}

impl<'a> Task<'a> {
    /// Parses the command line. Returns `None` if it is invalid.
    fn parse(words: &'a [&'a str]) -> Option<Self> {
        Some(match words.split_first()? {
            (&"run", arguments) if !arguments.is_empty() => Self::Run(arguments),
            (&"check", []) => Self::Check,
            (&"test", filter) => Self::Test(filter),
            (&"book", []) => Self::Book,
            (&"setup", []) => Self::Setup,
            (&"languages", []) => Self::Languages,
            (&"nightly", []) => Self::Nightly,
            (&("help" | "--help" | "-h"), _) => Self::Help,
            _ => return None,
        })
    }

    fn perform(self) -> Result<(), Failure> {
        match self {
            Self::Run(arguments) => run::guest(arguments),
            Self::Check => checks::fast(),
            Self::Test(filter) => setup::all().and_then(|()| checks::all(filter)),
            Self::Book => {
                book::build().map(|book| println!("{}", book.join("index.html").display()))
            }
            Self::Setup => setup::all(),
            Self::Languages => languages::build(),
            Self::Nightly => checks::nightly(),
            Self::Help => {
                print!("{HELP}");
                Ok(())
            }
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(task) = Task::parse(&words) else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    match task.perform() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            if !message.is_empty() {
                eprintln!("xtask: {message}");
            }
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HELP, Task};

    #[test]
    fn each_command_of_the_help_is_understood() {
        let commands = HELP.lines().filter_map(|line| line.strip_prefix("  "));
        let names: Vec<&str> = commands
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(names.len(), 7, "{names:?}");
        for name in names {
            assert!(
                Task::parse(&[name, "hello"])
                    .or(Task::parse(&[name]))
                    .is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn mistakes_are_not_understood() {
        for words in [&["run"][..], &["check", "more"], &["nothing"], &[]] {
            assert_eq!(Task::parse(words), None, "{words:?}");
        }
    }
}
