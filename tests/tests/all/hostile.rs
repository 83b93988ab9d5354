//! Guests and assets that exhaust the stack, the memory or the time of the host, under a bound of each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vblank_tests::{Bounded, Bounds, Counter, Guest, Run, host, workspace};

/// Time for a command, on a busy machine too. What is measured takes a second at most.
const LIMIT: Duration = Duration::from_secs(60);

fn case(name: &str) -> PathBuf {
    workspace().join("tests/cases/hostile").join(name)
}

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// Makes a command that plays three frames.
fn play(folder: &Path, guest: &Path, arguments: &str) -> Command {
    let mut command = host(folder);
    command.arg("run").arg(guest);
    command.args("--headless --fast --renderer null --frames 3".split(' '));
    command.args(arguments.split_whitespace());
    command
}

#[track_caller]
fn plays(guest: &Path, arguments: &str, most_mib: u64) -> Bounded {
    let folder = folder();
    let bounds = Bounds {
        time: LIMIT,
        mib: most_mib,
    };
    bounds.run(&mut play(folder.path(), guest, arguments))
}

fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn section(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id], &*number(body.len()), body].concat()
}

/// A component whose types lie one in the other.
fn nested_types(kind: u8, levels: usize) -> Vec<u8> {
    let around = [kind, 1, 1].repeat(levels - 1);
    let types = section(7, &[&[1], &*around, &[kind, 0]].concat());
    [b"\0asm\x0d\0\x01\0", &*types].concat()
}

/// A core module whose component has types one in the other.
fn typed_module(levels: usize) -> Vec<u8> {
    let name = b"component-type:x";
    let body = [&[name.len() as u8], &name[..], &nested_types(0x41, levels)].concat();
    [b"\0asm\x01\0\0\0", &*section(0, &body)].concat()
}

#[test]
fn nested_types_are_refused() {
    let folder = folder();
    let file = folder.path().join("game.wasm");
    for guest in [
        nested_types(0x41, 1800),
        nested_types(0x42, 1800),
        nested_types(0x42, 1_000_000),
        typed_module(1032),
    ] {
        write(&file, guest);
        let words = ["64 levels of nested types"];
        plays(&file, "", 500).ends(1, &words);
        let mut inspect = host(folder.path());
        let bounds = Bounds {
            time: LIMIT,
            mib: 500,
        };
        bounds
            .run(inspect.arg("inspect").arg(&file))
            .ends(1, &words);
    }
}

#[test]
fn instances_without_number_are_refused() {
    let words = ["250000 items in all its instances"];
    plays(&case("c4_dag12.wasm"), "", 500).ends(1, &words);
}

#[test]
fn a_running_game_outlives_hostile_candidates() {
    let folder = folder();
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file).args("--renderer null").start();
    host.event("start");
    for (step, guest) in [
        std::fs::read(case("c4_dag12.wasm")).expect("the case is there"),
        nested_types(0x41, 1800),
        typed_module(1032),
    ]
    .into_iter()
    .enumerate()
    {
        write(&file, guest);
        let refused = host.event("refused");
        assert_eq!(refused["reason"], "compile", "{refused}");
        Guest::of::<Counter>().step(step as u64 + 2).write(&file);
        host.event("swap");
    }
    host.interrupt();
    let _ = host.end().exits(0);
}

#[test]
fn tables_count_towards_the_memory_limit() {
    plays(&case("a2_tables.wasm"), "--memory-limit 64", 250).ends(1, &["instantiate"]);
}

#[test]
fn a_poll_of_wasi_ends_with_the_call() {
    let done = plays(
        &case("wasi_poll.wasm"),
        "--allow wasi --call-limit 200",
        500,
    );
    done.ends(1, &["ran longer than 200 ms"]);
    assert!(done.took < Duration::from_secs(15), "{done:?}");
}

#[test]
fn texts_without_number_make_no_picture() {
    plays(&case("b_texts.wasm"), "", 1000).ends(0, &["no picture", "bytes of text"]);
}

/// A component of this many functions, each of which takes the compiler seconds.
fn slow_component(functions: usize) -> Vec<u8> {
    const LOCALS: usize = 3000;
    let a_loop = |index: usize| {
        let (from, to) = (
            number(index % (LOCALS - 1)),
            number(index % (LOCALS - 1) + 1),
        );
        [
            &b"\x03\x40\x20"[..],
            &from,
            b"\x21",
            &to,
            b"\x20\0\x0d\0\x0b",
        ]
        .concat()
    };
    let use_of = |index: usize| [&b"\x20"[..], &number(index), b"\x21\0"].concat();
    let body = [
        [&b"\x01"[..], &number(LOCALS), b"\x7f"].concat(),
        (0..2500).flat_map(a_loop).collect(),
        (0..LOCALS).flat_map(use_of).collect(),
        vec![0x0b],
    ]
    .concat();
    let body = [number(body.len()), body].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, b"\x01\x60\0\0"),
        section(3, &[number(functions), vec![0; functions]].concat()),
        section(10, &[number(functions), body.repeat(functions)].concat()),
    ]
    .concat();
    [&b"\0asm\x0d\0\x01\0"[..], &section(1, &module)].concat()
}

#[test]
fn a_slow_candidate_keeps_out_neither_the_next_one_nor_the_end() {
    let folder = folder();
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let mut host = Run::headless(&file).args("--renderer null").start();
    host.event("start");
    write(&file, slow_component(200));
    // It is compiled by then on most machines; otherwise the test shows less.
    host.run_on(Duration::from_secs(2));
    Guest::of::<Counter>().step(2).write(&file);
    let begun = Instant::now();
    host.event("swap");
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "{:?}",
        begun.elapsed()
    );
    write(&file, slow_component(201));
    host.run_on(Duration::from_secs(2));
    host.interrupt();
    let begun = Instant::now();
    let ended = host.end().exits(0);
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "{:?}",
        begun.elapsed()
    );
    assert!(ended.events.iter().all(|event| event["event"] != "refused"));
}
