//! Commands under a bound of time and of memory. A command that exceeds one of them is killed, and the test
//! fails.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A finished command.
#[derive(Debug)]
pub struct Finished {
    /// Exit code. `None` if a signal ended the command.
    pub code: Option<i32>,
    /// Standard output and standard error, one after the other.
    pub said: String,
    /// Time from start to end.
    pub took: Duration,
    /// Largest resident memory that was seen.
    pub peak_mib: u64,
}

/// Runs a command that may take so long and hold so much resident memory.
///
/// # Panics
///
/// When it exceeds a bound.
#[track_caller]
pub fn bounded(command: &mut Command, limit: Duration, most_mib: u64) -> Finished {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn().expect("the command starts");
    let (mut out, mut error) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: &mut dyn Read| {
        let mut text = Vec::new();
        // What cannot be read is missing in the message.
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    let (peak_mib, code, said) = std::thread::scope(|scope| {
        let out = scope.spawn(move || out.as_mut().map(|pipe| read(pipe)));
        let error = scope.spawn(move || error.as_mut().map(|pipe| read(pipe)));
        let mut peak = 0;
        let code = loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                break status.code();
            }
            peak = peak.max(resident_mib(&child));
            let problem = if peak > most_mib {
                format!("more than {most_mib} MiB of memory")
            } else if begun.elapsed() > limit {
                format!("more than {limit:?}")
            } else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            child.kill().expect("it can be killed");
            let _ = child.wait();
            let said = [out.join(), error.join()];
            panic!("{command:?} takes {problem}; it said: {said:?}");
        };
        let said = [out.join(), error.join()];
        let said = said.map(|said| said.ok().flatten().unwrap_or_default());
        (peak, code, said.concat())
    });
    Finished {
        code,
        said,
        took: begun.elapsed(),
        peak_mib,
    }
}

/// Resident memory of a process. 0 if it has ended.
fn resident_mib(child: &Child) -> u64 {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

impl Finished {
    /// Checks the exit code and the words of the output.
    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.said.contains(word), "no {word:?} in {self:#?}");
        }
        self
    }
}
