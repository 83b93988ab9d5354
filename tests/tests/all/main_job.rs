//! The main job: a game runs, its source is edited, and it continues with the new code and its old
//! state.

use std::path::Path;

use serde_json::Value;
use vblank_tests::{Demo, Run, name_of, show_state};

/// Two clicks before any edit comes, one long after.
const CLICKS: &str = r#"{"frame": 5, "key": "Space", "down": true}
{"frame": 6, "key": "Space", "down": false}
{"frame": 10, "key": "Space", "down": true}
{"frame": 11, "key": "Space", "down": false}
{"frame": 590, "key": "Space", "down": true}
{"frame": 591, "key": "Space", "down": false}
"#;

fn particles() -> Demo {
    let demo = Demo::copy("particles");
    std::fs::write(demo.beside("clicks.jsonl"), CLICKS).expect("the input can be written");
    demo
}

fn run(demo: &Demo, guest: &Path) -> Run {
    let clicks = demo.beside("clicks.jsonl");
    Run::headless(guest)
        .args("--size 640x360 --renderer null --seed 7 --hz 40")
        .file("--input", &clicks, "")
}

/// Numbers of sparks that are there, of sparks that were thrown, and of clicks.
fn counts(state: &Value) -> (usize, u64, u64) {
    let number = |name: &str| {
        state[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name}: {state}"))
    };
    (
        state["sparks"].as_array().map_or(0, Vec::len),
        number("thrown"),
        number("score"),
    )
}

#[test]
fn an_edit_takes_over_and_nothing_is_lost() {
    let demo = particles();
    let (early, late) = (demo.beside("early.vbs"), demo.beside("late.vbs"));
    let mut host = run(&demo, &demo.folder())
        .args("--frames 600")
        .file("--state-out", &early, "@60")
        .file("--state-out", &late, "")
        .start();
    host.event("first-frame");
    host.file(&early);
    let old = demo.keep_wasm("old.wasm");

    demo.apply("1-gravity.patch");
    let swap = host.event("swap");
    let ended = host
        .end()
        .exits(0)
        .without(&["refused", "rollback", "break"]);

    assert_eq!(ended.only("swap"), &swap);
    assert_eq!(ended.frames(), 600);
    assert_eq!(swap["verdict"], "identical");
    assert_eq!(swap["parked"], Value::Array(Vec::new()));
    let (early, late) = (counts(&show_state(&early)), counts(&show_state(&late)));
    assert_eq!((early.0, early.2), (10_000, 2), "before the edit");
    assert_eq!((late.0, late.2), (10_000, 3), "after it");
    assert!(
        late.1 > early.1,
        "sparks thrown: {} and then {}",
        early.1,
        late.1
    );

    // To the byte: the old code up to that frame, and from its image the new code, come to the same.
    let at = swap["frame"].as_u64().expect("a swap has a frame");
    let middle = demo.beside("middle.vbs");
    let begun = run(&demo, &old)
        .args(&format!("--fast --frames {at}"))
        .file("--state-out", &middle, "")
        .to_end();
    assert_eq!(begun.exits(0).frames(), at);
    let gone_on = run(&demo, &demo.wasm())
        .args(&format!("--fast --frames {}", 600 - at))
        .file("--state-in", &middle, "")
        .to_end();
    assert_eq!(gone_on.exits(0).state_hash(), ended.state_hash());
}

#[test]
fn edit_after_edit_in_one_run() {
    let demo = particles();
    let last = demo.beside("last.vbs");
    let mut host = run(&demo, &demo.folder())
        .file("--state-out", &last, "")
        .start();
    let start = host.event("start");
    let mut running = start["hash"].clone();
    for (edit, verdict, changed) in [
        ("1-gravity.patch", "identical", ""),
        ("2-glow.patch", "automatic", "hue"),
        ("3-embers.patch", "automatic", "embers"),
        ("4-clicks.patch", "automatic", "score"),
    ] {
        host.event("first-frame");
        demo.apply(edit);
        let swap = host.event("swap");
        assert_eq!(swap["from"], running, "{edit}");
        assert_eq!(swap["verdict"], verdict, "{edit}: {swap}");
        assert_eq!(swap["parked"], Value::Array(Vec::new()), "{edit}");
        let changes = swap["changes"].to_string();
        assert!(
            changes.contains(changed),
            "{edit}: no {changed} in {changes}"
        );
        running = swap["to"].clone();
    }
    host.event("first-frame");
    let ended = host
        .stop()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    assert_eq!(ended.all("swap").len(), 4);
    assert_eq!(ended.events.last().map(name_of), Some("end"));

    let state = show_state(&last);
    assert_eq!(state["sparks"].as_array().map(Vec::len), Some(10_000));
    assert_eq!(state["score"], Value::Null, "it has another name now");
    assert_eq!(state["clicks"], 2, "under which it went on");
    assert!(
        state["sparks"][0]["hue"].is_number(),
        "each spark has the new field"
    );
    assert!(state["embers"].is_array(), "the new kind is there");
}

#[test]
fn a_scripted_swap_comes_to_the_same_state_each_time() {
    let demo = particles();
    demo.build();
    let old = demo.keep_wasm("a.wasm");
    demo.apply("1-gravity.patch");
    demo.apply("2-glow.patch");
    demo.build();
    let swap_at = format!("150={}", demo.wasm().display());
    let play = || {
        let run = run(&demo, &old)
            .args("--fast --frames 300")
            .arg("--swap-at")
            .arg(&swap_at);
        let ended = run.to_end().exits(0);
        assert_eq!(ended.only("swap")["frame"], 150);
        assert_eq!(ended.frames(), 300);
        ended.state_hash().to_owned()
    };
    let first = play();
    assert_eq!(play(), first);
    assert_eq!(play(), first);
    let unswapped = run(&demo, &old).args("--fast --frames 300").to_end();
    assert_ne!(
        unswapped.state_hash(),
        first,
        "the new code does something else"
    );
}
