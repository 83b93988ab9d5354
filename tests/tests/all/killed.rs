//! `kill -9` at any moment, again and again. The files on disk are intact, and the next host continues
//! from them. It loses no more than the interval of the autosave and the time of a write.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use vblank_runtime::image::Image;
use vblank_tests::{Counter, Guest, Host, Run, Tally, name_of};

/// Updates a second.
const HZ: f64 = 100.0;

/// A guest that is started, killed, and started again.
struct Scene {
    folder: TempDir,
    guest: PathBuf,
    /// `--autosave`, in seconds.
    interval: f64,
    random: Random,
    /// The frame that the next start is to begin at, once an image was there.
    saved: Option<u64>,
    losses: Vec<Loss>,
}

/// Cost of one kill, in milliseconds of the game.
#[derive(Debug)]
struct Loss {
    lost: f64,
    /// The interval, or what it was stretched to, as taking an image may cost 2% of the time.
    interval: f64,
    /// Slowest write that was reported.
    write: f64,
}

/// Time of the kill.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// This long after the process was started, which may be before the game is.
    Starting(Duration),
    /// This long after the game went on.
    Playing(Duration),
    /// While an image is being written: its temporary file is there.
    Writing,
}

impl Scene {
    fn new(guest: &Guest, interval: f64, seed: u64) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let file = folder.path().join("game.wasm");
        guest.write(&file);
        Self {
            folder,
            guest: file,
            interval,
            random: Random(seed),
            saved: None,
            losses: Vec::new(),
        }
    }

    fn run(&self) -> Run {
        let run = Run::headless(&self.guest)
            .args(&format!(
                "--renderer null --hz {HZ} --autosave {}",
                self.interval
            ))
            .env("XDG_DATA_HOME", self.folder.path());
        let resume = if self.saved.is_some() { "--resume" } else { "" };
        run.args(resume)
    }

    /// Every file where the host saves by itself.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("vblank/autosave"));
        let paths = entries.into_iter().flatten().flatten();
        paths.map(|entry| entry.path()).collect()
    }

    fn image(&self) -> Option<PathBuf> {
        let is_image = |path: &PathBuf| {
            let name = path.to_string_lossy();
            name.ends_with(".vbs") && !name.ends_with(".previous.vbs")
        };
        self.files().into_iter().find(is_image)
    }

    /// Starts the host again, kills it, and examines the files. `check` gets the image.
    #[track_caller]
    fn kill(&mut self, moment: Moment, check: impl Fn(Image)) {
        let mut host = self.run().start();
        match moment {
            Moment::Starting(time) => host.run_on(time),
            Moment::Playing(time) => {
                host.event("start");
                host.run_on(time);
            }
            Moment::Writing => self.wait_for_writing(&mut host),
        }
        let ended = host.kill();
        let began = self.saved.unwrap_or(0);
        let start = ended.events.iter().find(|event| name_of(event) == "start");
        if let Some(start) = start {
            assert_eq!(start["frame"], began, "after {moment:?}: {ended:#?}");
        }
        for file in self.files() {
            let is_whole = |path: &Path| path.extension().is_some_and(|end| end == "vbs");
            if is_whole(&file) {
                let image = Image::read(&file);
                check(image.unwrap_or_else(|error| panic!("after {moment:?}: {error}")));
            }
        }
        let Some(path) = self.image() else {
            assert_eq!(self.saved, None, "the image is gone after {moment:?}");
            return;
        };
        let saved = Image::read(&path).expect("it was read a moment ago").frame;
        // Every image that was reported is on disk, and stays there.
        let autosaves = ended.all("autosave");
        let told = autosaves.iter().map(|event| number(event, "saved") as u64);
        let told = told.max().unwrap_or(began);
        assert!(saved >= told, "{saved} is on disk, {told} was told");
        // A game that was killed before its first image may have started from the beginning, which
        // loses nothing more.
        if let Some(at) = last_frame(&ended.said) {
            let slowest = |name: &str| {
                let times = autosaves.iter().map(|event| number(event, name));
                times.fold(0.0, f64::max)
            };
            self.losses.push(Loss {
                lost: at.saturating_sub(saved) as f64 * 1e3 / HZ,
                interval: (self.interval * 1e3).max(50.0 * slowest("take_ms")),
                write: slowest("write_ms"),
            });
        }
        self.saved = Some(saved);
    }

    /// Waits until a temporary file exists. If writing is too quick to be observed, one second
    /// suffices.
    #[track_caller]
    fn wait_for_writing(&self, host: &mut Host) {
        const LONG_ENOUGH: Duration = Duration::from_secs(1);
        let old = self.files();
        host.event("start");
        let begun = Instant::now();
        let is_temporary = |path: &PathBuf| path.extension().is_some_and(|end| end == "tmp");
        while begun.elapsed() < LONG_ENOUGH {
            let mut files = self.files().into_iter().filter(is_temporary);
            if files.any(|file| !old.contains(&file)) {
                return;
            }
        }
    }

    fn moments(&mut self, count: usize) -> Vec<Moment> {
        let millis = Duration::from_millis;
        let moment = |_| match self.random.below(8) {
            0 => Moment::Starting(millis(self.random.below(60))),
            _ => Moment::Playing(millis(self.random.below(400))),
        };
        (0..count).map(moment).collect()
    }
}

fn number(event: &Value, name: &str) -> f64 {
    let number = event[name].as_f64();
    number.unwrap_or_else(|| panic!("no {name} in {event}"))
}

/// The number of the last update that was begun, as the guest logs it.
fn last_frame(said: &str) -> Option<u64> {
    let mut lines = said.lines().rev();
    lines.find_map(|line| {
        let digits = line.get(line.len().checked_sub(10)?..)?;
        line.contains("guest").then_some(())?;
        digits.parse().ok()
    })
}

/// xorshift64: the same moments in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// The game is this much further than the image on disk at most: the interval, the writing of one
/// image and of the one that was under way, twice because a busy machine writes slower some times than
/// others, and the five updates that a frame may catch up with.
#[track_caller]
fn no_more_is_lost_than_promised(scenes: &[Scene]) -> usize {
    let losses: Vec<&Loss> = scenes.iter().flat_map(|scene| &scene.losses).collect();
    let write = losses.iter().map(|loss| loss.write).fold(0.0, f64::max);
    for loss in &losses {
        let most = loss.interval + 2.0 * write + 6.0 * 1e3 / HZ;
        assert!(loss.lost <= most, "{loss:?}, and {most} ms was the most");
    }
    let mut lost: Vec<f64> = losses.iter().map(|loss| loss.lost).collect();
    lost.sort_by(f64::total_cmp);
    println!(
        "{} kills: lost {} ms at the median, {} ms at most; slowest writing {write:.1} ms",
        lost.len(),
        lost[lost.len() / 2],
        lost[lost.len() - 1],
    );
    lost.len()
}

/// Plays scenes side by side.
fn side_by_side(scenes: Vec<Scene>, play: impl Fn(&mut Scene) + Sync) -> Vec<Scene> {
    std::thread::scope(|scope| {
        let play = &play;
        let start = |mut scene: Scene| {
            scope.spawn(move || {
                play(&mut scene);
                scene
            })
        };
        let threads: Vec<_> = scenes.into_iter().map(start).collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended
            .map(|scene| scene.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

#[test]
fn killed_at_any_moment() {
    let guest = Guest::of::<Counter>().log_frames();
    let scenes = (1..=3).map(|seed| Scene::new(&guest, 0.1, seed)).collect();
    let scenes = side_by_side(scenes, |scene| {
        for moment in scene.moments(50) {
            scene.kill(moment, |image| {
                let count = vblank_state::restore::<Counter>(image.parcel);
                assert_eq!(count.expect("a counter").count, image.frame);
            });
        }
    });
    let kills = no_more_is_lost_than_promised(&scenes);
    assert!(kills > 100, "only {kills} of 150 hit a running game");
    let last = scenes.iter().filter_map(|scene| scene.saved);
    assert!(last.min() > Some(50), "they hardly went on");
}

#[test]
fn killed_while_it_writes() {
    // Four MiB that do not compress, and hardly an interval.
    const WORDS: usize = 1 << 19;
    let guest = Guest::tally(WORDS).fill().log_frames();
    let scenes = (1..=2).map(|seed| Scene::new(&guest, 0.05, seed)).collect();
    let filled = (1..=WORDS as u64).fold(0, |sum: u64, i| {
        sum.wrapping_add(i.wrapping_mul(Guest::MIX))
    });
    let scenes = side_by_side(scenes, |scene| {
        for kill in 0..30 {
            let moment = match kill % 3 {
                0 => Moment::Playing(Duration::from_millis(scene.random.below(400))),
                _ => Moment::Writing,
            };
            scene.kill(moment, |image| {
                let state = vblank_state::restore::<Tally>(image.parcel).expect("a tally");
                let sum = state
                    .words
                    .iter()
                    .fold(0, |sum: u64, word| sum.wrapping_add(*word));
                assert_eq!(state.count, image.frame);
                assert_eq!(sum.wrapping_sub(filled), state.count);
            });
        }
    });
    let _ = no_more_is_lost_than_promised(&scenes);
    // The kills did hit it in the middle.
    let left = scenes.iter().flat_map(Scene::files);
    let left = left.filter(|path| path.extension().is_some_and(|end| end == "tmp"));
    assert!(left.count() >= 10, "no half-written file was left");
}
