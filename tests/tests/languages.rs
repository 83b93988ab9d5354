//! One plugin in four languages: the same world, the same state, each swapped for the others while it runs.
//!
//! What is built of C, JavaScript and Python lies in `target/languages`, made by `cargo xtask languages`; the
//! tests that need it are ignored by plain `cargo test` and run by `cargo xtask test`.

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

    #[derive(State, Debug, Default, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        pub count: u64,
        pub label: String,
        pub history: Vec<u32>,
        pub best: Option<u32>,
        pub notes: Vec<Note>,
    }

    #[derive(State, Debug, Default, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct Note {
        pub at: u64,
        pub text: String,
        pub pinned: bool,
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

        // From the fourth turn on the history is a segment.
        for step in 0..300 {
            let by = (step * 7 + turn) % 1000;
            expected.count += u64::from(by);
            expected.history.push(by);
            expected.best = expected.best.max(Some(by));
            assert_eq!(add(&mut slot, by), expected.count);
        }
        expected.label = format!("{language}, žluťoučký 🐎 {turn}");
        let label = expected.label.clone();
        slot.record(move |counter, store| counter.call_name_it(store, &label))
            .unwrap();
        let (at, text, pinned) = (expected.count, format!("turn {turn}"), turn % 2 == 0);
        let note = text.clone();
        slot.record(move |counter, store| counter.call_note(store, &note, pinned))
            .unwrap();
        expected.notes.push(state::Note { at, text, pinned });

        let held: state::Counter = vblank_state::restore(held(&mut slot)).unwrap();
        assert_eq!(held, expected, "{language} did what it was asked");
        let told = tell(&mut slot);
        println!("{}", &told[..told.find(';').unwrap_or(told.len())]);
        assert!(
            told.starts_with(&format!("{language}: {}", expected.label)),
            "{told}"
        );
        assert!(told.contains(&format!("; at {at}: turn {turn}")), "{told}");
    }
    assert_eq!(slot.figures().failures, 0);
}

/// What the SDKs say of their types is what the derive says, byte for byte, so no swap between languages needs a
/// plan; and an older state, which has less, is filled up with their defaults.
#[test]
#[ignore = "needs C, JavaScript and Python: cargo xtask languages"]
fn four_languages_describe_one_state() {
    /// What the counter was before it remembered anything.
    #[derive(State, Default)]
    #[state(crate = vblank_state)]
    struct Counter {
        notes: Vec<Note>,
        count: u32,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    struct Note {
        text: String,
    }

    let text = "from before".to_owned();
    let old = Counter {
        notes: vec![Note { text: text.clone() }],
        count: 7,
    };
    let new = state::Counter {
        count: 7,
        notes: vec![state::Note {
            text,
            ..Default::default()
        }],
        ..Default::default()
    };
    let host = Host::new().expect("there is a host");
    for language in LANGUAGES {
        let fresh = slot(&host, language).image().unwrap();
        let derived = vblank_state::schema_bytes::<state::Counter>();
        assert_eq!(fresh.schema.encode(), derived, "{language}");
        let expected = vblank_state::save(&state::Counter::default()).to_parcel();
        assert_eq!(fresh.parcel, expected, "{language}");

        let image = Image {
            schema: Arc::new(Schema::of::<Counter>()),
            parcel: vblank_state::save(&old).to_parcel(),
            ..fresh
        };
        let slot = host.slot::<self::Counter>("counter").state(image);
        let mut slot = slot.start(&code(language)).unwrap();
        let filled: state::Counter = vblank_state::restore(held(&mut slot)).unwrap();
        assert_eq!(filled, new, "{language}");
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
