//! Keys in the terminal, through a terminal of their own: `script` gives the host one.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Counter, Guest, Report, host};

/// A host in a terminal, whose keys are ours. Afterwards the shell says how the terminal is.
struct Typed {
    home: TempDir,
    script: Child,
    keys: ChildStdin,
    report: Report,
    heard: usize,
}

impl Typed {
    fn start() -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        let (game, report) = (
            home.path().join("game.wasm"),
            home.path().join("report.jsonl"),
        );
        Guest::of::<Counter>().write(&game);
        let host = host(home.path());
        let quoted = |path: &Path| format!("'{}'", path.display());
        let line = format!(
            "trap : INT; {} run {} --headless --renderer null --report {}; echo code $?; stty -a",
            quoted(host.get_program().as_ref()),
            quoted(&game),
            quoted(&report),
        );
        let mut script = Command::new("script");
        script.args(["-q", "-c", &line, "/dev/null"]);
        for (name, value) in host.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        let mut script = script
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` is part of util-linux");
        let keys = script.stdin.take().expect("its input is a pipe");
        let mut typed = Self {
            home,
            script,
            keys,
            report: Report::follow(&report),
            heard: 0,
        };
        typed.event("first-frame");
        typed
    }

    fn press(&mut self, keys: &str) {
        let written = self.keys.write_all(keys.as_bytes());
        written
            .and_then(|()| self.keys.flush())
            .expect("somebody reads it");
    }

    /// The next event of this name.
    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            self.report.read_on();
            let events = &self.report.events[self.heard..];
            if let Some(at) = events.iter().position(|event| event["event"] == name) {
                let event = events[at].clone();
                self.heard += at + 1;
                return event;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("waited for `{name}` in vain: {:?}", self.report.events);
    }

    /// Everything on its terminal, when all has ended.
    fn end(mut self) -> String {
        let mut said = String::new();
        let mut output = self.script.stdout.take().expect("its output is a pipe");
        output.read_to_string(&mut said).expect("it says text");
        self.script.wait().expect("it ends");
        drop(self.home);
        said
    }
}

/// As a terminal is when nothing has been done to it.
#[track_caller]
fn is_restored(said: &str) {
    let modes: Vec<&str> = said.split_whitespace().collect();
    for mode in ["icanon", "echo"] {
        assert!(
            modes.iter().any(|word| word.trim_end_matches(';') == mode),
            "no {mode} in {said}"
        );
    }
}

#[test]
fn keys_are_commands_and_the_terminal_is_as_it_was() {
    let mut host = Typed::start();
    host.press("?i");
    let image = host.event("image");
    assert!(
        image["file"]
            .as_str()
            .is_some_and(|file| file.ends_with(".vbs"))
    );
    // Standing still: two steps from one image to the next.
    host.press("p");
    std::thread::sleep(Duration::from_millis(300));
    host.press("i");
    let before = host.event("image")["saved"].as_u64().expect("a number");
    host.press("ss");
    std::thread::sleep(Duration::from_millis(300));
    host.press("i");
    let after = host.event("image")["saved"].as_u64().expect("a number");
    assert_eq!(after, before + 2);
    host.press("0");
    let _ = host.event("reset");
    host.press("r");
    let notice = host.event("notice");
    assert!(
        notice["message"].to_string().contains("not rolled back"),
        "{notice}"
    );
    host.press("b");
    let same = host.event("same-code");
    assert_eq!(same["runs"], true);
    host.press("q");
    let _ = host.event("end");
    let said = host.end();
    assert!(said.contains("keys: b rebuild"), "{said}");
    assert!(said.contains("code 0"), "{said}");
    is_restored(&said);
}

#[test]
fn the_terminal_is_as_it_was_after_ctrl_c() {
    let mut host = Typed::start();
    host.press("\u{3}");
    let _ = host.event("end");
    is_restored(&host.end());
}
