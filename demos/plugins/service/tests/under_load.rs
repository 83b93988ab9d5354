//! Requests come in from several connections while the handler's code is replaced again and again: each is
//! answered, and each is counted once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vblank_tests::Demo;

const CLIENTS: usize = 4;
const SWAPS: usize = 10;

struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(handler: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_service"))
            .arg(handler)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = child.stdout.take().expect("it is piped");
        let mut address = String::new();
        let read = BufReader::new(out).read_line(&mut address);
        read.expect("it says where it listens");
        let address = address.trim().trim_start_matches("http://").to_owned();
        Self { child, address }
    }

    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_nodelay(true).expect("it is a socket");
        BufReader::new(stream)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The service may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request on a connection that stays open. Returns the status and the body.
fn ask(connection: &mut BufReader<TcpStream>, method: &str, path: &str) -> (u16, String) {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n");
    let sent = connection.get_mut().write_all(request.as_bytes());
    sent.expect("the connection stays open");
    let mut line = String::new();
    connection.read_line(&mut line).expect("it answers");
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status in {line:?}"));
    let mut length = 0;
    loop {
        line.clear();
        connection.read_line(&mut line).expect("it answers");
        if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.trim().parse().expect("it is a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("it has a body");
    (status, String::from_utf8(body).expect("it is text"))
}

/// Two builds of the handler that differ in a word, and a place for the one that runs.
fn handlers() -> (Demo, [Vec<u8>; 2], PathBuf) {
    let visits = Demo::copy("plugins/visits");
    visits.build();
    let first = std::fs::read(visits.wasm()).expect("it was built");
    visits.replace("{} in all", "{} altogether");
    visits.build();
    let second = std::fs::read(visits.wasm()).expect("it was built");
    let place = visits.beside("running.wasm");
    put(&first, &place);
    (visits, [second, first], place)
}

/// A new version, whole from one moment to the next.
fn put(wasm: &[u8], place: &Path) {
    let beside = place.with_extension("new");
    std::fs::write(&beside, wasm).expect("it can be written");
    std::fs::rename(&beside, place).expect("it can be renamed");
}

#[test]
fn no_request_fails_and_none_is_counted_twice() {
    let (_kept, versions, place) = handlers();
    let mut service = Service::start(&place);
    let said = BufReader::new(service.child.stderr.take().expect("it is piped"));
    let (swaps, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let service = &service;
    let (swaps, is_over) = (&swaps, &is_over);
    let counts: Vec<u64> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(move || {
                    let mut connection = service.connect();
                    let mut counts = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let (status, body) = ask(&mut connection, "GET", "/");
                        assert_eq!(status, 200, "{body}");
                        let count = body.split(' ').nth(4).and_then(|word| word.parse().ok());
                        counts.push(count.unwrap_or_else(|| panic!("no count in {body:?}")));
                    }
                    counts
                })
            })
            .collect();
        // The thread is detached from the scope, and reads until the service has ended.
        let lines = said.lines();
        let swapped = scope.spawn(move || {
            for line in lines.map_while(Result::ok) {
                assert!(line.contains("bytes of state in"), "{line}");
                if swaps.fetch_add(1, Ordering::Relaxed) + 1 == SWAPS {
                    return;
                }
            }
        });
        for count in 0..SWAPS {
            put(&versions[count % 2], &place);
            let limit = Instant::now() + Duration::from_secs(60);
            while swaps.load(Ordering::Relaxed) <= count {
                assert!(Instant::now() < limit, "swap {count} does not happen");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        swapped.join().expect("nothing else is said");
        is_over.store(true, Ordering::Relaxed);
        let counts = clients
            .into_iter()
            .map(|client| client.join().expect("it goes well"));
        counts.flatten().collect()
    });
    let all = counts.len() as u64;
    assert!(all > SWAPS as u64, "{all} requests");
    let distinct: BTreeSet<u64> = counts.into_iter().collect();
    assert_eq!(distinct, (1..=all).collect(), "each is counted once");
    let (_, body) = ask(&mut service.connect(), "GET", "/last");
    assert!(body.starts_with("visit 1 of /last, "), "{body}");
}

#[test]
fn the_handler_says_what_it_does_not_answer() {
    let (_kept, _, place) = handlers();
    let service = Service::start(&place);
    let mut connection = service.connect();
    assert_eq!(ask(&mut connection, "POST", "/").0, 405);
    assert_eq!(ask(&mut connection, "GET", "/").0, 200);
}

#[test]
fn what_is_no_handler_is_one_line() {
    for (arguments, what) in [
        (&[][..], "usage: service HANDLER [ADDRESS]"),
        (
            &["no/such.wasm"],
            "plugin handler: cannot read no/such.wasm",
        ),
        (&["no/such.wasm", "nowhere"], "nowhere"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_service"))
            .args(arguments)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(what), "{said}");
    }
}
