//! What a swap a second costs those who ask an HTTP service: `demos/plugins/service` under load, with and
//! without swaps of its handler, by turns. Every answer is looked at: none fails, and each is counted once.
//!
//! `cargo build --release -p service && cargo bench -p vblank-benches --bench service`; `-- --quick` for a look.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vblank_benches::{Times, row};
use vblank_tests::Demo;

/// Connections that stay open, each with a request under way. As many as the machine has cores, since
/// clients and service share it.
const CLIENTS: usize = 2;
const BETWEEN_SWAPS: Duration = Duration::from_secs(1);

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, length) = if is_quick { (1, 3) } else { (4, 20) };
    let length = Duration::from_secs(length);
    let mut handlers = Handlers::build();
    let service = Service::start(&handlers.place);
    let mut answered = BTreeSet::new();
    let mut load = |swapped: Option<&mut Handlers>| {
        let round = round(&service, length, swapped);
        for count in round.counts {
            assert!(answered.insert(count), "{count} was given twice");
        }
        round.times
    };
    // Caches and the service's threads are warm from here on.
    drop(load(None));
    let (mut without, mut with) = (Times::default(), Times::default());
    let (mut ratios, mut swaps) = (Vec::new(), service.swaps());
    for _ in 0..rounds {
        let still = load(None);
        let swapped = load(Some(&mut handlers));
        ratios.push(swapped.quantile(0.99) / still.quantile(0.99));
        without.append(still);
        with.append(swapped);
    }
    swaps = service.swaps() - swaps;
    assert!(swaps > 0, "no handler was swapped");
    let all = answered.len() as u64;
    assert_eq!(answered, (1..=all).collect(), "each is counted once");
    ratios.sort_by(f64::total_cmp);
    println!(
        "{all} requests of {CLIENTS} clients, none failed, each counted once; {swaps} swaps\n"
    );
    println!("| a request, µs | p50 | p99 | max |\n|---|---|---|---|");
    row("without swaps", &without);
    row("with a swap a second", &with);
    println!(
        "\np99 with swaps over p99 without: {:.2} for all requests together, by rounds from {:.2} to {:.2}",
        with.quantile(0.99) / without.quantile(0.99),
        ratios[0],
        ratios[ratios.len() - 1]
    );
}

/// What the clients saw in one round.
struct Round {
    times: Times,
    /// What the handler had counted, in each answer.
    counts: Vec<u64>,
}

/// Load for so long, perhaps with a swap a second.
fn round(service: &Service, length: Duration, swapped: Option<&mut Handlers>) -> Round {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| client(service, &is_over)))
            .collect();
        let end = Instant::now() + length;
        if let Some(handlers) = swapped {
            while Instant::now() + BETWEEN_SWAPS < end {
                std::thread::sleep(BETWEEN_SWAPS);
                handlers.put_next();
            }
        }
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        is_over.store(true, Ordering::Relaxed);
        let mut all = Round {
            times: Times::default(),
            counts: Vec::new(),
        };
        for client in clients {
            let seen = client.join().expect("no request fails");
            all.times.append(seen.times);
            all.counts.extend(seen.counts);
        }
        all
    })
}

/// Ask until it is over.
fn client(service: &Service, is_over: &AtomicBool) -> Round {
    let mut connection = service.connect();
    let (mut times, mut counts) = (Times::default(), Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let (status, body) = ask(&mut connection);
        times.add(begun.elapsed());
        assert_eq!(status, 200, "{body}");
        let count = body.split(' ').nth(4).and_then(|word| word.parse().ok());
        counts.push(count.unwrap_or_else(|| panic!("no count in {body:?}")));
    }
    Round { times, counts }
}

/// One request: status and body of the answer.
fn ask(connection: &mut BufReader<TcpStream>) -> (u16, String) {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n";
    let sent = connection.get_mut().write_all(REQUEST);
    sent.expect("the connection stays open");
    let mut line = String::new();
    connection.read_line(&mut line).expect("it answers");
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status in {line:?}"));
    let mut length = 0;
    while !line.trim().is_empty() {
        line.clear();
        connection.read_line(&mut line).expect("it answers");
        if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.trim().parse().expect("it is a number");
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("it has a body");
    (status, String::from_utf8(body).expect("it is text"))
}

/// The program, with its handler.
struct Service {
    child: Child,
    address: String,
    swaps: &'static AtomicUsize,
}

impl Service {
    fn start(handler: &Path) -> Self {
        let bench = std::env::current_exe().expect("a program knows its path");
        let folder = bench.parent().and_then(Path::parent);
        let program = folder.expect("it lies in deps").join("service");
        let mut child = Command::new(&program)
            .arg(handler)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{}: {error}; cargo build --release -p service",
                    program.display()
                )
            });
        let mut address = String::new();
        let out = child.stdout.take().expect("it is piped");
        let read = BufReader::new(out).read_line(&mut address);
        read.expect("it says where it listens");
        // It is counted until the program ends.
        let swaps: &'static AtomicUsize = Box::leak(Box::default());
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                assert!(line.contains("bytes of state in"), "{line}");
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self {
            child,
            address: address.trim().trim_start_matches("http://").to_owned(),
            swaps,
        }
    }

    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_nodelay(true).expect("it is a socket");
        BufReader::new(stream)
    }

    /// How many it has told of.
    fn swaps(&self) -> usize {
        self.swaps.load(Ordering::Relaxed)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds of the handler that differ in a word, and a place for the one that runs.
struct Handlers {
    /// Its folder lives as long.
    _demo: Demo,
    builds: [Vec<u8>; 2],
    place: PathBuf,
    next: usize,
}

impl Handlers {
    fn build() -> Self {
        let demo = Demo::copy("plugins/visits");
        let build = || {
            demo.build();
            std::fs::read(demo.wasm()).expect("it was built")
        };
        let first = build();
        demo.replace("{} in all", "{} altogether");
        let mut handlers = Self {
            builds: [first, build()],
            place: demo.beside("running.wasm"),
            next: 0,
            _demo: demo,
        };
        handlers.put_next();
        handlers
    }

    /// Whole from one moment to the next, and code that the service has never seen: what it has
    /// seen it need not compile.
    fn put_next(&mut self) {
        let mut code = self.builds[self.next % 2].clone();
        // A section that means nothing: its kind, lengths, name and content.
        code.extend(b"\x00\x0a\x05count");
        code.extend((self.next as u32).to_le_bytes());
        let beside = self.place.with_extension("new");
        std::fs::write(&beside, code).expect("it can be written");
        std::fs::rename(&beside, &self.place).expect("it can be renamed");
        self.next += 1;
    }
}
