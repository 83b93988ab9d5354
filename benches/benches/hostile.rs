//! A live game beside hostile candidates: the latest frame at 60 Hz while each is saved over the game's file,
//! compared with the same game in peace and with a loop beside it that only sleeps. A good version follows
//! each candidate, and comes in. The aim: no frame later than 3 ms.
//!
//! `cargo bench -p vblank-benches --bench hostile`; `-- --quick` for a look.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use vblank_host::clock::RealClock;
use vblank_host::config::SessionOptions;
use vblank_host::game;
use vblank_host::render::assets::Assets;
use vblank_host::render::{NullRenderer, Size};
use vblank_host::report::{Observer, Record, ReportEvent};
use vblank_host::session::{Parts, Session};
use vblank_runtime::build::{PipelineOptions, Source};
use vblank_runtime::guest::EngineOptions;
use vblank_tests::{Counter, Guest, workspace};

const HZ: f64 = 60.0;

/// Records since the last look.
#[derive(Clone, Default)]
struct Listener(Rc<RefCell<Vec<Record>>>);

impl Observer for Listener {
    fn observe(&mut self, record: &Record) {
        self.0.borrow_mut().push(record.clone());
    }
}

/// A thread that sleeps until the next sixtieth of a second, again and again, and notes how late it wakes. It
/// shows what the machine does to any program.
struct EmptyLoop {
    is_over: Arc<AtomicBool>,
    latest: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl EmptyLoop {
    fn start() -> Self {
        let (is_over, latest) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (ends, notes) = (Arc::clone(&is_over), Arc::clone(&latest));
        let thread = std::thread::spawn(move || {
            let step = Duration::from_secs_f64(1.0 / HZ);
            let mut due = Instant::now();
            while !ends.load(Ordering::Relaxed) {
                due += step;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let late = due.elapsed().as_micros();
                notes.fetch_max(late.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
                due = due.max(Instant::now() - step);
            }
        });
        Self {
            is_over,
            latest,
            thread,
        }
    }

    /// Returns the latest wake-up since the last call, in milliseconds.
    fn latest(&self) -> f64 {
        self.latest.swap(0, Ordering::Relaxed) as f64 / 1e3
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the loop does not panic");
    }
}

/// The game, and the file that its versions are saved to.
struct Live {
    session: Session,
    listener: Listener,
    file: PathBuf,
    /// Start of the session's clock.
    began: Instant,
    /// Step of the last good version.
    step: u64,
    _loader: Option<Box<dyn std::any::Any>>,
}

impl Live {
    fn start(folder: &Path) -> Self {
        let file = folder.join("game.wasm");
        Guest::of::<Counter>().write(&file);
        let assets = Assets::default();
        let engine = game::engine(&assets, EngineOptions::default());
        let engine = Arc::new(engine.expect("an engine can be made"));
        let options = PipelineOptions::default();
        let source = Source::File(file.clone());
        let pipeline = game::start_pipeline(&engine, &assets, source, options, None, || {});
        let pipeline = pipeline.expect("the pipeline starts");
        let listener = Listener::default();
        let began = Instant::now();
        let parts = Parts {
            engine,
            assets,
            asset_loader: None,
            pipeline: Some(pipeline.candidates),
            supervisor: game::supervisor_options().expect("it starts"),
            renderer: Box::new(NullRenderer::new(Size::new(320, 200))),
            speaker: None,
            clock: Box::<RealClock>::default(),
            outside: channel().1,
            observers: vec![Box::new(listener.clone())],
            script: BTreeMap::new(),
        };
        let options = SessionOptions {
            hz: HZ,
            mendable: true,
            ..SessionOptions::default()
        };
        Self {
            session: Session::new(parts, options),
            listener,
            file,
            began,
            step: 1,
            _loader: pipeline.asset_loader,
        }
    }

    /// Waits until a frame is due, and runs it. Candidates come in meanwhile. Returns the time from the moment at
    /// which the frame was due to its end.
    fn frame(&mut self) -> Duration {
        let due = self.began + self.session.next_turn();
        self.session.wait();
        self.session.turn();
        due.elapsed()
    }

    /// Runs frames for this time, and at least until a record is of this kind. Returns the latest.
    fn run(&mut self, least: Duration, is_it: impl Fn(&ReportEvent) -> bool) -> f64 {
        self.listener.0.borrow_mut().clear();
        let begun = Instant::now();
        let mut latest = Duration::ZERO;
        loop {
            latest = latest.max(self.frame());
            let records = self.listener.0.borrow();
            let is_there = records.iter().any(|record| is_it(&record.event));
            if is_there && begun.elapsed() >= least {
                return latest.as_secs_f64() * 1e3;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "waited in vain: {records:#?}"
            );
        }
    }

    /// Saves a good version, and waits until it runs.
    fn good(&mut self) -> f64 {
        self.step += 1;
        Guest::of::<Counter>().step(self.step).write(&self.file);
        self.run(Duration::from_millis(100), |event| {
            matches!(event, ReportEvent::FirstFrame { .. })
        })
    }
}

/// Candidates that no test keeps as a file.
fn made() -> Vec<(String, Vec<u8>)> {
    let nested = |levels: usize| {
        let types = [&[0x42, 1, 1].repeat(levels - 1)[..], &[0x42, 0]].concat();
        let body = [&[1][..], &types].concat();
        let mut len = body.len();
        let mut file = b"\0asm\x0d\0\x01\0\x07".to_vec();
        while len > 0x7f {
            file.push(len as u8 | 0x80);
            len >>= 7;
        }
        file.push(len as u8);
        [file, body].concat()
    };
    vec![
        ("types nested 1,800 times".to_owned(), nested(1800)),
        ("types nested a million times".to_owned(), nested(1_000_000)),
        ("1 MB of zeros".to_owned(), vec![0; 1 << 20]),
    ]
}

fn candidates() -> Vec<(String, Vec<u8>)> {
    let folder = workspace().join("tests/cases/hostile");
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "wasm"));
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        (
            name.into_owned(),
            std::fs::read(path).expect("a case can be read"),
        )
    };
    let mut all: Vec<_> = paths.iter().map(read).collect();
    all.extend(made());
    all
}

fn main() {
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let least = Duration::from_millis(if is_quick { 500 } else { 3000 });
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let mut live = Live::start(folder.path());
    live.run(Duration::from_secs(1), |event| {
        matches!(event, ReportEvent::FirstFrame { .. })
    });
    let empty = EmptyLoop::start();
    println!(
        "| candidate | outcome | latest frame, ms | latest turn of an empty loop, ms | the good version after it, ms |"
    );
    println!("|---|---|---|---|---|");
    let show = |name: &str, outcome: &str, late: f64, empty: f64, good: f64| {
        println!("| {name} | {outcome} | {late:.1} | {empty:.1} | {good:.1} |");
    };
    // In peace, and beside an honest edit.
    let begun = Instant::now();
    let mut late = Duration::ZERO;
    while begun.elapsed() < least {
        late = late.max(live.frame());
    }
    let beside = empty.latest();
    let good = live.good();
    show("none", "", late.as_secs_f64() * 1e3, beside, good);
    for (name, bytes) in candidates() {
        empty.latest();
        std::fs::write(&live.file, bytes).expect("the file can be written");
        let late = live.run(least, |event| {
            matches!(
                event,
                ReportEvent::Refused { .. } | ReportEvent::Swap { .. }
            )
        });
        let beside = empty.latest();
        let outcome =
            live.listener
                .0
                .borrow()
                .iter()
                .rev()
                .find_map(|record| match &record.event {
                    ReportEvent::Refused { .. } => Some("refused"),
                    ReportEvent::Rollback { .. } => Some("rolled back"),
                    ReportEvent::Break { .. } => Some("broke"),
                    ReportEvent::Swap { .. } => Some("runs"),
                    _ => None,
                });
        let good = live.good();
        show(&name, outcome.unwrap_or("none"), late, beside, good);
    }
    empty.end();
}
