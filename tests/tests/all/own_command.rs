//! `host run GUEST.wasm --build COMMAND --watch FOLDER`: guests that something other than cargo makes.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_tests::{Counter, Guest, Run};

/// A folder in which `cp src/game.wasm game.wasm` is the build.
struct Project {
    root: TempDir,
}

impl Project {
    fn new() -> Self {
        let root = TempDir::new().expect("a temporary folder can be made");
        std::fs::create_dir(root.path().join("src")).expect("a folder can be made in it");
        let project = Self { root };
        Guest::of::<Counter>().write(&project.source());
        project
    }

    fn source(&self) -> PathBuf {
        self.root.path().join("src/game.source")
    }

    fn file(&self) -> PathBuf {
        self.root.path().join("game.wasm")
    }

    fn run(&self, command: &str, watch: &Path) -> Run {
        Run::headless(&self.file())
            .args("--renderer null --build")
            .arg(command)
            .file("--watch", watch, "")
    }
}

#[test]
fn a_change_of_what_is_watched_makes_the_file_anew() {
    let project = Project::new();
    let src = project.root.path().join("src");
    // As a person names it who is somewhere else.
    let here = std::env::current_dir().expect("there is a working folder");
    let up: PathBuf = here.iter().skip(1).map(|_| "..").collect();
    let src = up.join(src.strip_prefix("/").expect("the folder is absolute"));
    let mut host = project
        .run("echo making && cp src/game.source game.wasm", &src)
        .start();
    let first = host.event("start");
    host.event("first-frame");
    Guest::of::<Counter>().step(2).write(&project.source());
    let swap = host.event("swap");
    assert_eq!(swap["from"], first["hash"]);
    let ended = host.stop().exits(0).without(&["refused"]);
    let built = ended.all("build");
    assert_eq!(built[0]["message"], "", "the first speaks for itself");
    assert_eq!(built[1]["message"], "making");
    assert!(ended.said.contains("making"), "{}", ended.said);
}

#[test]
fn what_the_build_leaves_among_its_sources_does_not_start_it_again() {
    let project = Project::new();
    let host = project
        .run("cp src/game.source game.wasm", project.root.path())
        .args("--frames 30")
        .start();
    let ended = host.end().exits(0);
    assert_eq!(ended.all("build").len(), 1, "{ended:#?}");
}

#[test]
fn a_command_that_fails_is_told_and_the_next_change_mends_it() {
    let project = Project::new();
    let src = project.root.path().join("src");
    let mut host = project
        .run(
            "test ! -e src/mistake || { echo 'no such thing' >&2; exit 3; }; cp src/game.source game.wasm",
            &src,
        )
        .start();
    host.event("first-frame");
    std::fs::write(src.join("mistake"), "").expect("a file can be written");
    // The first build was reported as well.
    let build = loop {
        let build = host.event("build");
        if build["ok"] == false {
            break build;
        }
    };
    let message = build["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("no such thing\n"), "{message}");
    assert!(message.contains("ended with exit status: 3"), "{message}");
    Guest::of::<Counter>().step(2).write(&project.source());
    std::fs::remove_file(src.join("mistake")).expect("it is there");
    host.event("swap");
    let _ = host.stop().exits(0).without(&["refused", "rollback"]);
}

#[test]
fn a_command_that_makes_nothing_is_named() {
    let project = Project::new();
    let src = project.root.path().join("src");
    let ended = project
        .run("true", &src)
        .args("--exit-on-break")
        .to_end()
        .exits(1);
    let message = &ended.only("build")["message"];
    let message = message.as_str().unwrap_or_default();
    assert!(message.starts_with("`true` has not made "), "{message}");
}

#[test]
fn without_something_to_watch_it_is_a_mistake_on_the_command_line() {
    let project = Project::new();
    let ended = Run::headless(&project.file())
        .args("--build true")
        .to_end()
        .exits(2);
    assert!(ended.said.contains("--watch"), "{}", ended.said);
}

/// Standard error that is no terminal has a line every five seconds.
#[test]
fn the_first_rate_counts_from_the_first_frame() {
    let project = Project::new();
    let build = "sleep 5.5 && cp src/game.source game.wasm";
    let mut host = project.run(build, &project.root.path().join("src")).start();
    host.event("first-frame");
    host.says("/s ");
    let said = host.said();
    let (before, _) = said.split_once("/s ").expect("the line has a rate");
    let rate = before.split_whitespace().last();
    let rate: Option<u32> = rate.and_then(|rate| rate.parse().ok());
    // On a busy machine it is less than 60.
    assert!(rate > Some(20), "{said}");
    let _ = host.stop().exits(0);
}
