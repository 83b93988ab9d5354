//! A host in a terminal of its own, whose keys a test presses and whose screen it reads: `script` is what
//! gives it one.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::host::host;
use crate::report::{Report, name_of};

/// Nothing that a test waits for takes longer, also on a busy machine with a cold compiler.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often to look.
const GLANCE: Duration = Duration::from_millis(5);

/// A host in a terminal. When it has ended, the shell says its exit code and how the terminal is.
pub struct Typed {
    script: Child,
    keys: ChildStdin,
    report: Report,
    heard: usize,
    screen: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Typed {
    /// Type `host run ARGUMENTS`, in this folder, where its report and all that it keeps are as well.
    #[track_caller]
    #[must_use]
    pub fn run(
        folder: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        env: &[(&str, &OsStr)],
    ) -> Self {
        let report = folder.join("report.jsonl");
        let host = host(folder);
        let quoted = |word: &OsStr| format!("'{}'", word.to_string_lossy());
        let words: Vec<String> = arguments
            .into_iter()
            .map(|word| quoted(word.as_ref()))
            .collect();
        let line = format!(
            "stty cols 200; trap : INT; {} run {} --report {}; echo code $?; stty -a",
            quoted(host.get_program()),
            words.join(" "),
            quoted(report.as_ref()),
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
            .envs(env.iter().copied())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` is part of util-linux");
        let keys = script.stdin.take().expect("its input is a pipe");
        let output = script.stdout.take().expect("its output is a pipe");
        let screen = Arc::new(Mutex::new(String::new()));
        let reader = {
            let screen = Arc::clone(&screen);
            std::thread::spawn(move || read(output, &screen))
        };
        Self {
            script,
            keys,
            report: Report::follow(&report),
            heard: 0,
            screen,
            reader,
        }
    }

    /// Press keys, one after the other.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        let written = self.keys.write_all(keys.as_bytes());
        written
            .and_then(|()| self.keys.flush())
            .expect("somebody reads it");
    }

    /// The next event of this name. Those before it are passed over, and later waits begin behind it.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        self.wait_until(&format!("a `{name}` in the report"), |typed| {
            typed.report.read_on();
            let events = &typed.report.events[typed.heard..];
            let found = events.iter().position(|event| name_of(event) == name)?;
            let event = events[found].clone();
            typed.heard += found + 1;
            Some(event)
        })
    }

    /// Every event so far.
    pub fn events(&mut self) -> &[Value] {
        self.report.read_on();
        &self.report.events
    }

    /// From now on, a line that is written has all these words; that line.
    #[track_caller]
    pub fn shows(&mut self, words: &[&str]) -> String {
        let from = self.screen().len();
        self.wait_until(&format!("{words:?} in one line"), |typed| {
            let screen = typed.screen();
            let mut lines = screen[from..].split(['\r', '\n']);
            let line = lines.find(|line| words.iter().all(|word| line.contains(word)))?;
            Some(line.to_owned())
        })
    }

    /// All that was written to the terminal.
    #[must_use]
    pub fn screen(&self) -> String {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.clone()
    }

    /// Wait for its end; all that was written to the terminal.
    #[track_caller]
    #[must_use]
    pub fn end(mut self) -> String {
        self.wait_until("the end", |typed| match typed.script.try_wait() {
            Ok(None) => None,
            ended => Some(ended.is_ok()),
        });
        self.reader.join().expect("nothing panics there");
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.clone()
    }

    #[track_caller]
    fn wait_until<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if begun.elapsed() > PATIENCE {
                let _ = self.script.kill();
                let events = &self.report.events;
                let screen = self.screen();
                panic!("waited for {what} in vain\nreport: {events:#?}\nterminal:\n{screen}");
            }
            std::thread::sleep(GLANCE);
        }
    }
}

/// Text may come in pieces of letters: what is not whole yet waits.
fn read(mut output: impl Read, screen: &Mutex<String>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut piece) {
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        *screen.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}
