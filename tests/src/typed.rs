//! A host in a terminal of its own, made by `script`. A test presses its keys and reads its screen.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::Value;

use crate::host::host;
use crate::wait::{Output, Written, name_of};

/// A host in a terminal. After its end, the shell prints its exit code and the terminal's settings.
pub struct Typed {
    script: Child,
    keys: ChildStdin,
    output: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
    /// The number of events that waits have consumed.
    heard: usize,
}

impl Typed {
    /// Types `host run ARGUMENTS` in this folder, which also holds the report and everything that the
    /// host keeps.
    #[track_caller]
    #[must_use]
    pub fn run(
        folder: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        env: &[(&str, &OsStr)],
    ) -> Self {
        let report = folder.join("report.jsonl");
        Output::make_report(&report);
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
        let screen = script.stdout.take().expect("its output is a pipe");
        let output = Arc::<Output>::default();
        Self {
            script,
            keys,
            readers: output.follow(screen, &report).into(),
            output,
            heard: 0,
        }
    }

    /// Presses keys, one after the other.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        let written = self.keys.write_all(keys.as_bytes());
        written
            .and_then(|()| self.keys.flush())
            .expect("somebody reads it");
    }

    /// Waits for the next event of this name. Earlier events are skipped, and later waits begin behind
    /// it.
    #[track_caller]
    pub fn event(&mut self, name: &str) -> Value {
        let heard = self.heard;
        let (at, event) = self.wait(&format!("a `{name}` in the report"), |written| {
            let events = &written.events;
            let at = (heard..events.len()).find(|at| name_of(&events[*at]) == name)?;
            Some((at, events[at].clone()))
        });
        self.heard = at + 1;
        event
    }

    /// Waits for a new line with all these words, and returns it.
    #[track_caller]
    pub fn shows(&mut self, words: &[&str]) -> String {
        let from = self.output.lock().text.len();
        self.wait(&format!("{words:?} in one line"), |written| {
            let mut lines = written.text[from..].split(['\r', '\n']);
            let line = lines.find(|line| words.iter().all(|word| line.contains(word)))?;
            Some(line.to_owned())
        })
    }

    /// Waits for the host's end. Returns everything that was written to the terminal.
    #[track_caller]
    #[must_use]
    pub fn end(mut self) -> String {
        // Nothing matches, so this returns when the host has closed its output.
        let _: Option<()> = self.output.wait(|_| None);
        if self.output.lock().is_open() {
            self.give_up("the end");
        }
        for reader in self.readers.drain(..) {
            reader.join().expect("every line of the report is JSON");
        }
        std::mem::take(&mut self.output.lock().text)
    }

    /// Waits for output of the host.
    #[track_caller]
    fn wait<T>(&mut self, what: &str, look: impl FnMut(&Written) -> Option<T>) -> T {
        let found = self.output.wait(look);
        found.unwrap_or_else(|| self.give_up(what))
    }

    #[track_caller]
    fn give_up(&mut self, what: &str) -> ! {
        let _ = self.script.kill();
        let written = self.output.lock();
        let (events, screen) = (&written.events, &written.text);
        panic!("waited for {what} in vain\nreport: {events:#?}\nterminal:\n{screen}");
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}
