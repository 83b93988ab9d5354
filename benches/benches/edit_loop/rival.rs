//! `hot-lib-reloader` on the same program as a dylib, in a process of its own (`benches/rivals`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use vblank_benches::generated::{Flavour, Program, pull};

/// A rival that waits for edits.
pub struct Rival {
    program: Program,
    process: Child,
    tell: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Rival {
    /// Builds the program in this folder and loads it.
    pub fn start(folder: &Path, lines: usize, debounce_ms: u64) -> Self {
        let program = Program::write(folder, Flavour::Dylib, lines);
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals/Cargo.toml");
        let mut process = Command::new("cargo")
            .args(["run", "--release", "--quiet", "--manifest-path"])
            .arg(&manifest)
            .args(["--", "edits"])
            .arg(program.folder())
            .arg(debounce_ms.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo starts");
        let tell = process.stdin.take().expect("it is piped");
        let said = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut rival = Self {
            program,
            process,
            tell,
            said,
        };
        assert_eq!(rival.line(), "loaded");
        rival
    }

    /// Edits the program. Returns the milliseconds until the first update by the new code.
    pub fn edit(&mut self, number: usize) -> f64 {
        self.program.edit(number);
        writeln!(self.tell, "{}", pull(number)).expect("it listens");
        self.line().parse().expect("it says milliseconds")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("it speaks");
        assert!(!line.is_empty(), "the rival has ended");
        line.trim().to_owned()
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
