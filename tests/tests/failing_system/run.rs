//! A whole run of a game in this process: a start, swaps, a version that fails in probation, autosaved images,
//! an image that a person saves, a history, and a state that is written at the end.
//!
//! Each step may fail. The run notes what the host reported, and compares what is left with what it made.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use vblank_host::clock::Clock;
use vblank_host::config::{AutosaveOptions, Output, SessionOptions};
use vblank_host::event::{Command, Event};
use vblank_host::game;
use vblank_host::render::assets::Assets;
use vblank_host::render::{NullRenderer, Size};
use vblank_host::report::{Observer, Record, ReportEvent};
use vblank_host::session::{Parts, Session};
use vblank_runtime::build::News;
use vblank_runtime::files::Lock;
use vblank_runtime::guest::{Code, CodeHash, Engine, EngineOptions};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::{ExpectedState, prepare};
use vblank_tests::{Counter, DEADLINE, Guest, wait_until};

/// The versions, as files.
pub struct Versions {
    unit: u64,
    first: Vec<u8>,
    second: Vec<u8>,
    /// Traps in its first update.
    failing: Vec<u8>,
    third: Vec<u8>,
}

impl Versions {
    /// Makes versions whose steps are multiples of this, so that the states of other runs are others.
    pub fn of(unit: u64) -> Self {
        let version = |steps| Guest::of::<Counter>().step(steps * unit);
        Self {
            unit,
            first: version(1).module(),
            second: version(10).module(),
            failing: version(1000).instead("update", "unreachable").module(),
            third: version(100).module(),
        }
    }
}

/// The files of a run.
#[derive(Clone)]
pub struct Files {
    pub folder: PathBuf,
}

impl Files {
    pub fn autosave(&self) -> PathBuf {
        self.folder.join("auto.vbs")
    }

    pub fn previous(&self) -> PathBuf {
        self.folder.join("auto.previous.vbs")
    }

    pub fn output(&self) -> PathBuf {
        self.folder.join("out.vbs")
    }

    pub fn images(&self) -> PathBuf {
        self.folder.join("images")
    }

    pub fn history(&self) -> PathBuf {
        self.folder.join("history")
    }
}

/// The end of a run.
pub struct Ended {
    /// Sum of all steps before each update, by its number.
    pub counts: BTreeMap<u64, u64>,
    /// Everything that was reported, as JSON, and the errors of what the test itself did.
    pub said: Vec<String>,
    /// Exit code; `None` if there was no session.
    pub exit: Option<u8>,
    /// Number of swaps that were made.
    pub swaps: usize,
}

impl Ended {
    /// Returns true if something with these words was reported.
    pub fn says(&self, words: &str) -> bool {
        self.said.iter().any(|line| line.contains(words))
    }

    /// Number of the update that would have followed.
    pub fn frame(&self) -> u64 {
        self.counts.keys().next_back().copied().unwrap_or(0)
    }

    /// Compares an image with the state that the game had then.
    #[track_caller]
    pub fn is_one_of(&self, image: &Image) {
        let tree = image.parcel.tree[..].try_into().expect("a count is a word");
        let count = u64::from_le_bytes(tree);
        assert_eq!(Some(&count), self.counts.get(&image.frame), "{image:?}");
    }
}

/// An update is due each of these.
const STEP: Duration = Duration::from_millis(10);

struct Manual(Rc<Cell<Duration>>);

impl Clock for Manual {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn left(&self, _: Duration) -> Duration {
        Duration::ZERO
    }

    fn wait_until(&mut self, time: Duration) {
        self.0.set(self.0.get().max(time));
    }
}

/// A function that sees each record at once.
pub type OnRecord = Rc<dyn Fn(&ReportEvent)>;

struct Listener(Rc<RefCell<Vec<Record>>>, OnRecord);

impl Observer for Listener {
    fn observe(&mut self, record: &Record) {
        (self.1)(&record.event);
        self.0.borrow_mut().push(record.clone());
    }
}

/// Makes an engine for all runs of a test, so that each version is compiled once.
pub fn engine() -> Arc<Engine> {
    let engine = game::engine(&Assets::default(), EngineOptions::default());
    Arc::new(engine.expect("an engine can be made"))
}

struct Play<'a> {
    session: Session,
    engine: &'a Arc<Engine>,
    now: Rc<Cell<Duration>>,
    records: Rc<RefCell<Vec<Record>>>,
    ended: Ended,
    step: u64,
}

/// Plays a run in an empty folder.
#[track_caller]
pub fn play_before(engine: &Arc<Engine>, files: &Files) -> Before {
    for folder in [files.images(), files.history()] {
        std::fs::create_dir_all(folder).expect("a folder can be made");
    }
    let ended = play(engine, &Versions::of(7), files, Rc::new(|_| {}));
    assert_eq!((ended.exit, ended.swaps), (Some(0), 4), "{:#?}", ended.said);
    Before::read(files)
}

/// Plays a run in this folder, which may hold the files of a run before.
#[track_caller]
pub fn play(
    engine: &Arc<Engine>,
    versions: &Versions,
    files: &Files,
    on_record: OnRecord,
) -> Ended {
    let mut ended = Ended {
        counts: BTreeMap::new(),
        said: Vec::new(),
        exit: None,
        swaps: 0,
    };
    let (now, records) = (Rc::new(Cell::new(Duration::from_secs(1))), Rc::default());
    let supervisor = match game::supervisor_options() {
        Ok(options) => options,
        Err(error) => {
            ended.said.push(error.to_string());
            return ended;
        }
    };
    let lock = Lock::attempt(&files.folder.join("auto.lock"));
    let lock = lock.unwrap_or_else(|error| {
        ended.said.push(format!("no lock: {error}"));
        None
    });
    let parts = Parts {
        engine: Arc::clone(engine),
        assets: Assets::default(),
        asset_loader: None,
        supervisor,
        pipeline: None,
        renderer: Box::new(NullRenderer::new(Size::new(320, 200))),
        speaker: None,
        clock: Box::new(Manual(Rc::clone(&now))),
        outside: channel().1,
        observers: vec![Box::new(Listener(Rc::clone(&records), on_record))],
        script: BTreeMap::new(),
    };
    let options = SessionOptions {
        hz: 100.0,
        mendable: true,
        autosave: Some(AutosaveOptions {
            path: files.autosave(),
            lock: lock.map(Arc::new),
            every: Duration::ZERO,
        }),
        history: Some(files.history()),
        images: Some(files.images()),
        state_out: vec![Output {
            path: files.output(),
            frame: None,
        }],
        ..SessionOptions::default()
    };
    let mut play = Play {
        session: Session::new(parts, options),
        engine,
        now,
        records,
        ended,
        step: 0,
    };
    play.all(versions);
    let Play {
        session,
        records,
        mut ended,
        ..
    } = play;
    ended.exit = Some(session.exit_code());
    // Threads end with the session, and have written everything then.
    drop(session);
    let json = |record: &Record| serde_json::to_string(record).expect("a record is JSON");
    ended.said.extend(records.borrow().iter().map(json));
    ended
}

impl Play<'_> {
    fn all(&mut self, versions: &Versions) {
        if self.swap(&versions.first, versions.unit) {
            self.turns(3);
            self.await_autosave();
            self.swap(&versions.second, 10 * versions.unit);
            self.turns(3);
            self.session.handle(Event::Command(Command::SaveImage));
            self.await_record("an image", |event| match event {
                ReportEvent::Image { .. } => true,
                ReportEvent::Notice { message } => message.starts_with("no image"),
                _ => false,
            });
            let step = self.step;
            if self.swap(&versions.failing, step) {
                self.turns(1);
                // The update that failed is made again by the version before.
                self.await_record("a rollback", |event| {
                    matches!(event, ReportEvent::Rollback { .. })
                });
            }
            self.turns(2);
            self.swap(&versions.third, 100 * versions.unit);
            self.turns(3);
            self.await_autosave();
            let count = self.session.look(|_, parcel| parcel.tree.to_vec());
            let count = count.expect("a version runs");
            let count = u64::from_le_bytes(count[..].try_into().expect("a count is a word"));
            assert_eq!(Some(&count), self.ended.counts.get(&self.ended.frame()));
            assert_eq!(self.session.next_update(), self.ended.frame());
            assert!(self.ended.frame() >= 12, "updates are lost");
        }
        self.session.handle(Event::Close);
        self.turn();
    }

    /// Prepares a version, and swaps to it. Returns false if it is refused.
    fn swap(&mut self, version: &[u8], step: u64) -> bool {
        let code = Code::from_bytes(version.to_vec());
        let candidate = code.map_err(|error| error.to_string()).and_then(|code| {
            let prepared = prepare(self.engine, &code, &ExpectedState::default());
            prepared.map_err(|error| error.to_string())
        });
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(error) => {
                self.ended.said.push(format!("not prepared: {error}"));
                return false;
            }
        };
        let hash = candidate.version.hash();
        let ready = News::Ready(Box::new(candidate));
        self.session.handle(Event::News(ready));
        self.session.look_for_news();
        let is_in = self
            .records
            .borrow()
            .iter()
            .any(|record| match &record.event {
                ReportEvent::Start { hash: to, .. } | ReportEvent::Swap { to, .. } => *to == hash,
                _ => false,
            });
        if is_in {
            self.ended.swaps += 1;
            self.ended.counts.entry(0).or_insert(0);
            self.step = step;
        }
        is_in
    }

    /// Makes updates.
    fn turns(&mut self, count: u32) {
        for _ in 0..count {
            self.now.set(self.now.get() + STEP);
            self.turn();
        }
    }

    /// Makes a turn, and notes its updates.
    fn turn(&mut self) {
        self.session.turn();
        while !self.ended.counts.is_empty() && self.ended.frame() < self.session.next_update() {
            let sum = self.ended.counts.values().next_back().copied();
            let sum = sum.unwrap_or(0) + self.step;
            self.ended.counts.insert(self.ended.frame() + 1, sum);
        }
    }

    /// Waits for an image on disk, or for a notice that says why there is none.
    fn await_autosave(&mut self) {
        self.await_record("an autosaved image", |event| match event {
            ReportEvent::Autosave { .. } => true,
            ReportEvent::Notice { message } => message.contains("autosave"),
            _ => false,
        });
    }

    /// Makes turns without updates until there is a record of this kind, which may be there already.
    fn await_record(&mut self, what: &str, is_it: impl Fn(&ReportEvent) -> bool) {
        wait_until(
            &format!("{what}, or the reason why there is none"),
            DEADLINE,
            || {
                self.turn();
                let records = self.records.borrow();
                let is_there = records.iter().any(|record| is_it(&record.event));
                is_there.then_some(())
            },
        );
    }
}

/// Checks everything that a run has left. `before` are the files of the run before.
#[track_caller]
pub fn check(ended: &Ended, files: &Files, before: &Before) {
    let autosaved = Image::read(&files.autosave()).expect("the autosaved image is whole");
    let is_told = ended.says("autosave") && ended.says("notice");
    if ended.counts.is_empty() {
        assert!(!ended.said.is_empty(), "nothing ran, and nothing was said");
    }
    if !before.is_same(&autosaved) {
        ended.is_one_of(&autosaved);
    }
    if !ended.counts.is_empty() && !is_told {
        assert!(
            ended.is_last(&autosaved),
            "the last image is missing, without a word"
        );
        let previous = Image::read(&files.previous()).expect("the image before is whole");
        assert!(before.is_same(&previous), "another image is kept");
    }
    match Image::read(&files.output()) {
        Ok(image) if ended.is_last(&image) => {}
        _ => {
            assert_ne!(ended.exit, Some(0), "a requested file is missing");
            assert!(!ended.said.is_empty());
        }
    }
    for file in vbs_files(&files.images()) {
        let image = Image::read(&file).expect("a saved image is whole");
        if !before
            .images
            .contains(&file.file_name().unwrap_or_default().to_owned())
        {
            ended.is_one_of(&image);
        }
    }
    let log = std::fs::read_to_string(files.history().join("log.jsonl")).unwrap_or_default();
    let is_kept = before.entries.is_subset(&entries(&log));
    assert!(is_kept, "the history of the run before is lost:\n{log}");
    for code in names(&files.history().join("code")) {
        let bytes = std::fs::read(&code).expect("kept code can be read");
        let name = code
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        assert_eq!(CodeHash::of(&bytes).to_string(), name);
    }
    for folder in [files.folder.clone(), files.images(), files.history()] {
        let left = names(&folder).into_iter();
        let left: Vec<_> = left
            .filter(|path| path.extension().is_some_and(|e| e == "tmp"))
            .collect();
        assert!(left.is_empty(), "temporary files are left: {left:?}");
    }
}

impl Ended {
    /// Returns true if an image has the last state.
    pub fn is_last(&self, image: &Image) -> bool {
        let count = self
            .counts
            .get(&self.frame())
            .map(|count| count.to_le_bytes());
        image.frame == self.frame() && count.is_some_and(|count| image.parcel.tree == count)
    }
}

/// The files of a run before.
pub struct Before {
    image: Image,
    entries: BTreeSet<(String, u64)>,
    /// Names of the images that a person saved.
    images: BTreeSet<OsString>,
}

impl Before {
    fn read(files: &Files) -> Self {
        let log = std::fs::read_to_string(files.history().join("log.jsonl"));
        let images = std::fs::read_dir(files.images()).expect("it has images");
        Self {
            image: Image::read(&files.autosave()).expect("the run before saved its state"),
            entries: entries(&log.expect("it has a history")),
            images: images.flatten().map(|entry| entry.file_name()).collect(),
        }
    }

    pub fn is_same(&self, image: &Image) -> bool {
        (image.frame, &image.parcel) == (self.image.frame, &self.image.parcel)
    }

    pub fn entries(&self) -> &BTreeSet<(String, u64)> {
        &self.entries
    }
}

/// Returns the versions in the text of a history: their runs, and their numbers in them.
pub fn entries(log: &str) -> BTreeSet<(String, u64)> {
    let entry = |line: &str| {
        let entry: serde_json::Value = serde_json::from_str(line).ok()?;
        Some((entry["run"].as_str()?.to_owned(), entry["number"].as_u64()?))
    };
    log.lines().filter_map(entry).collect()
}

fn vbs_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = names(folder);
    files.retain(|file| file.extension().is_some_and(|ending| ending == "vbs"));
    files
}

/// Returns the files of a folder, which may be missing.
pub fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.map(|entry| entry.path()).collect()
}

/// Copies the files of a folder and of the folders in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let copy = to.join(path.file_name().expect("a file has a name"));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            std::fs::copy(&path, &copy).expect("a file can be copied");
        }
    }
}
