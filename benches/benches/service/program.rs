//! A service: a program that listens and runs a handler.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use vblank_tests::workspace;

/// A program that runs until it is dropped.
pub struct Program {
    child: Child,
    address: String,
    swaps: &'static AtomicUsize,
}

impl Program {
    pub fn vblank(handler: &Path) -> Self {
        let bench = std::env::current_exe().expect("a program knows its path");
        let folder = bench.parent().and_then(Path::parent);
        let program = folder.expect("it lies in deps").join("service");
        assert!(program.exists(), "cargo build --release -p service");
        Self::start(&mut Command::new(program), handler, "bytes of state in")
    }

    /// Starts the service with Extism, which must have been built.
    pub fn extism(handler: &Path) -> Self {
        let mut program = Command::new(extism());
        // The cache lies beside the handler, so that it holds no code of an earlier run.
        program.env("XDG_CACHE_HOME", handler.with_file_name("cache"));
        Self::start(&mut program, handler, "reloaded, ")
    }

    pub fn has_extism() -> bool {
        extism().exists()
    }

    /// Starts a service. `swapped` occurs in each line about a replaced handler, and the service prints
    /// no other lines.
    fn start(program: &mut Command, handler: &Path, swapped: &'static str) -> Self {
        let mut child = program
            .arg(handler)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut address = String::new();
        let out = child.stdout.take().expect("it is piped");
        let read = BufReader::new(out).read_line(&mut address);
        read.expect("it says where it listens");
        // The thread below counts until the program ends, so the counter is leaked.
        let swaps: &'static AtomicUsize = Box::leak(Box::default());
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                assert!(line.contains(swapped), "{line}");
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self {
            child,
            address: address.trim().trim_start_matches("http://").to_owned(),
            swaps,
        }
    }

    pub fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_nodelay(true).expect("it is a socket");
        BufReader::new(stream)
    }

    /// Returns the number of handlers that the program reports to have replaced.
    pub fn swaps(&self) -> usize {
        self.swaps.load(Ordering::Relaxed)
    }

    /// Returns the number of requests that the handler has counted, including this one.
    pub fn count(&self) -> u64 {
        crate::load::ask(&mut self.connect()).unwrap_or_else(|answer| panic!("{answer}"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn extism() -> PathBuf {
    workspace().join("benches/rivals-service/target/release/vblank-rivals-service")
}
