//! Lines flow through two filters while the code of one is replaced. Every line comes out once and in
//! its place, and the filter's count continues.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vblank_tests::Demo;

const LINES: usize = 100_000;
const SWAPS: usize = 10;

/// A new version, whole from one moment to the next.
fn put(wasm: &[u8], place: &Path) {
    let beside = place.with_extension("new");
    std::fs::write(&beside, wasm).expect("it can be written");
    std::fs::rename(&beside, place).expect("it can be renamed");
}

/// The program, with pipes to it.
fn start(arguments: impl IntoIterator<Item = PathBuf>) -> Child {
    Command::new(env!("CARGO_BIN_EXE_pipeline"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[test]
fn no_line_is_lost() {
    let number = Demo::copy("plugins/number");
    number.build();
    let colon = std::fs::read(number.wasm()).expect("it was built");
    number.replace("{:>4}  {line}", "{:>4}: {line}");
    number.build();
    let other = std::fs::read(number.wasm()).expect("it was built");
    assert_ne!(colon, other);
    let upper = Demo::copy("plugins/upper");
    upper.build();
    let place = number.beside("running.wasm");
    put(&colon, &place);

    let mut pipeline = start([upper.wasm(), place.clone()]);
    let mut lines_in = pipeline.stdin.take().expect("it is piped");
    let lines_out = pipeline.stdout.take().expect("it is piped");
    let said = BufReader::new(pipeline.stderr.take().expect("it is piped"));
    std::thread::scope(|scope| {
        // Slowly enough that all the swaps happen meanwhile, however long they take.
        let (told, swapped) = std::sync::mpsc::channel();
        scope.spawn(move || {
            for count in 0..SWAPS {
                for line in 0..LINES / SWAPS {
                    let line = count * (LINES / SWAPS) + line;
                    writeln!(lines_in, "line {line}").expect("it reads");
                }
                put(if count % 2 == 0 { &other } else { &colon }, &place);
                // Lines must come by for the pipeline to have a boundary.
                let limit = std::time::Instant::now() + Duration::from_secs(60);
                while swapped.try_recv().is_err() {
                    assert!(
                        std::time::Instant::now() < limit,
                        "swap {count} does not happen"
                    );
                    writeln!(lines_in).expect("it reads");
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        scope.spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                assert!(line.contains("bytes of state in"), "{line}");
                // The receiver may have ended before the last line.
                let _ = told.send(());
            }
        });
        let mut count = 0;
        let mut formats = [0, 0];
        for line in BufReader::new(lines_out).lines() {
            let line = line.expect("it is text");
            let colon = line.contains(": ");
            let expected = if colon {
                format!("{:>4}: LINE {count}", count + 1)
            } else {
                format!("{:>4}  LINE {count}", count + 1)
            };
            assert_eq!(line, expected);
            formats[usize::from(colon)] += 1;
            count += 1;
        }
        assert_eq!(count, LINES, "empty lines are left out, and nothing else");
        assert!(
            formats.iter().all(|lines| *lines > LINES / 4),
            "{formats:?}"
        );
    });
    assert!(pipeline.wait().expect("it ends").success());
}

/// The plugin that a filter uses is swapped while lines flow. No word that it knows is forgotten, and
/// the filter stays the same.
#[test]
fn a_plugin_that_another_uses_is_swapped() {
    const WORDS: usize = 1000;
    let words = Demo::copy("plugins/words");
    words.build();
    let first = std::fs::read(words.wasm()).expect("it was built");
    words.replace("word.to_lowercase()", "word.to_uppercase().to_lowercase()");
    words.build();
    let other = std::fs::read(words.wasm()).expect("it was built");
    assert_ne!(first, other);
    let fresh = Demo::copy("plugins/fresh");
    fresh.build();
    let place = words.beside("running.wasm");
    put(&first, &place);

    let mut pipeline = start([fresh.wasm(), "--with".into(), place.clone()]);
    let mut lines_in = pipeline.stdin.take().expect("it is piped");
    let mut lines_out = BufReader::new(pipeline.stdout.take().expect("it is piped")).lines();
    let mut said = BufReader::new(pipeline.stderr.take().expect("it is piped")).lines();
    let (told, swapped) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while let Some(Ok(line)) = said.next() {
                assert!(line.contains("bytes of state in"), "{line}");
                // The receiver may have ended before the last line.
                let _ = told.send(());
            }
        });
        let mut ask = |word: &str| {
            writeln!(lines_in, "{word}").expect("it reads");
            lines_out.next().expect("it answers").expect("it is text")
        };
        for word in 0..WORDS {
            assert_eq!(ask(&format!("word{word}")), format!("*word{word}"));
            if word % (WORDS / SWAPS) == 0 {
                let is_first = word % (2 * WORDS / SWAPS) == 0;
                put(if is_first { &other } else { &first }, &place);
                let limit = std::time::Instant::now() + Duration::from_secs(60);
                while swapped.try_recv().is_err() {
                    assert!(std::time::Instant::now() < limit, "it is not swapped");
                    assert_eq!(ask(&format!("word{word}")), format!("word{word}"));
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
        for word in 0..WORDS {
            assert_eq!(
                ask(&format!("WORD{word}")),
                format!("WORD{word}"),
                "is known"
            );
        }
        drop(lines_in);
    });
    assert!(pipeline.wait().expect("it ends").success());
}

/// A web server that answers each request with how many there were, at an address of its own.
fn count_requests() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        for (count, connection) in listener.incoming().enumerate() {
            let mut connection = connection.expect("somebody asks");
            let head = BufReader::new(&connection).lines();
            head.map_while(Result::ok).find(String::is_empty);
            let text = format!("request {}", count + 1);
            let length = text.len();
            write!(
                connection,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}"
            )
            .expect("somebody listens");
        }
    });
    address
}

/// A filter asks the host that it is granted, and no other.
#[test]
fn a_filter_asks_the_web_where_it_may() {
    let fetch = Demo::copy("plugins/fetch");
    fetch.build();
    let (granted, other) = (count_requests(), count_requests());
    let run = |allow: &[String]| {
        let mut pipeline = start(
            [fetch.wasm()]
                .into_iter()
                .chain(allow.iter().map(PathBuf::from)),
        );
        let lines = format!("http://{granted}/\nhttp://{other}/\nhttp://{granted}/\nplain\n");
        let sent = pipeline
            .stdin
            .take()
            .expect("it is piped")
            .write_all(lines.as_bytes());
        let output = pipeline.wait_with_output().expect("it ends");
        drop(sent);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let (out, said) = run(&["--allow".to_owned(), format!("http={granted}")]);
    let lines: Vec<&str> = out.lines().collect();
    let [first, denied, again, plain] = lines[..] else {
        panic!("{out}{said}")
    };
    assert_eq!((first, again, plain), ("request 1", "request 1", "plain"));
    assert!(denied.contains("HttpRequestDenied"), "{denied}");

    let (out, said) = run(&[]);
    assert_eq!(out, "");
    assert!(said.contains("needs the capability `http=HOST`"), "{said}");
}

#[test]
fn a_plugin_that_is_not_there_is_one_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_pipeline"))
        .arg("no/such.wasm")
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("pipeline: plugin such: cannot read no/such.wasm"),
        "{said}"
    );
}
