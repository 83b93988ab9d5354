//! A running game under control: pause, step, slow motion, a fresh game, and values edited while it runs.

use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use vblank_host::config::SessionOptions;
use vblank_host::event::{Command, Event};
use vblank_host::input::Size;
use vblank_host::session::{RunState, Source};
use vblank_runtime::build::{BuildError, News};
use vblank_runtime::error::SwapError;
use vblank_runtime::guest::{Code, CodeHash};
use vblank_runtime::image::Image;
use vblank_state::value::decode;
use vblank_tests::{Counter, Guest};

use crate::played::{Played, STEP};

fn counter() -> Guest {
    Guest::of::<Counter>()
}

fn played(guest: &Guest) -> Played {
    Played::of(guest, SessionOptions::default())
}

#[test]
fn a_pause_stops_the_game_and_nothing_else() {
    let mut game = played(&counter());
    game.turns(10);
    let count = game.value("count");
    game.obey(Command::TogglePause);
    game.turns(10);
    assert_eq!(game.value("count"), count);
    assert_eq!(game.session.status().run_state, RunState::Paused);
    // A swap while it stands still: the next update is by the new code.
    game.swap(&counter().step(100));
    assert_eq!(game.records()[0]["event"], "swap");
    game.turns(10);
    assert_eq!(game.value("count"), count);
    game.obey(Command::TogglePause);
    game.turns(3);
    // Updates that were missed during the pause are not made up for.
    assert_eq!(
        game.value("count"),
        (count.parse::<u64>().unwrap() + 300).to_string()
    );
}

#[test]
fn a_step_is_one_update() {
    let mut game = played(&counter());
    game.turns(5);
    let count: u64 = game.value("count").parse().unwrap();
    game.obey(Command::Step);
    game.turns(10);
    assert_eq!(game.value("count"), (count + 1).to_string());
    game.obey(Command::Step);
    game.obey(Command::Step);
    game.turns(10);
    assert_eq!(game.value("count"), (count + 3).to_string());
}

#[test]
fn slow_motion_is_slow_and_its_picture_is_not() {
    let mut game = played(&counter());
    game.turns(1);
    for (speed, turns, updates) in [(0.1, 100, 10), (0.25, 100, 25), (2.0, 50, 100), (1.0, 7, 7)] {
        let before: u64 = game.value("count").parse().unwrap();
        game.obey(Command::Speed(speed));
        game.turns(turns);
        let made = game.value("count").parse::<u64>().unwrap() - before;
        // The position between two updates when the speed changed.
        assert!(made.abs_diff(updates) <= 1, "{made} at {speed}");
        let next = game.session.until_next_turn();
        assert!(next <= STEP, "the next picture is due in {next:?}");
    }
}

#[test]
fn a_fresh_game_keeps_the_old_state_in_a_file() {
    let folder = TempDir::new().unwrap();
    let mut game = Played::of(
        &counter(),
        SessionOptions {
            images: Some(folder.path().join("images")),
            ..SessionOptions::default()
        },
    );
    game.turns(41);
    let (count, frame) = (game.value("count"), game.session.frames());
    game.obey(Command::Reset);
    let reset = game.turn_until("reset");
    let since: u64 = game.value("count").parse().unwrap();
    assert!(since <= 2, "{since} updates since");
    assert!(game.session.frames() - frame <= 2, "it waited for the file");
    let kept = Image::read(reset["image"].as_str().unwrap().as_ref()).unwrap();
    let value = decode(&kept.schema, &kept.parcel.as_ref()).unwrap();
    assert_eq!(value.get("count").unwrap().to_string(), count);
    // A second one has a file of its own.
    game.obey(Command::SaveImage);
    let image = game.turn_until("image");
    assert_ne!(image["file"], reset["image"]);
}

#[test]
fn a_fresh_game_has_the_picture_that_it_asks_for() {
    let folder = TempDir::new().unwrap();
    let asks = |width: u32, height: u32| {
        format!("(call $set-picture (i32.const {width}) (i32.const {height}) (i32.const 3))")
    };
    let guest = counter()
        .before("init", &asks(64, 32))
        .at_frame(20, &asks(16, 8));
    let mut game = Played::of(
        &guest,
        SessionOptions {
            images: Some(folder.path().join("images")),
            ..SessionOptions::default()
        },
    );
    game.turns(1);
    assert_eq!(game.session.renderer().size(), Size::new(64, 32));
    game.turns(40);
    assert_eq!(game.session.renderer().size(), Size::new(16, 8));
    game.obey(Command::Reset);
    let _ = game.turn_until("reset");
    assert_eq!(game.session.renderer().size(), Size::new(64, 32));
}

#[test]
fn no_fresh_game_where_the_old_state_cannot_be_kept() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let mut game = Played::of(
        &counter(),
        SessionOptions {
            images: Some(file),
            ..SessionOptions::default()
        },
    );
    game.turns(5);
    game.obey(Command::Reset);
    let notice = game.turn_until("notice");
    let message = notice["message"].as_str().unwrap();
    assert!(message.starts_with("the game was not reset"), "{message}");
    assert!(game.value("count").parse::<u64>().unwrap() >= 5);
    let before = game.session.frames();
    game.turns(5);
    assert_eq!(game.session.frames(), before + 5, "it goes on");
}

#[test]
fn a_value_is_edited_taken_back_and_made_again() {
    let mut game = played(&counter());
    game.turns(5);
    game.session.edit("count", "1000").unwrap();
    let edit = game.only("edit");
    assert_eq!(
        (&edit["path"], &edit["new"]),
        (&Value::from("count"), &Value::from("1000"))
    );
    game.turns(3);
    assert_eq!(game.value("count"), "1003");
    game.obey(Command::Undo);
    assert_eq!(Value::from(game.value("count")), edit["old"]);
    game.obey(Command::Redo);
    assert_eq!(game.value("count"), "1000");
    let _ = game.records();
    game.obey(Command::Redo);
    assert_eq!(
        game.only("notice")["message"],
        "there is no edit to make again"
    );
    // To what it is already: nothing to do, nothing to take back.
    game.session.edit("count", "1000").unwrap();
    assert_eq!(game.records(), Vec::<Value>::new());
}

#[test]
fn what_is_no_value_of_the_type_is_refused() {
    let mut game = played(&counter());
    game.turns(5);
    let before = game.value("count");
    for (path, text, error) in [
        ("count", "-1", "`-1` is not of the type u64"),
        ("count", "many", "`many` is not of the type u64"),
        ("speed", "1", "the state has no `speed`"),
    ] {
        assert_eq!(
            game.session.edit(path, text).unwrap_err().to_string(),
            error
        );
        assert_eq!(game.value("count"), before);
    }
    game.obey(Command::Edit("count".into(), "-1".into()));
    let message = game.only("notice")["message"].to_string();
    assert!(message.contains("not edited: count"), "{message}");
}

#[test]
fn what_the_code_refuses_leaves_everything_as_it_was() {
    let mut game = played(&counter().refuse_state("not today"));
    game.turns(5);
    let before = game.value("count");
    let error = game.session.edit("count", "1000").unwrap_err().to_string();
    assert!(error.contains("not today"), "{error}");
    assert_eq!(game.value("count"), before);
    assert_eq!(game.session.edits(), (None, None));
    game.turns(1);
    assert_ne!(game.value("count"), before, "it moves on");
}

#[test]
fn an_edit_that_the_code_fails_on_is_taken_back() {
    let at_1000 = "(if (i64.eq (i64.load (i32.const 64)) (i64.const 1000)) (then unreachable))";
    let mut game = played(&counter().before("update", at_1000));
    game.turns(100);
    game.session.edit("count", "990").unwrap();
    let _ = game.only("edit");
    game.turns(20);
    let rollback = game.turn_until("rollback");
    assert_eq!(
        rollback["from"], rollback["to"],
        "the same code, with the state of before"
    );
    assert_eq!(game.value("count"), game.session.frames().to_string());
}

#[test]
fn a_broken_game_goes_on_after_an_edit() {
    let at_100 = "(if (i64.eq (i64.load (i32.const 64)) (i64.const 100)) (then unreachable))";
    let mut game = played(&counter().before("update", at_100));
    game.turns(150);
    assert_eq!(game.session.status().run_state, RunState::Broken);
    assert_eq!(game.value("count"), "100");
    let _ = game.turn_until("break");
    game.session.edit("count", "5000").unwrap();
    let _ = game.only("edit");
    let before = game.session.frames();
    game.turns(10);
    let made = game.session.frames() - before;
    assert!(made >= 10, "{made}");
    assert_eq!(game.value("count"), (5000 + made).to_string());
}

#[test]
fn the_status_goes_by_hashes_and_by_what_was_told() {
    let hash_of = |guest: &Guest| Code::from_bytes(guest.module()).unwrap().hash;
    let (first, second) = (counter(), counter().step(2));
    let (runs, newer) = (hash_of(&first), hash_of(&second));
    let mut game = played(&first);
    let source = |game: &mut Played, news: News| {
        game.session.handle(Event::News(news));
        game.session.status().source
    };
    let refused = |to: Option<CodeHash>| News::Refused {
        file: "game.wasm".into(),
        to,
        refused: SwapError::Migrate("no".into()),
    };
    let failed = || News::BuildFailed {
        took: Duration::ZERO,
        error: BuildError::NoTarget { toolchain: None },
    };
    assert_eq!(game.session.status().hash, Some(runs));
    assert_eq!(game.session.status().source, Source::Runs);
    assert_eq!(source(&mut game, News::Changed), Source::Changed);
    assert!(matches!(
        source(&mut game, News::Building),
        Source::Building(_)
    ));
    assert_eq!(source(&mut game, failed()), Source::DoesNotBuild);
    assert_eq!(
        source(&mut game, News::Preparing(newer)),
        Source::Preparing(newer)
    );
    assert_eq!(
        source(&mut game, refused(Some(newer))),
        Source::IsNewer(newer)
    );
    // This code once more, which does not run any more than before.
    assert_eq!(
        source(&mut game, News::SameCode(newer)),
        Source::IsNewer(newer)
    );
    assert_eq!(source(&mut game, refused(None)), Source::IsNoGuest);
    assert_eq!(source(&mut game, News::SameCode(runs)), Source::Runs);
    // News about other things changes nothing.
    assert_eq!(source(&mut game, News::Notice("rain".into())), Source::Runs);

    game.swap(&second);
    let status = game.session.status();
    assert_eq!((status.hash, status.source), (Some(newer), Source::Runs));
    assert_eq!(status.run_state, RunState::Probation(60));
    game.turns(61);
    assert_eq!(game.session.status().run_state, RunState::Moving);
}
