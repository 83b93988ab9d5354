//! Commands that run within bounds of time and memory, for inputs that attack either.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bounds of a command. They are generous, so that no slow machine exceeds them: what they find takes for
/// ever, or all memory.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time until the command has ended.
    pub time: Duration,
    /// Resident memory in MiB.
    pub mib: u64,
}

/// The output of a command that stayed within its bounds.
#[derive(Debug)]
pub struct Bounded {
    /// Exit code; `None` if a signal ended the command.
    pub code: Option<i32>,
    /// Standard output.
    pub printed: String,
    /// Standard error.
    pub said: String,
    /// Most resident memory that was seen, in MiB.
    pub mib: u64,
    /// Time from start to end.
    pub took: Duration,
}

impl Bounded {
    /// Checks the exit code and the words of the output.
    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            let is_there = self.said.contains(word) || self.printed.contains(word);
            assert!(is_there, "no {word:?} in {self:#?}");
        }
        self
    }
}

impl Bounds {
    /// Makes bounds of seconds and MiB.
    #[must_use]
    pub fn new(seconds: u64, mib: u64) -> Self {
        Self {
            time: Duration::from_secs(seconds),
            mib,
        }
    }

    /// Runs a command to its end. Output beyond 16 MiB is not kept.
    ///
    /// # Panics
    /// When the command takes more than one of the bounds, after it was killed.
    #[track_caller]
    #[must_use]
    pub fn run(self, command: &mut Command) -> Bounded {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command.spawn().expect("the command starts");
        let printed = collect(child.stdout.take().expect("it is a pipe"));
        let said = collect(child.stderr.take().expect("it is a pipe"));
        let (code, mib) = self.watch(&mut child);
        let took = begun.elapsed();
        let text = |reader: JoinHandle<Vec<u8>>| {
            let bytes = reader.join().expect("a pipe can be read");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Bounded {
            code,
            printed: text(printed),
            said: text(said),
            mib,
            took,
        }
    }

    /// Waits for the end of a process, and kills it if it takes more than one of the bounds. Returns the
    /// exit code and the most memory that was seen.
    #[track_caller]
    pub fn watch(self, child: &mut Child) -> (Option<i32>, u64) {
        let begun = Instant::now();
        let mut most = 0;
        loop {
            if let Some(status) = child.try_wait().expect("the command can be waited for") {
                return (status.code(), most);
            }
            most = most.max(resident_mib(child.id()));
            let why = match (most > self.mib, begun.elapsed() > self.time) {
                (true, _) => "memory",
                (_, true) => "time",
                _ => {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
            };
            // The process may end at this moment.
            let _ = child.kill();
            let _ = child.wait();
            let took = begun.elapsed();
            panic!("more {why} than {self:?}: {most} MiB after {took:?}");
        }
    }
}

/// Returns the resident memory of a process. 0 where the system does not tell.
fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    const MOST: usize = 16 << 20;
    std::thread::spawn(move || {
        let (mut all, mut piece) = (Vec::new(), vec![0; 1 << 16]);
        while let Ok(read @ 1..) = pipe.read(&mut piece) {
            if all.len() < MOST {
                all.extend_from_slice(&piece[..read]);
            }
        }
        all
    })
}
