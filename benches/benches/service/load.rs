//! Clients that send requests as fast as a service answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vblank_benches::Times;

use crate::handlers::Handlers;
use crate::program::Program;

/// Number of open connections, each with a request under way. It is the number of the machine's cores,
/// which clients and service share.
pub const CLIENTS: usize = 2;
const BETWEEN_SWAPS: Duration = Duration::from_secs(1);

/// Measurements of the clients.
#[derive(Default)]
pub struct Load {
    pub times: Times,
    /// Number of failed requests.
    pub failed: usize,
    /// Counts of the handler, one in each answer.
    pub counts: Vec<u64>,
}

/// Puts the service under load for this time, optionally with a new handler every second.
pub fn of(program: &Program, length: Duration, swapped: Option<&mut Handlers>) -> Load {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| client(program, &is_over)))
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
        let mut all = Load::default();
        for client in clients {
            let seen = client.join().expect("the connection stays open");
            all.times.append(seen.times);
            all.failed += seen.failed;
            all.counts.extend(seen.counts);
        }
        all
    })
}

/// Sends requests until the load is over.
fn client(program: &Program, is_over: &AtomicBool) -> Load {
    let mut connection = program.connect();
    let mut seen = Load::default();
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let count = ask(&mut connection);
        seen.times.add(begun.elapsed());
        match count {
            Ok(count) => seen.counts.push(count),
            Err(answer) => {
                if seen.failed == 0 {
                    eprintln!("a request failed: {answer}");
                }
                seen.failed += 1;
            }
        }
    }
    seen
}

/// Sends one request. Returns the number of requests that the handler has counted, or the invalid
/// answer.
pub fn ask(connection: &mut BufReader<TcpStream>) -> Result<u64, String> {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n";
    let sent = connection.get_mut().write_all(REQUEST);
    sent.expect("the connection stays open");
    let mut line = String::new();
    connection.read_line(&mut line).expect("it answers");
    let status = line.clone();
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
    let body = String::from_utf8(body).expect("it is text");
    // The body is `visit 2 of /, 3 in all`.
    let count = body.split(' ').nth(4).and_then(|word| word.parse().ok());
    match count {
        Some(count) if status.starts_with("HTTP/1.1 200 ") => Ok(count),
        _ => Err(format!("{} {body}", status.trim())),
    }
}
