//! The binary `host` in tests: started, observed and stopped.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::wait::{DEADLINE, Output, Written, name_of, wait_until};

/// Returns the path of the host, which is built beside the test.
pub fn host_binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.parent().and_then(Path::parent);
    let host = profile.map(|folder| {
        folder
            .join("host")
            .with_extension(std::env::consts::EXE_EXTENSION)
    });
    match host {
        Some(host) if host.is_file() => host,
        _ => panic!(
            "the binary `host` is not there beside {}; type: cargo build --release --package vblank-host --bin host",
            test.display()
        ),
    }
}

/// Makes a command of the host without the test's own environment. The host keeps its files in this
/// folder, and finds running hosts there.
#[must_use]
pub fn host(folder: &Path) -> Command {
    let mut command = Command::new(host_binary());
    for name in [
        "CARGO_TARGET_DIR",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "WAYLAND_SOCKET",
        "VBLANK_LOG",
        "VBLANK_CACHE",
    ] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    surround(&mut command, folder);
    command
}

/// Sets the folders in which the host, Mesa and cargo's caches may write.
fn surround(command: &mut Command, folder: &Path) {
    command.env("XDG_RUNTIME_DIR", folder);
    command.env("XDG_CACHE_HOME", folder.join("cache"));
    command.env("XDG_DATA_HOME", folder.join("data"));
}

/// Returns the value tree of a saved state, as `host state show --json` prints it.
#[track_caller]
#[must_use]
pub fn show_state(image: &Path) -> Value {
    let output = host(&std::env::temp_dir())
        .args(["state", "show", "--json"])
        .arg(image)
        .output()
        .expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "state show {} fails: {said}",
        image.display()
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("state show prints no JSON: {error}"))
}

/// `host run GUEST`, before it is started.
pub struct Run {
    command: Command,
    folder: TempDir,
    report: PathBuf,
}

impl Run {
    /// Makes a run without a window, and without pictures unless `--renderer` is given.
    #[must_use]
    pub fn headless(guest: &Path) -> Self {
        Self::new(guest).arg("--headless")
    }

    /// Makes a run in a window on this X display.
    #[must_use]
    pub fn windowed(guest: &Path, display: &str) -> Self {
        let mut run = Self::new(guest);
        run.command.env("DISPLAY", display);
        run
    }

    fn new(guest: &Path) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let report = folder.path().join("report.jsonl");
        let mut command = host(folder.path());
        command.arg("run").arg(guest).arg("--report").arg(&report);
        Self {
            command,
            folder,
            report,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments that are separated by spaces.
    #[must_use]
    pub fn args(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// Adds a flag with a path, such as `--state-out FILE@60`.
    #[must_use]
    pub fn file(mut self, flag: &str, path: &Path, suffix: &str) -> Self {
        self.command
            .arg(flag)
            .arg(format!("{}{suffix}", path.display()));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the host by another program, whose arguments end with the command of the host.
    #[must_use]
    pub fn within(mut self, program: &str, words: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(words).arg(self.command.get_program());
        command.args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.command = command;
        self
    }

    /// Starts the host in this folder.
    #[must_use]
    pub fn within_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Prepares a run whose memory is measured: huge pages would round it up to 2 MiB, a step of 5%.
    #[must_use]
    pub fn in_small_pages(self) -> Self {
        self.env("MIMALLOC_ALLOW_THP", "0")
    }

    /// Keeps all files of the host in this folder, as other commands of the host do.
    #[must_use]
    pub fn home(mut self, folder: &Path) -> Self {
        surround(&mut self.command, folder);
        self
    }

    /// Starts the host.
    #[track_caller]
    #[must_use]
    pub fn start(mut self) -> Host {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let output = Arc::<Output>::default();
        Output::make_report(&self.report);
        let mut child = self.command.spawn().expect("the host starts");
        let stderr = child.stderr.take().expect("its standard error is a pipe");
        Host {
            child,
            readers: output.follow(stderr, &self.report).into(),
            output,
            events: Vec::new(),
            heard: 0,
            _folder: self.folder,
        }
    }

    /// Starts the host, and waits for its end.
    #[track_caller]
    #[must_use]
    pub fn to_end(self) -> Ended {
        self.start().end()
    }
}

/// A running host, which is killed when it is dropped.
pub struct Host {
    child: Child,
    output: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
    /// Copy of the report, up to the last request for it.
    events: Vec<Value>,
    /// The number of events that waits have consumed.
    heard: usize,
    _folder: TempDir,
}

impl Host {
    /// Waits for the next event of this name. Earlier events are skipped, and later waits begin behind
    /// it.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        self.event_of(&[name])
    }

    /// Waits for the next event of one of these names; see [`event`](Self::event).
    #[track_caller]
    pub fn event_of(&mut self, names: &[&str]) -> Value {
        let heard = self.heard;
        let (at, event) = self.wait(&format!("one of {names:?} in the report"), |written| {
            let events = &written.events;
            let is_it = |at: &usize| names.contains(&name_of(&events[*at]));
            let at = (heard..events.len()).find(is_it)?;
            Some((at, events[at].clone()))
        });
        self.heard = at + 1;
        event
    }

    /// Waits until the host has handled every change to the guest. Rewrites the file until the host
    /// reports that the code is the same, and returns that event.
    #[track_caller]
    pub fn settle(&mut self, file: &Path) -> Value {
        loop {
            let text = std::fs::read(file).and_then(|text| std::fs::write(file, text));
            text.unwrap_or_else(|error| panic!("cannot rewrite {}: {error}", file.display()));
            // An earlier change arrived together with this one, so one more write is needed.
            let event = self.event_of(&["same-code", "swap"]);
            if name_of(&event) == "same-code" {
                return event;
            }
        }
    }

    /// Waits until this file exists.
    #[track_caller]
    pub fn file(&mut self, path: &Path) {
        let what = format!("the file {}", path.display());
        wait_until(&what, DEADLINE, || {
            if path.exists() {
                return Some(());
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                self.give_up(&what);
            }
            None
        });
    }

    /// Waits until the host prints this text on standard error.
    #[track_caller]
    pub fn says(&mut self, text: &str) {
        self.wait(&format!("{text:?} on standard error"), |written| {
            written.text.contains(text).then_some(())
        });
    }

    /// Returns everything on standard error so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.output.lock().text.clone()
    }

    /// Returns every event so far.
    pub fn events(&mut self) -> &[Value] {
        self.events.clone_from(&self.output.lock().events);
        &self.events
    }

    /// Lets the host run for a time that is part of the test, such as the time of a kill. Not for
    /// waiting for something.
    pub fn run_on(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// Sends Ctrl-C.
    #[track_caller]
    pub fn interrupt(&self) {
        kill_process(self.pid(), Signal::INT).expect("the host can be interrupted");
    }

    /// Kills the host with SIGKILL, and returns its output until then.
    #[track_caller]
    #[must_use]
    pub fn kill(mut self) -> Ended {
        self.child.kill().expect("a process can be killed");
        self.end()
    }

    /// Returns the number of the process, and of the group that it starts.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the host's natural end.
    #[track_caller]
    #[must_use]
    pub fn end(mut self) -> Ended {
        // Nothing matches, so this returns when the host has closed its output.
        let _: Option<()> = self.output.wait(|_| None);
        if self.output.lock().is_open() {
            self.give_up("the end");
        }
        let status = self.child.wait().expect("the host can be waited for");
        for reader in self.readers.drain(..) {
            reader.join().expect("every line of the report is JSON");
        }
        let ended = Ended {
            code: status.code(),
            said: self.said(),
            events: std::mem::take(&mut self.output.lock().events),
        };
        for slip in [
            "RUST_BACKTRACE",
            "stack backtrace",
            "Error {",
            "wasm backtrace",
        ] {
            assert!(
                !ended.said.contains(slip),
                "that is no message for people:\n{}",
                ended.said
            );
        }
        ended
    }

    /// Sends Ctrl-C, and waits for the end.
    #[track_caller]
    #[must_use]
    pub fn stop(self) -> Ended {
        self.interrupt();
        self.end()
    }

    /// Waits for output of the host.
    #[track_caller]
    fn wait<T>(&mut self, what: &str, look: impl FnMut(&Written) -> Option<T>) -> T {
        let found = self.output.wait(look);
        found.unwrap_or_else(|| self.give_up(what))
    }

    #[track_caller]
    fn give_up(&mut self, what: &str) -> ! {
        let status = self.child.try_wait();
        let written = self.output.lock();
        let events: Vec<String> = written.events.iter().map(Value::to_string).collect();
        panic!(
            "waited for {what} in vain\nstatus: {status:?}\nreport:\n{}\nstandard error:\n{}",
            events.join("\n"),
            written.text
        );
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The host may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Outcome of a run.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; `None` if a signal ended the host.
    pub code: Option<i32>,
    /// Standard error.
    pub said: String,
    /// The report.
    pub events: Vec<Value>,
}

impl Ended {
    /// Returns all events of this name.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&Value> {
        self.events
            .iter()
            .filter(|event| name_of(event) == name)
            .collect()
    }

    /// Returns the only event of this name.
    #[track_caller]
    #[must_use]
    pub fn only(&self, name: &str) -> &Value {
        match self.all(name)[..] {
            [event] => event,
            ref several => panic!("{} `{name}` where one is wanted: {self:#?}", several.len()),
        }
    }

    /// Checks the exit code.
    #[track_caller]
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "the exit code of {self:#?}");
        self
    }

    /// Checks that there is no event of these names.
    #[track_caller]
    #[must_use]
    pub fn without(self, names: &[&str]) -> Self {
        for name in names {
            assert!(self.all(name).is_empty(), "a `{name}` in {self:#?}");
        }
        self
    }

    /// Checks that standard error has exactly one line with the first of the words, and that this line
    /// has all words.
    #[track_caller]
    #[must_use]
    pub fn says_once(self, words: &[&str]) -> Self {
        let lines: Vec<&str> = self
            .said
            .lines()
            .filter(|line| line.contains(words[0]))
            .collect();
        let [line] = lines[..] else {
            panic!(
                "{} lines with {:?} in:\n{}",
                lines.len(),
                words[0],
                self.said
            )
        };
        for word in words {
            assert!(line.contains(word), "no {word:?} in: {line}");
        }
        self
    }

    /// Returns the hash of the state at the end.
    #[track_caller]
    #[must_use]
    pub fn state_hash(&self) -> &str {
        let end = self.only("end");
        end["state_hash"]
            .as_str()
            .unwrap_or_else(|| panic!("no state at the end: {self:#?}"))
    }

    /// Returns the number of updates.
    #[track_caller]
    #[must_use]
    pub fn frames(&self) -> u64 {
        let end = self.only("end");
        end["frames"]
            .as_u64()
            .unwrap_or_else(|| panic!("no number of frames: {self:#?}"))
    }
}
