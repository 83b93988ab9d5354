//! One plugin in four languages: the same world, the same state, each swapped for the others while it runs.
//!
//! What is built of C, JavaScript and Python lies in `target/languages`, made by `cargo xtask languages`; the
//! tests that need it are ignored by plain `cargo test` and run by `cargo xtask test`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vblank_derive::State;
use vblank_host::guest::Code;
use vblank_host::image::Image;
use vblank_host::plugin::{Change, Host, Slot};
use vblank_state::Schema;
use vblank_tests::{Guest, host, workspace};

vblank_host::plugin!(
    Counter,
    path: ["../wit", "../demos/languages/wit"],
    world: "demo:languages/counter",
);

/// The plugins of `tests/wit`, which need no compiler.
mod tally {
    vblank_host::plugin!(Tally, path: ["../wit", "wit"], world: "vblank:tests/tally",
        data: Board, imports: [vblank::tests::board]);

    /// Nothing is shown here.
    #[derive(Default)]
    pub struct Board;

    impl vblank::tests::board::Host for Board {
        fn show(&mut self, number: u64) -> vblank_host::guest::CallResult<u64> {
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
        Content,
    }

    #[derive(State, Debug, Default, PartialEq)]
    #[state(crate = vblank_state)]
    pub enum Last {
        #[default]
        Nothing,
        Added(u32),
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
        /// What each of the four is to make of this step.
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

        /// And of this note.
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

/// Each language takes the state over as it was, works with it, and hands it on.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn a_counter_goes_on_in_four_languages() {
    let host = Host::new().expect("there is a host");
    let mut slot = slot(&host, "Rust");
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

/// What the SDKs say of their types is what the derive says, byte for byte, so no swap between languages needs a
/// plan.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn four_languages_describe_one_state() {
    let host = Host::new().expect("there is a host");
    for language in LANGUAGES {
        let fresh = slot(&host, language).image().unwrap();
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
    /// What the counter was before it remembered anything.
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

    /// What it was before that, with a goal under another name.
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

    let host = Host::new().expect("there is a host");
    for language in LANGUAGES {
        let fresh = slot(&host, language).image().unwrap();
        let taken = |schema: Schema, saved: vblank_state::Saved<'_>| {
            let image = Image {
                schema: Arc::new(schema),
                parcel: saved.to_parcel(),
                ..fresh.clone()
            };
            let slot = host.slot::<self::Counter>("counter").state(image);
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

/// As the bindings of JavaScript and Python do: what is lent lies somewhere for the time of the call, and two
/// lists after one another in the same place.
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

#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn a_game_in_c_is_run_beside_the_four_languages() {
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct Square {
        x: f32,
        y: f32,
        dx: f32,
        dy: f32,
        bounces: u32,
    }

    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let last = folder.path().join("last.vbs");
    let ran = host(folder.path())
        .arg("run")
        .arg(workspace().join("target/languages/square.wasm"))
        .args([
            "--headless",
            "--fast",
            "--renderer",
            "null",
            "--frames",
            "120",
        ])
        .arg("--state-out")
        .arg(&last)
        .output()
        .expect("the host starts");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let image = Image::read(&last).unwrap();
    let square: Square = vblank_state::restore(image.parcel).unwrap();
    // From the middle of 1280 by 720, two seconds at 240 and 180 a second; back from the lower edge.
    assert!((square.x - 1120.0).abs() < 0.1, "{}", square.x);
    assert!((square.y - 640.0).abs() < 5.0, "{}", square.y);
    assert_eq!((square.dx, square.dy, square.bounces), (240.0, -180.0, 1));
}
