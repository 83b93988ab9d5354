//! The table of failures: every export of a candidate fails in every possible way, in a swap or in
//! probation. The failed candidate leaves no trace in the old version's state, the next good version
//! takes over, and the report tells what happened.
//!
//! Each test uses one host for all its candidates, one after the other, each followed by a good one.

use std::path::Path;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Ended, Guest, Held, Host, Run, component_of, show_state};

/// A candidate, and what is to become of it.
struct Case {
    candidate: Vec<u8>,
    outcome: Outcome,
}

enum Outcome {
    /// The candidate is refused, with this reason and these words in the message.
    Refused(&'static str, String),
    /// The candidate is rolled back, with these words in the reason.
    RolledBack(String),
    /// A fault that neither a swap nor probation meets.
    Unnoticed,
}

use Outcome::{Refused, RolledBack, Unnoticed};

fn case(candidate: &Guest, outcome: Outcome) -> Case {
    Case {
        candidate: candidate.module(),
        outcome,
    }
}

/// The step that finds out a candidate which fails whenever one of its exports is called.
fn case_of(export: &'static str, candidate: &Guest, what: &str) -> Case {
    let said = format!("{export} {what}");
    let outcome = match export {
        "init" | "shutdown" => Unnoticed,
        "schema" | "defaults" | "prewarm" | "migrate" | "resume" => Refused("trap", said),
        _ => RolledBack(said),
    };
    case(candidate, outcome)
}

const EXPORTS: [&str; 10] = [
    "init", "schema", "defaults", "save", "prewarm", "migrate", "resume", "update", "draw",
    "shutdown",
];

/// A candidate whose updates would be noticed, unless it is one that may stay.
fn counter(export: &str) -> Guest {
    let step = if matches!(export, "init" | "shutdown") {
        1
    } else {
        1000
    };
    Guest::of::<Counter>().step(step)
}

/// A guest that does what the first one does, with other bytes.
fn twin(of: &Guest, number: usize) -> Guest {
    of.clone().before("shutdown", &"nop ".repeat(number))
}

/// A game in a file, the candidates that are written over it, and a good version after each.
struct Scene {
    folder: TempDir,
    game: Guest,
    host: Host,
    good: usize,
}

impl Scene {
    fn new(game: &Guest) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let file = folder.path().join("game.wasm");
        game.write(&file);
        let mut host = Run::headless(&file)
            .args("--renderer null --hz 500 --autosave 0")
            .args("--call-limit 100 --swap-limit 100 --memory-limit 64")
            .file("--state-out", &folder.path().join("last.vbs"), "")
            .in_small_pages()
            .start();
        host.event("first-frame");
        Self {
            folder,
            game: game.clone(),
            host,
            good: 0,
        }
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(self.folder.path().join("game.wasm"), bytes).expect("it can be written");
    }

    #[track_caller]
    fn meet(&mut self, case: &Case) {
        self.write(&case.candidate);
        match &case.outcome {
            Refused(reason, said) => {
                let refused = self.host.event("refused");
                assert_eq!(refused["reason"], *reason, "{refused}");
                says(&refused["message"], said);
            }
            RolledBack(said) => {
                let rollback = self.host.event("rollback");
                says(&rollback["reason"], said);
            }
            Unnoticed => {
                self.host.event("swap");
            }
        }
        self.good += 1;
        self.write(&twin(&self.game, self.good).module());
        self.host.event("swap");
        self.host.event("first-frame");
    }

    /// The end, at which the state is what the first version alone comes to in as many frames.
    #[track_caller]
    fn end(self) -> Ended {
        let ended = self.host.stop().exits(0).without(&["break"]);
        let file = self.folder.path().join("alone.wasm");
        self.game.write(&file);
        let alone = Run::headless(&file)
            .args(&format!(
                "--fast --frames {} --renderer null",
                ended.frames()
            ))
            .to_end()
            .exits(0);
        assert_eq!(ended.state_hash(), alone.state_hash());
        let state = show_state(&self.folder.path().join("last.vbs"));
        assert_eq!(state["count"], ended.frames());
        ended
    }
}

#[track_caller]
fn says(told: &Value, said: &str) {
    let told = told.as_str().unwrap_or_default();
    assert!(told.contains(said), "no {said:?} in {told:?}");
}

#[track_caller]
fn all_are_survived(game: &Guest, cases: impl IntoIterator<Item = Case>) {
    let mut scene = Scene::new(game);
    cases.into_iter().for_each(|case| scene.meet(&case));
    let _ = scene.end();
}

const HANG: &str = "(loop $for_ever (br $for_ever))";
/// Some pages more in each turn, until there are none.
const DEVOUR: &str = "(loop $more (br_if $more
    (i32.ne (memory.grow (i32.const 100)) (i32.const -1)))) unreachable";

#[test]
fn an_export_that_traps() {
    let cases = EXPORTS.map(|export| {
        let candidate = counter(export).before(export, "unreachable");
        case_of(export, &candidate, "trapped: `unreachable`")
    });
    all_are_survived(&Guest::of::<Counter>(), cases);
}

#[test]
fn an_export_that_hangs() {
    let cases = EXPORTS.map(|export| {
        let candidate = counter(export).before(export, HANG);
        case_of(export, &candidate, "ran longer than 100 ms")
    });
    all_are_survived(&Guest::of::<Counter>(), cases);
}

#[test]
fn an_export_that_exhausts_memory() {
    let cases = EXPORTS.map(|export| {
        let candidate = counter(export).before(export, DEVOUR);
        case_of(export, &candidate, "wanted more memory than allowed")
    });
    all_are_survived(&Guest::of::<Counter>(), cases);
}

#[test]
fn an_export_that_overflows_its_stack() {
    let cases = EXPORTS.map(|export| {
        let candidate = counter(export).before(export, "(call $deep)");
        case_of(export, &candidate, "trapped: call stack exhausted")
    });
    all_are_survived(&Guest::of::<Counter>(), cases);
}

#[test]
fn an_error_is_returned() {
    let candidate = counter("migrate").refuse_state("I do not like it");
    let outcome = Refused("migrate", "I do not like it".to_owned());
    all_are_survived(&Guest::of::<Counter>(), [case(&candidate, outcome)]);
}

/// The size of no memory that a guest here has.
const FAR: u32 = 0x7fff_0000;

#[test]
fn a_lie_about_the_size_of_a_list() {
    let counter = || counter("update");
    let refused = |reason, said: &str| Refused(reason, said.to_owned());
    let rolled_back = |said: &str| RolledBack(said.to_owned());
    // An error whose text lies out of bounds.
    let message = format!(
        "(i32.store8 (i32.const 16) (i32.const 1))
         (i32.store offset=4 (i32.const 16) (i32.const {FAR}))
         (i32.store offset=8 (i32.const 16) (i32.const 9))
         (i32.const 16)"
    );
    let cases = [
        case(
            &counter().list_of("schema", FAR),
            refused("trap", "schema failed"),
        ),
        case(
            &counter().list_of("defaults", FAR),
            refused("trap", "defaults failed"),
        ),
        case(
            &counter().instead("migrate", &message),
            refused("trap", "migrate failed"),
        ),
        // The address to which the host is to write what it passes on.
        case(
            &counter().instead("cabi_realloc", &format!("(i32.const {FAR})")),
            refused("trap", "migrate failed"),
        ),
        case(&counter().lend(FAR, 0), rolled_back("save failed")),
        case(&counter().lend(8, FAR), rolled_back("save failed")),
        case(
            &counter().before(
                "draw",
                &format!("(call $quads (i32.const 512) (i32.const {FAR}))"),
            ),
            rolled_back("draw failed"),
        ),
        // A quad is eight words.
        case(
            &counter().before("draw", "(call $quads (i32.const 512) (i32.const 7))"),
            rolled_back("draw failed"),
        ),
    ];
    all_are_survived(&Guest::of::<Counter>(), cases);
}

mod wider {
    //! The counter with a field more, which has a default.
    #[derive(vblank_derive::State, Default)]
    #[state(crate = vblank_state)]
    pub(super) struct Counter {
        count: u64,
        #[state(default = 7)]
        more: u64,
    }
}

#[test]
fn a_schema_that_does_not_match_the_bytes() {
    let refused = |reason, said: &str| Refused(reason, said.to_owned());
    let rolled_back = |said: &str| RolledBack(said.to_owned());
    let malformed = "lent what is no state of its type";
    let cases = [
        case(
            &counter("update").list_of("schema", 3),
            refused("malformed", "schema"),
        ),
        // A guest that says its state has two fields, and lends one.
        case(
            &Guest::of::<wider::Counter>().step(1000).lend(8, 0),
            rolled_back(malformed),
        ),
        case(&counter("update").lend(4, 0), rolled_back(malformed)),
        case(&counter("update").lend(16, 0), rolled_back(malformed)),
        // The field is new, and its default is not there.
        case(
            &Guest::of::<wider::Counter>()
                .step(1000)
                .list_of("defaults", 0),
            refused("does-not-fit", "default"),
        ),
    ];
    all_are_survived(&Guest::of::<Counter>(), cases);
}

#[test]
fn a_segment_that_is_not_as_long_as_the_tree_says() {
    const WORDS: u32 = 1024;
    // The tree of a `Tally`: the count, and the length of the list.
    const TREE: u32 = 12;
    let liar = |words| Guest::tally(WORDS as usize).step(1000).lend(TREE, words);
    let outcome = || RolledBack("lent what is no state of its type".to_owned());
    let cases = [0, WORDS - 1, WORDS + 1].map(|words| case(&liar(words), outcome()));
    all_are_survived(&Guest::tally(WORDS as usize), cases);
    // The first version has nothing behind it, and is not started.
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    liar(WORDS - 1).write(&file);
    let ended = Run::headless(&file)
        .args("--fast --frames 9 --renderer null")
        .to_end();
    says(
        &ended.only("refused")["message"],
        "lent what is no state of its type",
    );
    let _ = ended.exits(1);
}

#[test]
fn what_is_no_guest_while_another_runs() {
    let refused = |reason, said: &str| Refused(reason, said.to_owned());
    let bytes = |candidate: Vec<u8>, outcome| Case { candidate, outcome };
    let good = counter("update");
    let half = good.module();
    let half = half[..half.len() / 2].to_vec();
    let other = component_of(
        "package a:b; world w { export run: func(); }",
        "(module (func (export \"run\")))",
    );
    let wasi = r#"(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))"#;
    let cases = [
        bytes(half, refused("not-wasm", "cut short")),
        bytes(
            b"fn main() {}".to_vec(),
            refused("not-wasm", "the file is text"),
        ),
        bytes(Vec::new(), refused("not-wasm", "the file is empty")),
        bytes(other, refused("wrong-world", "does not export")),
        case(
            &good
                .clone()
                .contract("import log;", "import log;\n  import more;")
                .contract(
                    "/// Lines for a person",
                    "interface more { f: func(); }\n/// Lines for a person",
                ),
            refused("wrong-world", "more"),
        ),
        case(
            &good.clone().import(wasi),
            refused("capability", "--allow wasi"),
        ),
        case(&good.stamp("0.9.0"), refused("abi", "0.9.0")),
    ];
    all_are_survived(&Guest::of::<Counter>(), cases);
}

#[test]
fn what_fails_leaves_nothing_behind() {
    let mut scene = Scene::new(&Guest::of::<Counter>());
    let process = format!("/proc/{}", scene.host.pid().as_raw_nonzero());
    let process = Path::new(&process);
    // These four each time: code that was compiled once is known.
    let cases = [
        ("migrate", "unreachable", "trapped"),
        ("resume", HANG, "ran longer"),
        ("update", "(call $deep)", "trapped"),
        ("draw", DEVOUR, "wanted more memory"),
    ]
    .map(|(export, code, what)| case_of(export, &counter(export).before(export, code), what));
    let mut round = || {
        scene.good = 0;
        cases.iter().for_each(|case| scene.meet(case));
    };
    (0..3).for_each(|_| round());
    let before = Held::settled(process);
    (0..12).for_each(|_| round());
    let after = Held::wait_for_no_more(process, before);
    println!("48 failures: {before:?}, {after:?}");
    let _ = scene.end();
}

#[test]
fn a_build_that_fails() {
    let demo = Demo::copy("hello");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .start();
    host.event("first-frame");
    demo.replace("turns: u32,", "turns: Turns,");
    host.says("cannot find type `Turns`");
    demo.replace("turns: Turns,", "turns: u64,");
    let swap = host.event("swap");
    assert_eq!(swap["verdict"], "automatic");
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    let built: Vec<_> = ended
        .all("build")
        .iter()
        .map(|build| build["ok"].clone())
        .collect();
    assert_eq!(built, [true, false, true]);
}

#[test]
fn a_disk_that_is_full_while_it_builds() {
    // To a compiler, a limit to the size of files is a disk that is full: what it writes is cut off.
    let limit = |pid: Pid, most: Option<u64>| {
        let unlimited = getrlimit(Resource::Fsize);
        let limit = Rlimit {
            current: most,
            maximum: unlimited.maximum,
        };
        prlimit(Some(pid), Resource::Fsize, limit).expect("one's own processes can be limited");
    };
    let demo = Demo::copy("hello");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --autosave 0")
        .start();
    host.event("first-frame");
    limit(host.pid(), Some(100_000));
    demo.replace("300.0 };", "310.0 };");
    let mut build = host.event("build");
    // The first one may be told only now.
    if build["ok"] == true {
        build = host.event("build");
    }
    assert_eq!(build["ok"], false, "{build}");
    assert_ne!(build["message"], "");

    limit(host.pid(), None);
    demo.replace("310.0 };", "320.0 };");
    host.event("swap");
    host.event("first-frame");
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    let alone = Run::headless(&demo.folder())
        .args("--frames 1 --renderer null")
        .to_end();
    assert_eq!(ended.only("swap")["to"], alone.only("start")["hash"]);
}

#[test]
fn shutdown_fails_after_the_state_is_safe() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let run = |name: &str, guest: &Guest| {
        let (file, image) = (folder.path().join(name), folder.path().join("last.vbs"));
        guest.write(&file);
        let ended = Run::headless(&file)
            .args("--fast --frames 50 --renderer null --call-limit 100 --memory-limit 64")
            .file("--state-out", &image, "")
            .to_end()
            .exits(0);
        assert_eq!(show_state(&image)["count"], 50);
        ended
    };
    let alone = run("good.wasm", &Guest::of::<Counter>());
    for (code, said) in [
        ("unreachable", "shutdown trapped"),
        (HANG, "shutdown ran longer than 100 ms"),
        (DEVOUR, "shutdown wanted more memory"),
        ("(call $deep)", "shutdown trapped: call stack"),
    ] {
        let ended = run("bad.wasm", &Guest::of::<Counter>().before("shutdown", code));
        assert_eq!(ended.state_hash(), alone.state_hash());
        let _ = ended.without(&["break"]).says_once(&["note", said]);
    }
}

#[test]
fn a_first_version_whose_init_fails_is_not_started() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    for (code, said) in [
        ("unreachable", "init trapped"),
        (HANG, "init ran longer than 100 ms"),
        (DEVOUR, "init wanted more memory"),
        ("(call $deep)", "init trapped: call stack"),
    ] {
        Guest::of::<Counter>().before("init", code).write(&file);
        let ended = Run::headless(&file)
            .args("--fast --frames 9 --renderer null --call-limit 100 --memory-limit 64")
            .to_end()
            .exits(1);
        says(&ended.only("refused")["message"], said);
    }
}
