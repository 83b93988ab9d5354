//! A plugin and a game in four languages, with the same world and the same state. Each is swapped for
//! the others while it runs.
//!
//! The builds of C, JavaScript and Python lie in `target/languages`, made by `cargo xtask languages`; the
//! tests that need it are ignored by plain `cargo test` and run by `cargo xtask test`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use tempfile::TempDir;
use vblank_derive::State;
use vblank_host::game::{self, GameCalls, Setup};
use vblank_host::input::Size;
use vblank_host::render::assets::Assets;
use vblank_host::render::commands::{Area, Camera, Color, Look, Sink, TextStyle};
use vblank_runtime::guest::{CacheOptions, Code, EngineOptions};
use vblank_runtime::image::Image;
use vblank_runtime::plugin::{Change, Host, Slot};
use vblank_runtime::supervisor::{ExpectedState, prepare};
use vblank_state::Schema;
use vblank_tests::{Ended, Guest, Run, workspace};

vblank_runtime::plugin!(
    Counter,
    path: ["../wit", "../demos/languages/wit"],
    world: "demo:languages/counter",
);

/// The plugins of `tests/wit`, which need no compiler.
mod tally {
    vblank_runtime::plugin!(Tally, path: ["../wit", "wit"], world: "vblank:tests/tally",
        data: Board, imports: [vblank::tests::board]);

    /// The application's board, which shows nothing.
    #[derive(Default)]
    pub struct Board;

    impl vblank::tests::board::Host for Board {
        fn show(&mut self, number: u64) -> vblank_runtime::guest::CallResult<u64> {
            Ok(number)
        }
    }
}

/// The state of all four, as the derive describes it.
mod state {
    use super::State;

    use super::{BTreeMap, BTreeSet};

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        pub count: u64,
        pub label: String,
        pub initials: BTreeSet<char>,
        #[state(default = 1000, alias = "target")]
        pub goal: u64,
        pub mood: Mood,
        pub last: Last,
        pub history: Vec<u32>,
        pub recent: [u32; 3],
        pub best: Option<u32>,
        pub bands: BTreeMap<u32, (u32, u64)>,
        pub notes: Vec<Note>,
        pub places: Vec<[u32; 2]>,
    }

    #[derive(State, Debug, Default, PartialEq)]
    #[state(crate = vblank_state)]
    pub enum Mood {
        #[default]
        Calm,
        Eager,
        #[state(alias = "Done")]
        Content,
    }

    #[derive(State, Debug, Default, PartialEq)]
    #[state(crate = vblank_state)]
    pub enum Last {
        #[default]
        Nothing,
        Added(u32),
        #[state(alias = "Labelled")]
        Named {
            before: String,
        },
    }

    #[derive(State, Debug, Default, PartialEq)]
    #[state(crate = vblank_state, alias = "Remark", version = 1)]
    pub struct Note {
        pub at: u64,
        pub text: String,
        pub pinned: bool,
        pub replies: Vec<Note>,
    }

    impl Default for Counter {
        fn default() -> Self {
            Self {
                count: 0,
                label: String::new(),
                initials: BTreeSet::new(),
                goal: 1000,
                mood: Mood::Calm,
                last: Last::Nothing,
                history: Vec::new(),
                recent: [0; 3],
                best: None,
                bands: BTreeMap::new(),
                notes: Vec::new(),
                places: Vec::new(),
            }
        }
    }

    impl Counter {
        /// Result of this step in each of the four.
        pub fn add(&mut self, by: u32) {
            self.count += u64::from(by);
            self.mood = match self.count {
                0..500 => Mood::Calm,
                500..1000 => Mood::Eager,
                1000.. => Mood::Content,
            };
            self.last = Last::Added(by);
            self.history.push(by);
            self.recent = [self.recent[1], self.recent[2], by];
            self.best = self.best.max(Some(by));
            let band = self.bands.entry(by / 100).or_default();
            *band = (band.0 + 1, band.1 + u64::from(by));
        }

        /// Records a note.
        pub fn note(&mut self, text: &str, pinned: bool) {
            let steps = u32::try_from(self.history.len()).unwrap();
            self.places.push([steps, u32::from(pinned)]);
            let note = Note {
                at: self.count,
                text: text.to_owned(),
                pinned,
                replies: Vec::new(),
            };
            match self.notes.last_mut() {
                Some(last) if !pinned => last.replies.push(note),
                _ => self.notes.push(note),
            }
        }
    }
}

const LANGUAGES: [&str; 4] = ["Rust", "C", "JavaScript", "Python"];

fn code(language: &str) -> Code {
    let file = match language {
        "Rust" => "demos/target/wasm32-unknown-unknown/debug/counter.wasm",
        "C" => "target/languages/counter-c.wasm",
        "JavaScript" => "target/languages/counter-js.wasm",
        _ => "target/languages/counter-python.wasm",
    };
    let file = workspace().join(file);
    Code::read(&file).unwrap_or_else(|error| panic!("{language}: {error}; cargo xtask languages"))
}

/// Folder of compiled code that is kept between runs of the tests: Python alone takes half a minute to
/// compile.
fn compiled() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")
}

/// The host of all plugins in four languages, so that each is compiled once.
static HOST: LazyLock<Host> = LazyLock::new(|| {
    let host = Host::with(EngineOptions {
        cache: Some(CacheOptions {
            most: 1 << 30,
            ..CacheOptions::new(compiled().join("plugins"))
        }),
        ..EngineOptions::default()
    });
    host.expect("there is a host")
});

fn slot(host: &Host, language: &str) -> Slot<Counter> {
    let slot = host.slot("counter").start(&code(language));
    slot.unwrap_or_else(|error| panic!("{language}: {error}"))
}

fn add(slot: &mut Slot<Counter>, by: u32) -> u64 {
    let count = slot.record(move |counter, store| counter.call_add(store, by));
    count.unwrap_or_else(|error| panic!("{error}"))
}

fn tell(slot: &mut Slot<Counter>) -> String {
    let told = slot.call(|counter, store| counter.call_tell(store));
    told.unwrap_or_else(|error| panic!("{error}"))
}

/// The state as it lies between two versions.
fn held(slot: &mut Slot<Counter>) -> vblank_state::Parcel {
    let image = slot.image().unwrap_or_else(|error| panic!("{error}"));
    image.parcel
}

fn swap(slot: &mut Slot<Counter>, language: &str) {
    slot.swap(&code(language))
        .unwrap_or_else(|error| panic!("to {language}: {error}"));
    let Some(Change::Swapped { swap, .. }) = slot.boundary() else {
        panic!("{language} has taken over")
    };
    assert!(swap.is_identical(), "{language} has another schema");
}

/// Each language takes over the state unchanged, works with it, and passes it on.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn a_counter_goes_on_in_four_languages() {
    let mut slot = slot(&HOST, "Rust");
    let mut expected = state::Counter::default();
    // Every one of them hands over to every other.
    let order = [1, 2, 3, 0, 2, 1, 3, 2, 0, 3, 1, 0];
    for (turn, language) in (0_u32..).zip(order.map(|i| LANGUAGES[i])) {
        let before = held(&mut slot);
        swap(&mut slot, language);
        assert_eq!(
            held(&mut slot),
            before,
            "{language} holds what it was given"
        );

        // Small ones first, for all moods. From the fourth turn on the history is a segment.
        for step in 0..300 {
            let by = (step * 7 + turn) % 1000;
            expected.add(by);
            assert_eq!(add(&mut slot, by), expected.count);
            if step < 30 {
                let held: state::Counter = vblank_state::restore(held(&mut slot)).unwrap();
                assert_eq!(held, expected, "{language} did this step");
            }
        }
        // Not every engine passes a u32 of more than 31 bits as it is.
        let large = u32::MAX - turn;
        expected.add(large);
        assert_eq!(add(&mut slot, large), expected.count);
        let label = format!("{language}, žluťoučký 🐎 {turn}");
        expected.last = state::Last::Named {
            before: std::mem::replace(&mut expected.label, label.clone()),
        };
        expected.initials.extend(label.chars().next());
        slot.record(move |counter, store| counter.call_name_it(store, &label))
            .unwrap();
        // From the fifth turn on their places are a segment, of arrays.
        for number in 0..120 {
            let (text, pinned) = (format!("turn {turn}, {number}"), number % 7 == turn % 7);
            expected.note(&text, pinned);
            slot.record(move |counter, store| counter.call_note(store, &text, pinned))
                .unwrap();
        }

        let held: state::Counter = vblank_state::restore(held(&mut slot)).unwrap();
        assert_eq!(held, expected, "{language} did what it was asked");
        let told = tell(&mut slot);
        println!("{}", &told[..told.find(';').unwrap_or(told.len())]);
        assert!(
            told.starts_with(&format!("{language}: {}", expected.label)),
            "{told}"
        );
        let mood = format!(
            "of 1000 after {} steps of at most 4294967295, Content, last to name \"",
            expected.history.len()
        );
        assert!(told.contains(&mood), "{told}");
        let last = format!("; at {}: turn {turn}, 119", expected.count);
        assert!(told.contains(&last), "{told}");
    }
    assert_eq!(slot.figures().failures, 0);
}

/// The SDKs describe their types as the derive does, byte for byte, so no swap between languages needs a
/// plan.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn four_languages_describe_one_state() {
    for language in LANGUAGES {
        let fresh = slot(&HOST, language).image().unwrap();
        let derived = vblank_state::schema_bytes::<state::Counter>();
        assert_eq!(fresh.schema.encode(), derived, "{language}");
        let expected = vblank_state::save(&state::Counter::default()).to_parcel();
        assert_eq!(fresh.parcel, expected, "{language}");
    }
}

/// An older state has less, and other names: it is filled up with the defaults of each, and found by the aliases.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn four_languages_take_an_older_state() {
    /// The counter before it remembered anything.
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct Counter {
        notes: Vec<Remark>,
        count: u32,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    struct Remark {
        text: String,
    }

    /// The counter before that, with a goal under another name.
    mod with_target {
        use super::State;

        #[derive(State)]
        #[state(crate = vblank_state)]
        pub struct Counter {
            pub target: u64,
        }
    }

    let text = "from before".to_owned();
    let remark = Remark { text: text.clone() };
    let old = Counter {
        notes: vec![remark],
        count: 7,
    };
    let note = state::Note {
        text,
        ..Default::default()
    };
    let filled = state::Counter {
        count: 7,
        notes: vec![note],
        ..Default::default()
    };
    let older = with_target::Counter { target: 50 };
    let renamed = state::Counter {
        goal: 50,
        ..Default::default()
    };

    for language in LANGUAGES {
        let fresh = slot(&HOST, language).image().unwrap();
        let taken = |schema: Schema, saved: vblank_state::SavedState<'_>| {
            let image = Image {
                schema: Arc::new(schema),
                parcel: saved.to_parcel(),
                ..fresh.clone()
            };
            let slot = HOST.slot::<self::Counter>("counter").state(image);
            let mut slot = slot.start(&code(language)).unwrap();
            let taken: state::Counter = vblank_state::restore(held(&mut slot)).unwrap();
            taken
        };
        assert_eq!(
            taken(Schema::of::<Counter>(), vblank_state::save(&old)),
            filled,
            "{language}"
        );
        let schema = Schema::of::<with_target::Counter>();
        assert_eq!(
            taken(schema, vblank_state::save(&older)),
            renamed,
            "{language}"
        );
    }
}

/// The guest lends as the bindings of JavaScript and Python do: lent values exist for the time of the
/// call only, and two lists use the same memory one after the other.
#[test]
fn what_a_language_cannot_keep_in_place_is_copied() {
    let lends = |first: &str| {
        Guest::plugin().instead(
            "save",
            &format!(
                "{first}
                 (i64.store (i32.const 3000) (i64.load (i32.const 64)))
                 (call $tree (i32.const 3000) (i32.const 8))
                 (i64.store (i32.const 3000) (i64.const 99))"
            ),
        )
    };
    let host = Host::new().expect("there is a host");
    for (first, held) in [("(call $copied)", 5), ("", 99)] {
        let code = Code::from_bytes(lends(first).component()).expect("it is a guest");
        let mut slot = host.slot::<tally::Tally>("tally").start(&code).unwrap();
        let add = slot.record(|tally, store| tally.vblank_tests_counting().call_add(store, 5));
        assert_eq!(add.unwrap(), 5);
        let image = slot.image().unwrap();
        assert_eq!(image.parcel.tree, u64::to_le_bytes(held), "{first}");
    }
}

/// Pages of what was copied would be the host's own.
#[test]
fn what_is_copied_has_no_pages_of_its_own() {
    let guest = Guest::plugin().before("save", "(call $copied) (call $own-pages)");
    let code = Code::from_bytes(guest.component()).expect("it is a guest");
    let host = Host::new().expect("there is a host");
    let refused = host.slot::<tally::Tally>("tally").start(&code);
    let error = refused
        .err()
        .expect("it is asked for its state")
        .to_string();
    assert!(
        error.contains("a list that is copied has no pages of its own"),
        "{error}"
    );
}

/// Commands that a picture was drawn with.
#[derive(Default)]
struct Drawn {
    quads: Vec<Vec<u32>>,
    texts: Vec<String>,
}

impl Sink for Drawn {
    fn quads(&mut self, words: &[u32]) {
        self.quads.push(words.to_vec());
    }

    fn text(&mut self, _: &TextStyle, _: [f32; 2], text: &str) {
        self.texts.push(text.to_owned());
    }

    fn clear(&mut self, _: Color) {}
    fn set_camera(&mut self, _: Option<Camera>) {}
    fn sprites(&mut self, _: u32, _: &[u32]) {}
    fn triangles(&mut self, _: Option<u32>, _: &[u32]) {}
    fn set_area(&mut self, _: Option<Area>) {}
    fn set_look(&mut self, _: Look, _: &[u32]) {}
    fn set_matrix(&mut self, _: [f32; 16]) {}
    fn meshes(&mut self, _: u32, _: Option<u32>, _: &[u32]) {}
    fn set_target(&mut self, _: Option<u32>, _: Option<Color>) {}
}

/// The drawing of a guest that draws so, or its failure.
fn drawn(draw: &str) -> Result<Drawn, String> {
    let guest = Guest::of::<vblank_tests::Counter>().before("draw", draw);
    let engine =
        game::engine(&Assets::default(), EngineOptions::default()).expect("an engine can be made");
    let code = Code::from_bytes(guest.component()).expect("it is a guest");
    let candidate = prepare(&engine, &code, &ExpectedState::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let mut game = candidate.version.instance;
    let size = Size::new(640, 360);
    game.init(Setup {
        seed: 1,
        size,
        hz: 60.0,
    })
    .expect("it starts");
    let mut seen = Drawn::default();
    game.draw(size, 0.5).map_err(|error| format!("{error:?}"))?;
    game.send_picture(&mut seen);
    Ok(seen)
}

/// The guest draws as the bindings of JavaScript and Python do: two lists and two texts use the same
/// memory one after the other.
#[test]
fn what_a_language_cannot_keep_in_place_is_drawn_as_it_was() {
    let draw = |first: &str| {
        let one = |word: u32, letters: u32| {
            format!(
                "(i32.store (i32.const 3000) (i32.const {word}))
                 (call $quads (i32.const 3000) (i32.const 8))
                 (i32.store (i32.const 3100) (i32.const {letters}))
                 (call $text (i32.const 0) (f32.const 20) (i32.const -1) (i32.const 0)
                   (i32.const 0) (f32.const 0) (f32.const 5) (f32.const 5)
                   (i32.const 3100) (i32.const 4))"
            )
        };
        // "abcd" and "efgh".
        let (before, after) = (one(1, 0x6463_6261), one(2, 0x6867_6665));
        let seen = drawn(&format!("{first} {before} {after}")).unwrap();
        let firsts: Vec<u32> = seen.quads.iter().map(|words| words[0]).collect();
        (firsts, seen.texts)
    };
    let both = (vec![1, 2], vec!["abcd".to_owned(), "efgh".to_owned()]);
    assert_eq!(draw("(call $draw-copied)"), both);
    let last = (vec![2, 2], vec!["efgh".to_owned(), "efgh".to_owned()]);
    assert_eq!(
        draw(""),
        last,
        "what is not copied is read when all is drawn"
    );
}

/// Earlier commands are gone with `clear`, and what was copied for them; what is left fills the host's memory.
#[test]
fn what_is_copied_of_a_picture_has_an_end() {
    let many = |first: &str| {
        // 2,100 times 8,192 words are more than 16 million.
        drawn(&format!(
            "(local $i i32)
             (call $draw-copied)
             (loop $again
               {first}
               (call $quads (i32.const 65536) (i32.const 8192))
               (local.set $i (i32.add (local.get $i) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $i) (i32.const 2100))))"
        ))
    };
    let error = many("").err().expect("it is too much");
    assert!(
        error.contains("more is drawn in one picture than the host copies"),
        "{error}"
    );
    let seen = many("(call $clear (i32.const 0))").unwrap();
    assert_eq!(seen.quads.len(), 1);
}

#[derive(State, Clone, Copy, Debug, PartialEq)]
#[state(crate = vblank_state)]
struct Square {
    x: f32,
    y: f32,
    dx: f32,
    dy: f32,
    bounces: u32,
}

impl Square {
    /// State of all four after so many updates of a sixtieth of a second, from the middle of 640 by 360.
    fn after(updates: u32) -> Self {
        let mut square = Self {
            x: 320.0,
            y: 180.0,
            dx: 240.0,
            dy: 180.0,
            bounces: 0,
        };
        let mut step = |at: &mut f32, speed: &mut f32, end: f32| {
            *at += *speed * (1.0 / 60.0);
            if (*at < 40.0 && *speed < 0.0) || (*at > end - 40.0 && *speed > 0.0) {
                *speed = -*speed;
                square.bounces += 1;
            }
        };
        for _ in 0..updates {
            step(&mut square.x, &mut square.dx, 640.0);
            step(&mut square.y, &mut square.dy, 360.0);
        }
        square
    }

    fn read(image: &Path) -> Self {
        let image = Image::read(image).unwrap_or_else(|error| panic!("{error}"));
        vblank_state::restore(image.parcel).unwrap()
    }
}

fn square(language: &str) -> PathBuf {
    workspace().join(match language {
        "Rust" => "demos/target/wasm32-unknown-unknown/debug/square.wasm",
        "C" => "target/languages/square-c.wasm",
        "JavaScript" => "target/languages/square-js.wasm",
        _ => "target/languages/square-python.wasm",
    })
}

/// A game that begins in one language, with what else is said of the run.
fn play(language: &str, with: impl FnOnce(Run) -> Run) -> Ended {
    let run = Run::headless(&square(language)).args("--fast --size 640x360");
    let run = with(run).env("XDG_CACHE_HOME", compiled());
    run.to_end()
        .exits(0)
        .without(&["refused", "rollback", "break"])
}

/// The square goes from Rust to C, to JavaScript, to Python and back, and is to the bit where it would be without.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn a_game_goes_on_in_four_languages() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let image = |frame: u32| folder.path().join(format!("{frame}.vbs"));
    // Before each swap, at it, after the first update of the new code, and well after it.
    let looked_at: Vec<u32> = (1..6)
        .flat_map(|turn| [99, 100, 101, 150].map(|frame| turn * 100 - 100 + frame))
        .collect();
    let ended = play("Rust", |mut run| {
        run = run.args("--renderer null --frames 600");
        for (turn, language) in (1..).zip(["C", "JavaScript", "Python", "Rust", "C"]) {
            let swap = format!("{}={}", turn * 100, square(language).display());
            run = run.arg("--swap-at").arg(swap);
        }
        for frame in &looked_at {
            run = run.file("--state-out", &image(*frame), &format!("@{frame}"));
        }
        run
    });
    let swaps = ended.all("swap");
    assert_eq!(swaps.len(), 5);
    for swap in swaps {
        assert_eq!(swap["verdict"], "identical", "{swap}");
    }
    for frame in looked_at {
        assert_eq!(
            Square::read(&image(frame)),
            Square::after(frame),
            "after {frame} updates"
        );
    }
    assert!(Square::after(600).bounces > 6, "there is something to see");
}

/// All of them draw the same picture, except for a pixel or two where a corner is rounded differently.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn a_game_looks_the_same_in_four_languages() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let pictures = LANGUAGES.map(|language| {
        let file = folder.path().join(format!("{language}.png"));
        let _ = play(language, |run| {
            run.args("--renderer software --frames 200")
                .home(folder.path())
                .file("--screenshot", &file, "")
        });
        let picture = image::open(&file).expect("there is a picture");
        picture.to_rgba8()
    });
    let [first, others @ ..] = &pictures;
    let blue = first
        .pixels()
        .filter(|pixel| pixel.0 == [0x40, 0xc0, 0xff, 0xff]);
    let amber = first
        .pixels()
        .filter(|pixel| pixel.0 == [0xff, 0xc0, 0x40, 0xff]);
    assert!(
        (5000..6400).contains(&(blue.count() + amber.count())),
        "there is a square"
    );
    for (language, picture) in LANGUAGES[1..].iter().zip(others) {
        let differ = first.pixels().zip(picture.pixels()).filter(|(one, other)| {
            let channels = one.0.iter().zip(other.0);
            channels
                .into_iter()
                .any(|(one, other)| one.abs_diff(other) > 2)
        });
        assert_eq!(
            differ.count(),
            0,
            "pixels of {language} that are not those of Rust"
        );
    }
}
