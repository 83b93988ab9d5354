//! The page path: a large state is moved and not copied, and every order of swaps, failures, rollbacks and
//! growth leaves what copying would have left.
#![cfg(target_os = "linux")]

use std::sync::LazyLock;

use vblank_host::game::{self, Game, GameCalls, Setup, Step};
use vblank_host::input::{Key, Size};
use vblank_host::render::assets::Assets;
use vblank_runtime::guest::{Code, Engine, EngineOptions};
use vblank_runtime::supervisor::{ExpectedState, FailureOutcome, TransferMode, prepare};
use vblank_tests::{Demo, Run, workspace};

/// Versions of `tests/guests/bodies.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Ten,
    TrapsInResume,
    TrapsAt20,
    /// The guest with a `Vec` for its bodies.
    Copied,
    CopiedTen,
}

use Version::{Copied, CopiedTen, One, Ten, TrapsAt20, TrapsInResume};

const ALL: [Version; 6] = [One, Ten, TrapsInResume, TrapsAt20, Copied, CopiedTen];

static BUILT: LazyLock<(Demo, Vec<Code>)> = LazyLock::new(|| {
    let demo = Demo::copy("hello");
    let source = workspace().join("tests/guests/bodies.rs");
    let source = std::fs::read_to_string(source).expect("the guest is there");
    let build = |version: Version| {
        let mut text = source.clone();
        let mut set = |from: &str, to: &str| {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replace(from, to);
        };
        if matches!(version, Copied | CopiedTen) {
            set("type Bodies = PageVec<Body>;", "type Bodies = Vec<Body>;");
        }
        match version {
            One | Copied => {}
            Ten | CopiedTen => set("const STEP: u32 = 1;", "const STEP: u32 = 10;"),
            TrapsInResume => set(
                "const TRAP_IN_RESUME_FROM: u64 = u64::MAX;",
                "const TRAP_IN_RESUME_FROM: u64 = 0;",
            ),
            TrapsAt20 => set("const TRAP_AT: u64 = u64::MAX;", "const TRAP_AT: u64 = 20;"),
        }
        std::fs::write(demo.source(), text).expect("the copy can be written");
        demo.build();
        let wasm = demo.keep_wasm(&format!("{version:?}.wasm"));
        Code::read(&wasm).expect("it is a guest")
    };
    let codes = ALL.iter().map(|version| build(*version)).collect();
    (demo, codes)
});

fn code(version: Version) -> &'static Code {
    let index = ALL.iter().position(|other| *other == version);
    &BUILT.1[index.expect("all versions are built")]
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let engine = game::engine(&Assets::default(), EngineOptions::default());
    engine.expect("an engine can be made")
});

/// A game, and which version made each of its steps.
struct Play {
    game: Game,
    made_by: Vec<Version>,
    /// The steps that made the world grow.
    grown: Vec<u64>,
    now: Version,
    before: Version,
    swapped_at: usize,
}

impl Play {
    fn new(version: Version, kib: u64) -> Self {
        let candidate =
            prepare(&ENGINE, code(version), &ExpectedState::default()).expect("it is good");
        let setup = Setup {
            seed: kib,
            size: Size::new(64, 64),
            hz: 60.0,
        };
        Self {
            game: Game::fresh(
                candidate,
                game::supervisor_options().expect("it starts"),
                |guest| guest.init(setup),
            )
            .expect("it starts"),
            made_by: Vec::new(),
            grown: Vec::new(),
            now: version,
            before: version,
            swapped_at: 0,
        }
    }

    fn step(&mut self, grow: bool) {
        let number = self.game.frame();
        let mut step = Step {
            number,
            dt: 1.0 / 60.0,
            ..Step::default()
        };
        if grow {
            step.input.pressed.push(Key::KeyG);
            self.grown.push(number);
        }
        self.made_by.push(self.now);
        if let Err(trap) = self.game.update(&step) {
            let aftermath = self.game.fail(&ENGINE, trap, Some(&step));
            assert!(matches!(aftermath, FailureOutcome::RolledBack { .. }));
            self.now = self.before;
            self.made_by[self.swapped_at..].fill(self.before);
            self.before = self.now;
        }
        assert_eq!(self.game.frame(), number + 1);
        self.game.keep_image(false).expect("it can be saved");
    }

    fn steps(&mut self, count: usize) {
        (0..count).for_each(|_| self.step(false));
    }

    /// Swaps to a version, and returns the transfer mode, or `None` if the swap was refused.
    fn swap(&mut self, to: Version) -> Option<TransferMode> {
        let expected = self.game.expected_state();
        let candidate = prepare(&ENGINE, code(to), &expected).expect("it is good");
        let swap = self.game.swap(&ENGINE, candidate, false).ok()?;
        self.before = std::mem::replace(&mut self.now, to);
        self.swapped_at = self.made_by.len();
        Some(swap.mode)
    }

    /// The state at the end is that of the versions that made the steps, with every swap a copy.
    fn is_as_if_copied(&mut self, kib: u64) {
        let copied = |version: &Version| match version {
            Ten | CopiedTen => CopiedTen,
            _ => Copied,
        };
        let by: Vec<Version> = self.made_by.iter().map(copied).collect();
        let mut model = Play::new(by.first().copied().unwrap_or(Copied), kib);
        for (number, version) in by.iter().enumerate() {
            if *version != model.now {
                assert_eq!(model.swap(*version), Some(TransferMode::Copy));
            }
            model.step(self.grown.contains(&(number as u64)));
        }
        assert!(!self.game.is_broken());
        // The number of resumes is another: a swap to the same code is not seen in the model.
        let bodies = |play: &mut Play| {
            let image = play.game.image().expect("it can be saved");
            (image.frame, image.parcel.w32)
        };
        assert!(bodies(self) == bodies(&mut model), "{:?}", self.made_by);
    }
}

const LARGE: u64 = 8 << 10;

#[test]
fn a_large_state_is_moved() {
    let mut play = Play::new(One, LARGE);
    play.steps(5);
    assert_eq!(play.swap(Ten), Some(TransferMode::Pages));
    play.steps(100);
    // There and back again, and twice within one probation.
    assert_eq!(play.swap(One), Some(TransferMode::Pages));
    play.steps(10);
    assert_eq!(play.swap(Ten), Some(TransferMode::Pages));
    play.steps(10);
    play.is_as_if_copied(LARGE);
}

#[test]
fn a_small_state_is_copied() {
    let mut play = Play::new(One, 1 << 10);
    play.steps(5);
    assert_eq!(play.swap(Ten), Some(TransferMode::Copy));
    play.steps(5);
    play.is_as_if_copied(1 << 10);
}

#[test]
fn a_version_without_pages_is_given_a_copy_and_back() {
    let mut play = Play::new(One, LARGE);
    play.steps(5);
    assert_eq!(play.swap(CopiedTen), Some(TransferMode::Copy));
    play.steps(100);
    assert_eq!(
        play.swap(One),
        Some(TransferMode::Copy),
        "its old memory is no pages"
    );
    play.steps(100);
    assert_eq!(play.swap(Ten), Some(TransferMode::Pages));
    play.steps(5);
    play.is_as_if_copied(LARGE);
}

#[test]
fn a_trap_in_probation_is_undone_by_image_and_inputs() {
    let mut play = Play::new(One, LARGE);
    play.steps(10);
    assert_eq!(play.swap(TrapsAt20), Some(TransferMode::Pages));
    play.step(true);
    play.steps(20);
    assert_eq!((play.now, play.game.frame()), (One, 31));
    play.is_as_if_copied(LARGE);
    // The next good version swaps in.
    assert_eq!(play.swap(Ten), Some(TransferMode::Pages));
    play.steps(5);
    play.is_as_if_copied(LARGE);
}

#[test]
fn a_trap_in_the_second_probation_goes_back_one_version() {
    let mut play = Play::new(One, LARGE);
    play.steps(5);
    assert_eq!(play.swap(Ten), Some(TransferMode::Pages));
    play.steps(5);
    assert_eq!(play.swap(TrapsAt20), Some(TransferMode::Pages));
    play.steps(20);
    assert_eq!(play.now, Ten);
    play.is_as_if_copied(LARGE);
}

#[test]
fn a_trap_in_resume_gives_the_old_version_its_state_back() {
    let mut play = Play::new(One, LARGE);
    play.steps(10);
    assert_eq!(play.swap(TrapsInResume), None);
    play.steps(10);
    assert_eq!(play.now, One);
    play.is_as_if_copied(LARGE);
}

#[test]
fn any_order_of_swaps_leaves_what_copies_leave() {
    let mut moved = 0;
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut play = Play::new(One, LARGE);
        for _ in 0..12 {
            match random.u8(0..10) {
                0 | 1 => play.step(play.grown.len() < 2),
                2..5 => play.steps(random.usize(1..30)),
                5 => play.steps(70),
                6 => assert_eq!(play.swap(TrapsInResume), None),
                7 if play.game.frame() < 20 => {
                    play.swap(TrapsAt20).expect("it starts well");
                    play.steps(21);
                }
                _ => {
                    let to = *random
                        .choice(&[One, Ten, CopiedTen])
                        .expect("there are some");
                    let path = play.swap(to).expect("it is good");
                    moved += u32::from(path == TransferMode::Pages);
                }
            }
        }
        play.steps(1);
        play.is_as_if_copied(LARGE);
    }
    assert!(moved >= 12, "only {moved} swaps moved pages");
}

#[test]
fn the_report_names_the_path() {
    let demo = &BUILT.0;
    let file = |version: Version| demo.beside(&format!("{version:?}.wasm"));
    let ended = Run::headless(&file(One))
        .args("--fast --frames 40 --renderer null --seed 8192 --swap-at")
        .arg(format!("10={}", file(Ten).display()))
        .to_end()
        .exits(0);
    let swap = ended.only("swap");
    assert_eq!(
        (&swap["path"], &swap["verdict"]),
        (&"pages".into(), &"identical".into())
    );
    assert!(swap["state_bytes"].as_u64() > Some(8 << 20));
}
