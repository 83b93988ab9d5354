//! The versions that ran, and going back to one: `host history` and `host rollback`.

use std::path::{Path, PathBuf};

use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use vblank_host::game::{self, Game, GameCalls, Setup, Step};
use vblank_host::input::Size;
use vblank_host::render::assets::Assets;
use vblank_runtime::error::Trap;
use vblank_runtime::guest::{Code, EngineOptions};
use vblank_runtime::supervisor::{ExpectedState, FailureOutcome, prepare};
use vblank_state::value::decode;
use vblank_tests::{Counter, Demo, Guest, Host, Run, Typed, host, show_state};

mod richer {
    use vblank_derive::State;

    /// A later version of the counter, which has something more.
    #[derive(State, Default)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        count: u64,
        extra: u64,
    }
}

/// Adds 5 to `extra` in each update.
fn richer() -> Guest {
    let more = "(i64.store (i32.const 72) (i64.add (i64.load (i32.const 72)) (i64.const 5)))";
    Guest::of::<richer::Counter>().before("update", more)
}

/// A file that is watched, and a folder for all that the hosts keep.
struct Scene {
    home: TempDir,
    game: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        let game = home.path().join("game.wasm");
        Guest::of::<Counter>().write(&game);
        Self { home, game }
    }

    fn run(&self) -> Run {
        Run::headless(&self.game)
            .args("--renderer null --hz 500")
            .file("--state-out", &self.image(), "")
            .home(self.home.path())
    }

    fn image(&self) -> PathBuf {
        self.home.path().join("end.vbs")
    }

    /// Starts the host, and waits until the first version runs.
    fn start(&self) -> Host {
        let mut host = self.run().start();
        host.event("first-frame");
        host
    }

    fn save(&self, host: &mut Host, guest: &Guest) -> Value {
        guest.write(&self.game);
        host.event("swap")
    }

    fn said(&self, arguments: &[&str]) -> Said {
        Said::of(self.home.path(), arguments)
    }

    /// Rolls back, and checks that the host's report agrees with the output.
    #[track_caller]
    fn rollback(&self, host: &mut Host, arguments: &[&str]) -> Value {
        let said = self.said(&[&["rollback"], arguments].concat());
        assert_eq!(said.code, Some(0), "{}", said.error);
        let rollback = host.event("rollback");
        assert_eq!(rollback["reason"], "asked for");
        let to = rollback["to"].as_str().expect("a hash");
        assert!(said.output.contains(&to[..6]), "{}", said.output);
        rollback
    }

    #[track_caller]
    fn history(&self) -> Vec<Value> {
        let game = self.game.display().to_string();
        let said = self.said(&["history", &game, "--json"]);
        assert_eq!(said.code, Some(0), "{}", said.error);
        let entries = serde_json::from_str(&said.output);
        entries.unwrap_or_else(|error| panic!("{error}: {}", said.output))
    }
}

/// Outcome of another command of the host.
struct Said {
    code: Option<i32>,
    output: String,
    error: String,
}

impl Said {
    fn of(home: &Path, arguments: &[&str]) -> Self {
        let output = host(home)
            .args(arguments)
            .output()
            .expect("the host starts");
        let text = |bytes| String::from_utf8(bytes).expect("it prints text");
        Self {
            code: output.status.code(),
            output: text(output.stdout),
            error: text(output.stderr),
        }
    }

    /// Checks that the command fails with one message that has these words.
    #[track_caller]
    fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{} {}", self.output, self.error);
        for word in words {
            assert!(self.error.contains(word), "no {word:?} in: {}", self.error);
        }
    }
}

fn frame(event: &Value) -> u64 {
    event["frame"].as_u64().expect("each event has a frame")
}

fn prefix(hash: &Value) -> &str {
    &hash.as_str().expect("a hash")[..8]
}

fn fields<'a>(entries: &'a [Value], name: &str) -> Vec<&'a Value> {
    entries.iter().map(|entry| &entry[name]).collect()
}

#[test]
fn every_version_is_in_the_history() {
    let scene = Scene::new();
    let mut host = scene.start();
    let first = scene.save(&mut host, &Guest::of::<Counter>().step(2));
    let second = scene.save(&mut host, &richer());
    let entries = scene.history();
    assert_eq!(
        fields(&entries, "hash"),
        [&first["from"], &first["to"], &second["to"]]
    );
    assert_eq!(
        fields(&entries, "fate"),
        ["replaced", "replaced", "running"]
    );
    assert_eq!(fields(&entries, "runs"), [false, false, true]);
    assert_eq!(fields(&entries, "code_kept"), [true; 3]);
    assert_eq!(
        fields(&entries, "verdict"),
        [&Value::Null, &json!("identical"), &json!("automatic")]
    );
    assert_eq!(entries[1]["pause_us"], first["pause_us"]);
    assert_eq!(entries[2]["frame"], second["frame"]);
    assert_eq!(entries[0]["schema"], entries[1]["schema"]);
    assert_ne!(entries[1]["schema"], entries[2]["schema"]);

    // For people, and without the guest's name while just one host runs.
    let table = scene.said(&["history"]);
    let lines: Vec<&str> = table.output.lines().collect();
    assert_eq!(lines.len(), 4, "{}", table.output);
    assert!(lines[3].starts_with("* "), "{}", table.output);
    assert!(lines[3].contains("running"), "{}", table.output);

    let _ = host.stop().exits(0);
    let entries = scene.history();
    assert_eq!(fields(&entries, "fate"), ["replaced", "replaced", "ended"]);
    assert_eq!(fields(&entries, "runs"), [false; 3]);
}

#[test]
fn a_killed_host_runs_nothing() {
    let scene = Scene::new();
    let mut host = scene.start();
    scene.save(&mut host, &Guest::of::<Counter>().step(2));
    assert_eq!(fields(&scene.history(), "runs"), [false, true]);
    kill_process(host.pid(), Signal::KILL).expect("it can be killed");
    assert_eq!(host.end().code, None);
    let entries = scene.history();
    assert_eq!(fields(&entries, "fate"), ["replaced", "killed"]);
    scene.said(&["rollback"]).fails(1, &["no host runs"]);
    let left = std::fs::read_dir(scene.home.path().join("vblank")).expect("sockets were there");
    assert_eq!(left.count(), 0, "its socket is still there");
}

#[test]
fn back_with_the_state_of_now() {
    let scene = Scene::new();
    let mut host = scene.start();
    let swap = scene.save(&mut host, &richer().step(100));
    let away = scene.rollback(&mut host, &[prefix(&swap["from"])]);
    assert_eq!((&away["from"], &away["to"]), (&swap["to"], &swap["from"]));
    assert_eq!(
        (&away["state"], &away["path"]),
        (&json!("now"), &json!("migrate"))
    );
    assert_eq!(away["verdict"], "automatic");
    assert_eq!(away["parked"], json!(["extra"]));
    // Without a hash: the one that ran before. What was parked comes back.
    let again = scene.rollback(&mut host, &[]);
    assert_eq!(again["to"], swap["to"]);
    let ended = host.stop().exits(0).without(&["break", "refused"]);
    let (f1, f2, f3) = (frame(&swap), frame(&away), frame(&again));
    let f4 = frame(ended.only("end"));
    assert_eq!(
        show_state(&scene.image()),
        json!({
            "count": f1 + 100 * (f2 - f1) + (f3 - f2) + 100 * (f4 - f3),
            "extra": 5 * (f2 - f1 + f4 - f3),
        })
    );
    let entries = scene.history();
    let fates = ["replaced", "rolled-back", "rolled-back", "ended"];
    assert_eq!(fields(&entries, "fate"), fates);
}

/// In probation the previous version still has its state. Later the state comes from the archive.
#[test]
fn back_with_the_state_of_then() {
    for later in [1, 2000] {
        let scene = Scene::new();
        let reached = scene.home.path().join("later.vbs");
        let mut host = scene
            .run()
            .file("--state-out", &reached, &format!("@{later}"))
            .start();
        host.event("first-frame");
        let swap = scene.save(&mut host, &richer().step(100));
        host.file(&reached);
        let back = scene.rollback(&mut host, &["--state", "then"]);
        assert_eq!(back["state"], "then");
        assert_eq!(back["verdict"], "identical");
        assert!(frame(&back) >= later, "the number of the frame goes on");
        let ended = host.stop().exits(0);
        let since = frame(ended.only("end")) - frame(&back);
        let expected = json!({ "count": frame(&swap) + since });
        assert_eq!(show_state(&scene.image()), expected, "{later}");
    }
}

#[test]
fn the_next_save_comes_in_as_usual() {
    let scene = Scene::new();
    let mut host = scene.start();
    let newer = Guest::of::<Counter>().step(2);
    let swap = scene.save(&mut host, &newer);
    scene.rollback(&mut host, &[]);
    let said = scene.said(&["rollback"]);
    assert_eq!(said.code, Some(0), "back to the newer one: {}", said.error);
    host.event("rollback");
    let said = scene.said(&["rollback"]);
    let note = format!("the source is newer ({})", &prefix(&swap["to"])[..6]);
    assert!(said.output.contains(&note), "{}", said.output);
    host.event("rollback");
    // Saved again as it is.
    let again = scene.save(&mut host, &newer);
    assert_eq!(again["to"], swap["to"]);
    let _ = host.stop().exits(0);
}

#[test]
fn back_to_a_version_of_an_earlier_run() {
    let scene = Scene::new();
    let run = || {
        let mut host = scene.run().env("VBLANK_CACHE", "off").start();
        host.event("first-frame");
        host
    };
    let mut host = run();
    let swap = scene.save(&mut host, &Guest::of::<Counter>().step(2));
    let _ = host.stop().exits(0);
    let old = prefix(&swap["from"]);

    let mut host = run();
    let back = scene.rollback(&mut host, &[old]);
    assert_eq!(back["to"], swap["from"]);
    let _ = host.stop().exits(0);

    // Its state of then is not of this run, and its code may be gone.
    let host = run();
    let said = scene.said(&["rollback", old, "--state", "then"]);
    said.fails(1, &["no longer kept", "use `--state now`"]);
    let mut gone = 0;
    for entry in walk(&scene.home.path().join("data")) {
        if entry.to_string_lossy().contains(old) {
            std::fs::remove_file(&entry).expect("a file can be removed");
            gone += 1;
        }
    }
    assert_eq!(gone, 1, "the code is kept in one file");
    let said = scene.said(&["rollback", old]);
    said.fails(1, &["the code of", "is no longer kept"]);
    let _ = host.stop().exits(0).without(&["rollback", "refused"]);
}

/// All files under a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it can be listed");
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn what_does_not_fit_is_refused() {
    let scene = Scene::new();
    let mut host = scene.run().arg("--strict").start();
    host.event("first-frame");
    let swap = scene.save(&mut host, &richer());
    let said = scene.said(&["rollback"]);
    said.fails(1, &["--strict", "extra would be parked"]);
    let refused = host.event("refused");
    assert_eq!(
        (&refused["reason"], &refused["to"]),
        (&json!("strict"), &swap["from"])
    );
    // The running version continues. The archived state lacks the field, so this rollback parks
    // nothing.
    let back = scene.rollback(&mut host, &["--state", "then"]);
    assert_eq!(back["to"], swap["from"]);
    let _ = host.stop().exits(0).without(&["break"]);
}

#[test]
fn what_cannot_be_gone_back_to() {
    let scene = Scene::new();
    let game = scene.game.display().to_string();
    scene.said(&["rollback"]).fails(1, &["no host runs"]);
    scene
        .said(&["rollback", "--guest", &game])
        .fails(1, &["no host runs", &game]);
    scene.said(&["history"]).fails(1, &["no host runs"]);
    scene
        .said(&["history", "nothing.wasm"])
        .fails(1, &["no such file or folder"]);
    scene
        .said(&["rollback", "12"])
        .fails(2, &["4 to 64 hexadecimal digits"]);
    scene.said(&["rollback", "wxyz"]).fails(2, &["hexadecimal"]);
    assert!(
        scene
            .said(&["history", &game])
            .output
            .contains("has not run yet")
    );

    let mut host = scene.start();
    let hash = host.events()[0]["hash"]
        .as_str()
        .expect("a hash")
        .to_owned();
    scene
        .said(&["rollback"])
        .fails(1, &["no other version has run"]);
    scene
        .said(&["rollback", "00000000"])
        .fails(1, &["no version 00000000", &hash[..6]]);
    scene.said(&["rollback", &hash]).fails(1, &["is what runs"]);

    // With two hosts, it has to be said which.
    let other = Scene::new();
    let run = Run::headless(&other.game).args("--renderer null");
    let mut second = run.home(scene.home.path()).start();
    second.event("first-frame");
    let both = [&*game, &*other.game.to_string_lossy()];
    let said = scene.said(&["rollback"]);
    said.fails(1, &[&["several hosts", "--guest"], &both[..]].concat());
    let said = scene.said(&["rollback", "--guest", both[1]]);
    said.fails(1, &["no other version has run"]);
    let _ = second.stop().exits(0);
    let _ = host.stop().exits(0).without(&["rollback", "refused"]);
}

#[test]
fn of_two_hosts_on_one_guest_the_process_number_says_which() {
    let scene = Scene::new();
    let game = scene.game.display().to_string();
    let mut hosts = [scene.start(), scene.start()];
    Guest::of::<Counter>().step(2).write(&scene.game);
    let swaps = hosts.each_mut().map(|host| host.event("swap"));
    let pids = hosts.each_ref().map(|host| host.pid().to_string());
    let code = &prefix(&swaps[0]["to"])[..6];
    // Year and month, since the day may end meanwhile.
    let since = &today()[..8];
    for arguments in [&["rollback"][..], &["allow", "clock"]] {
        let said = scene.said(arguments);
        said.fails(1, &["--pid", &pids[0], &pids[1], &game, code, since]);
        let said = scene.said(&[arguments, &["--guest", &game]].concat());
        said.fails(1, &["--pid", &pids[0], &pids[1], &game, code, since]);
    }
    let said = scene.said(&["rollback", "--pid", "1"]);
    said.fails(1, &["no host has the process number 1", &pids[0], &pids[1]]);
    // Both run the same guest, so there is nothing to ask.
    assert_eq!(scene.said(&["history"]).code, Some(0));

    let [mut first, mut second] = hosts;
    let back = scene.rollback(&mut second, &["--pid", &pids[1]]);
    assert_eq!(back["to"], swaps[1]["from"]);
    let said = scene.said(&["allow", "clock", "--guest", &game, "--pid", &pids[0]]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    first.event("notice");
    let _ = first.stop().exits(0).without(&["rollback"]);
    let _ = second.stop().exits(0).without(&["notice"]);
}

/// Today, as the list of hosts has it.
fn today() -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "+%Y-%m-%d"])
        .output();
    String::from_utf8(output.expect("date starts").stdout).expect("a date is text")
}

#[test]
fn the_status_line_knows_that_a_person_went_back() {
    let home = TempDir::new().expect("a temporary folder can be made");
    let game = home.path().join("game.wasm");
    Guest::of::<Counter>().write(&game);
    let flags = ["game.wasm", "--headless", "--renderer", "null"];
    let mut host = Typed::run(home.path(), flags, &[]);
    host.event("first-frame");
    Guest::of::<Counter>().step(2).write(&game);
    let swap = host.event("swap");
    let (old, new) = (&prefix(&swap["from"])[..6], &prefix(&swap["to"])[..6]);
    host.press("r");
    host.event("rollback");
    let newest = format!("an older version, as you asked; the newest source is {new}");
    let line = host.shows(&[&format!("{old} for "), &newest]);
    assert!(!line.contains("does not run"), "{line}");
    // A version that fails is another matter.
    let fails = Guest::of::<Counter>().before("update", "unreachable");
    fails.write(&game);
    let failed = host.event("rollback");
    let failed = &prefix(&failed["from"])[..6];
    let newest = format!("the newest source is {failed} and does not run");
    host.shows(&[&format!("{old} for "), &newest]);
    host.press("q");
    let _ = host.end();
}

#[test]
fn a_version_that_failed_is_passed_over() {
    let scene = Scene::new();
    let mut host = scene.start();
    let good = scene.save(&mut host, &Guest::of::<Counter>().step(2));
    let bad = scene.save(
        &mut host,
        &Guest::of::<Counter>().before("update", "unreachable"),
    );
    let failed = host.event("rollback");
    assert_eq!(failed["from"], bad["to"]);
    assert_eq!(failed["state"], Value::Null, "nobody asked for it");
    let back = scene.rollback(&mut host, &[]);
    assert_eq!(back["to"], good["from"]);
    let _ = host.stop().exits(0);
    let entries = scene.history();
    let fates = ["replaced", "rolled-back", "rolled-back", "ended"];
    assert_eq!(fields(&entries, "fate"), fates);
    assert!(entries[2]["reason"].to_string().contains("update trapped"));
    assert_eq!(entries[1]["reason"], Value::Null);
}

#[test]
fn out_of_a_break() {
    let demo = Demo::copy("hello");
    let home = TempDir::new().expect("a temporary folder can be made");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --hz 500")
        .home(home.path())
        .start();
    host.event("first-frame");
    // After probation, however long the build takes.
    demo.replace(
        "self.x += speed",
        "static MADE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let made = MADE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert!(made != 100, \"a hundred\");
        self.x += speed",
    );
    let swap = host.event("swap");
    let stopped = host.event("break");
    assert!(frame(&stopped) > frame(&swap) + 60, "{stopped}");
    let said = Said::of(home.path(), &["rollback"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    let back = host.event("rollback");
    assert_eq!(back["to"], swap["from"]);
    assert_eq!(back["frame"], stopped["frame"], "from the last good frame");
    host.event("first-frame");
    let ended = host.stop().exits(0);
    assert!(frame(ended.only("end")) > frame(&back), "it moves on");
}

/// The restored state is the base, also for a second failure.
#[test]
fn out_of_a_break_with_the_state_of_then() {
    let engine =
        game::engine(&Assets::default(), EngineOptions::default()).expect("an engine can be made");
    let ready = |guest: &Guest| {
        let code = Code::from_bytes(guest.module()).expect("it is a guest");
        prepare(&engine, &code, &ExpectedState::default()).expect("it can be prepared")
    };
    let run = |game: &mut Game, to: u64| -> Result<(), Trap> {
        for number in game.frame()..to {
            game.update(&Step {
                number,
                ..Step::default()
            })?;
            game.keep_image(false)?;
        }
        Ok(())
    };
    let count = |game: &mut Game| {
        let image = game.image().expect("there is a state");
        let value = decode(&image.schema, &image.parcel.as_ref()).expect("it is whole");
        value.to_json()
    };
    let setup = Setup {
        seed: 0,
        size: Size::new(8, 8),
        hz: 60.0,
    };
    let first = ready(&Guest::of::<Counter>());
    let old = first.version.hash();
    let mut game = Game::fresh(
        first,
        game::supervisor_options().expect("it starts"),
        |guest| guest.init(setup),
    )
    .expect("it begins");
    run(&mut game, 10).expect("it runs");
    let second = ready(&Guest::of::<Counter>().step(100).trap_at(200));
    game.swap(&engine, second, false).expect("it fits");
    assert_eq!(game.state_before(old).map(|image| image.frame), Some(10));
    let trap = run(&mut game, 300).expect_err("it traps");
    assert!(matches!(
        game.fail(&engine, trap, None),
        FailureOutcome::Broken(_)
    ));
    assert_eq!(
        (game.frame(), &*count(&mut game)),
        (200, r#"{"count":19010}"#)
    );

    let then = game.state_archive().state_of(old).expect("it was kept");
    assert_eq!(then.frame, 10);
    let third = ready(&Guest::of::<Counter>().trap_at(205));
    game.swap_with(&engine, third, &then, false)
        .expect("it fits");
    assert_eq!((game.frame(), &*count(&mut game)), (200, r#"{"count":10}"#));
    let trap = run(&mut game, 300).expect_err("it traps");
    assert!(matches!(
        game.fail(&engine, trap, None),
        FailureOutcome::Broken(_)
    ));
    assert_eq!((game.frame(), &*count(&mut game)), (205, r#"{"count":15}"#));
}
