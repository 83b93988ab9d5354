//! A person at work: saves in a row, and Ctrl-C at any moment.

use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vblank_tests::{Counter, DEADLINE, Demo, Guest, Held, Run, name_of, wait_until};

#[test]
fn ten_saves_in_a_row_end_in_the_newest_code() {
    let demo = Demo::copy("hello");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .start();
    host.event("first-frame");
    let mut speed = "300.0 };".to_owned();
    for save in 0..10 {
        let next = format!("{}.0 }};", 310 + save);
        demo.replace(&speed, &next);
        speed = next;
    }
    host.event("swap");
    host.event("first-frame");
    // When that has been built, nothing is left to do of the saves before.
    let same = host.settle(&demo.source());
    assert_eq!(same["runs"], true);
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    // The first build, and one for each time that the source was written as it was.
    let again = ended.all("same-code").len();
    let built = ended.all("build").len() - 1 - again;
    assert!(
        (1..=3).contains(&built),
        "{built} builds for ten saves: {ended:#?}"
    );
    let newest = ended.all("swap").last().map(|swap| swap["to"].clone());

    // The source of the last save, built for itself.
    let alone = Run::headless(&demo.folder())
        .args("--frames 1 --renderer null")
        .to_end();
    assert_eq!(newest, Some(alone.only("start")["hash"].clone()));
}

#[test]
fn ten_files_in_a_row_end_in_the_newest_code() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file).args("--renderer null").start();
    host.event("first-frame");
    for step in 2..=11 {
        Guest::of::<Counter>().step(step).write(&file);
    }
    host.event("swap");
    host.settle(&file);
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    let newest = ended.all("swap").last().map(|swap| swap["to"].clone());
    let alone = Run::headless(&file)
        .args("--fast --frames 1 --renderer null")
        .to_end();
    assert_eq!(newest, Some(alone.only("start")["hash"].clone()));
}

#[test]
fn a_hundred_saves_leave_nothing_behind() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).expect("a folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file)
        .args("--renderer null --hz 500")
        .env("TMPDIR", &temporary)
        .in_small_pages()
        .start();
    host.event("first-frame");
    let process = format!("/proc/{}", host.pid().as_raw_nonzero());
    let process = Path::new(&process);
    let mut save = |number: u64| {
        Guest::of::<Counter>().step(1 + number % 2).write(&file);
        host.event("swap");
        host.event("first-frame");
    };
    (1..=20).for_each(&mut save);
    let before = Held::settled(process);
    (21..=120).for_each(&mut save);
    let after = Held::wait_for_no_more(process, before);
    println!("a hundred saves: {before:?}, {after:?}");
    let left: Vec<_> = std::fs::read_dir(&temporary)
        .expect("the folder is there")
        .collect();
    assert!(left.is_empty(), "temporary files: {left:?}");
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    assert_eq!(ended.all("swap").len(), 120);
}

#[test]
fn a_touch_without_a_change_is_no_swap() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file).args("--renderer null").start();
    host.event("first-frame");
    Guest::of::<Counter>().write(&file);
    host.event("same-code");
    let _ = host.stop().exits(0).without(&["swap", "refused"]);
}

#[test]
fn ctrl_c_ends_a_running_game_in_order() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file).args("--renderer null").start();
    host.event("first-frame");
    let ended = host.stop().exits(0);
    assert_eq!(ended.events.last().map(name_of), Some("end"));
    assert!(ended.frames() > 0);
    let _ = ended.state_hash();
}

#[test]
fn ctrl_c_ends_a_build_with_all_its_compilers() {
    let demo = Demo::copy_cold("hello");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .start();
    host.says("Compiling");
    let of_this_build = || processes_in(&demo.beside(""));
    assert!(!of_this_build().is_empty(), "the compiler is at work");
    let begun = Instant::now();
    let ended = host.stop().exits(0);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "it did not wait for the build"
    );
    assert_eq!(ended.frames(), 0);
    // A killed process may need a moment to be gone.
    wait_until("the end of all compilers", DEADLINE, || {
        of_this_build().is_empty().then_some(())
    });
}

/// The command lines of all processes that work in this folder.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().expect("the folder is there");
    let processes = std::fs::read_dir("/proc").expect("Linux has /proc");
    let works_there = |process: &Path| {
        // A process may be gone by now, or not be ours.
        std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder))
            || command_line(process).contains(&*folder.to_string_lossy())
    };
    let is_host = |process: &Path| {
        std::fs::read_link(process.join("exe")).is_ok_and(|exe| exe.ends_with("host"))
    };
    let paths = processes.flatten().map(|entry| entry.path());
    let found = paths.filter(|process| works_there(process) && !is_host(process));
    found.map(|process| command_line(&process)).collect()
}

fn command_line(process: &Path) -> String {
    let bytes = std::fs::read(process.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}
