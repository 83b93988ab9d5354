//! Waiting for output of a process, or for a condition that nothing announces.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use serde_json::Value;

/// Longest wait of a test, on a busy machine with a cold compiler too.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Polls until a condition returns a value. This is for conditions that nothing announces: a file that
/// appears, a thread that ends, a window. If there is an event, wait for the event.
///
/// # Panics
///
/// At the deadline. The message names the condition.
#[track_caller]
pub fn wait_until<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(
            begun.elapsed() < deadline,
            "waited {deadline:?} for {what} in vain"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A watch on a file that reports reads of it.
pub struct Reads(OwnedFd);

impl Reads {
    /// Starts to watch a file.
    ///
    /// # Panics
    ///
    /// If the file does not exist.
    #[track_caller]
    #[must_use]
    pub fn of(file: &Path) -> Self {
        let watch = inotify::init(CreateFlags::NONBLOCK).expect("Linux has inotify");
        inotify::add_watch(&watch, file, WatchFlags::CLOSE_NOWRITE)
            .unwrap_or_else(|error| panic!("cannot watch {}: {error}", file.display()));
        Self(watch)
    }

    /// Waits until the file has been read since then.
    #[track_caller]
    pub fn wait(&self) {
        wait_until("somebody to read the file", DEADLINE, || {
            let mut event = [0; 4096];
            rustix::io::read(&self.0, &mut event).ok().map(drop)
        });
    }
}

/// Output of a process so far. Each new line wakes all waiting threads.
#[derive(Default)]
pub(crate) struct Output {
    written: Mutex<Written>,
    changed: Condvar,
}

/// Content of an [`Output`].
#[derive(Default)]
pub(crate) struct Written {
    /// Text of the terminal or of standard error.
    pub text: String,
    /// The events of the report.
    pub events: Vec<Value>,
    /// The number of readers that may still add something.
    readers: usize,
}

impl Written {
    /// Returns true if more output may come.
    pub(crate) fn is_open(&self) -> bool {
        self.readers > 0
    }
}

impl Output {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Written)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `look` returns a value. Returns `None` at the deadline or at the end of the output.
    pub(crate) fn wait<T>(&self, mut look: impl FnMut(&Written) -> Option<T>) -> Option<T> {
        let end = Instant::now() + DEADLINE;
        let mut written = self.lock();
        loop {
            if let Some(found) = look(&written) {
                return Some(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if written.readers == 0 || left.is_zero() {
                return None;
            }
            let woken = self.changed.wait_timeout(written, left);
            written = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn start(self: &Arc<Self>, read: impl FnOnce(&Self) + Send + 'static) -> JoinHandle<()> {
        self.change(|written| written.readers += 1);
        let output = Arc::clone(self);
        std::thread::spawn(move || {
            // The guard also runs if reading panics, so that no thread waits in vain.
            let _done = Done(&output);
            read(&output);
        })
    }

    /// Makes the pipe for a process's report.
    #[track_caller]
    pub(crate) fn make_report(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "cannot make a pipe at {}",
            path.display()
        );
    }

    /// Reads the output of a process to its end: text from a pipe, and the report from another.
    pub(crate) fn follow(
        self: &Arc<Self>,
        text: impl Read + Send + 'static,
        report: &Path,
    ) -> [JoinHandle<()>; 2] {
        let (path, same) = (report.to_owned(), report.to_owned());
        let is_open = Arc::new(AtomicBool::new(false));
        let was_opened = Arc::clone(&is_open);
        let report = self.start(move |output| {
            // Opening returns once the process has opened the pipe as well.
            let pipe = File::open(&path).expect("the pipe was made");
            is_open.store(true, Ordering::Relaxed);
            output.read_report(pipe);
        });
        let text = self.start(move |output| {
            output.read_text(text);
            // A process may end before it opens the report. Opening it here unblocks the other thread, once
            // that one waits: before, there is no reader, and opening fails.
            while !was_opened.load(Ordering::Relaxed) {
                let _ = OpenOptions::new()
                    .write(true)
                    .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
                    .open(&same);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        [report, text]
    }

    fn read_report(&self, pipe: File) {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(event) => self.change(|written| written.events.push(event)),
                // A process that was killed may leave a line unfinished.
                Err(error) if error.is_eof() => {}
                Err(error) => panic!("a line of the report is no JSON: {error}: {line}"),
            }
        }
    }

    fn read_text(&self, mut pipe: impl Read) {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = pipe.read(&mut piece) {
            bytes.extend_from_slice(&piece[..count]);
            // A character may arrive in pieces, and the incomplete rest stays in the buffer.
            let valid = match std::str::from_utf8(&bytes) {
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                _ => bytes.len(),
            };
            let text: Vec<u8> = bytes.drain(..valid).collect();
            self.change(|written| written.text.push_str(&String::from_utf8_lossy(&text)));
        }
    }
}

/// Guard that reports the end of a reader when it is dropped.
struct Done<'a>(&'a Output);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.change(|written| written.readers -= 1);
    }
}

/// Returns the name of an event.
#[must_use]
pub fn name_of(event: &Value) -> &str {
    event["event"].as_str().unwrap_or_default()
}
