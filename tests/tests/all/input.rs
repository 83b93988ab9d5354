//! Input that is no keyboard and no mouse, from a file to the guest's state; and a picture whose size is
//! the guest's.

#[path = "../../guests/frames.rs"]
mod frames;

use frames::Frames;
use serde_json::json;
use vblank_guest::test::Player;
use vblank_tests::{Demo, Display, Run, show_state, workspace};

const SCRIPT: &str = r#"
{"frame": 1, "pad": 0, "button": "south", "down": true}
{"frame": 1, "pad": 0, "axis": "left-y", "value": -0.5}
{"frame": 2, "pad": 0, "connected": false}
{"frame": 4, "touch": 7, "finger": "down", "pointer": [3, 4]}
{"frame": 5, "touch": 7, "finger": "up", "pointer": [5, 6]}
"#;

/// Something of each kind, and some of it not as a window would say it.
const ALL: &str = r#"
{"frame": 0, "key": "KeyA", "down": true}
{"frame": 2, "key": "KeyA", "down": true}
{"frame": 2, "key": "WakeUp", "down": true}
{"frame": 2, "key": "WakeUp", "down": false}
{"frame": 3, "text": "hé"}
{"frame": 3, "pointer": [1.5, 2]}
{"frame": 4, "button": "primary", "down": true}
{"frame": 4, "button": "forward", "down": true}
{"frame": 4, "wheel": [0, -1.5]}
{"frame": 5, "button": "forward", "down": false}
{"frame": 6, "pointer": null}
{"frame": 7, "pad": 3, "button": "mode", "down": true}
{"frame": 7, "pad": 1, "axis": "right-trigger", "value": 9}
{"frame": 8, "pad": 3, "button": "mode", "down": false}
{"frame": 8, "touch": 7, "finger": "down", "pointer": [3, 4]}
{"frame": 9, "touch": 7, "finger": "moved", "pointer": [5, 6]}
{"frame": 10, "pad": 1, "connected": false}
{"frame": 11, "blur": true}
{"frame": 13, "key": "Backquote", "down": true}
"#;

/// A guest of tests/guests.
fn guest_of(file: &str) -> Demo {
    let demo = Demo::copy("hello");
    let guest = workspace().join("tests/guests").join(file);
    std::fs::copy(guest, demo.source()).expect("the demo can be written");
    demo
}

fn guest() -> Demo {
    guest_of("inputs.rs")
}

#[test]
fn a_script_is_the_same_in_the_host_and_in_a_guests_own_test() {
    let demo = guest_of("frames.rs");
    let (script, image) = (demo.beside("script.jsonl"), demo.beside("end.vbs"));
    std::fs::write(&script, ALL).expect("the folder can be written");
    let _ = Run::headless(&demo.folder())
        .args("--fast --frames 16 --seed 7 --renderer null")
        .file("--input", &script, "")
        .file("--state-out", &image, "")
        .to_end()
        .exits(0);
    let mut player = Player::<Frames>::new(7);
    player.script(ALL).expect("it is one").updates(16);
    let played = &player.game().frames;
    assert_eq!(show_state(&image)["frames"], json!(played));
    // And it is what the script says.
    assert!(
        played[2].contains("pressed: [Key::WakeUp]"),
        "{}",
        played[2]
    );
    assert!(played[10].contains("right-trigger: 0.0"), "{}", played[10]);
    assert!(played[12].contains("held: []"), "{}", played[12]);
}

#[test]
fn the_pointer_is_where_it_is_in_the_picture() {
    let (demo, display) = (guest(), Display::start());
    let mut host = Run::windowed(&demo.folder(), display.name())
        .args("--size 640x360")
        .start();
    host.event("first-frame");
    let window = display.window();
    // Ten times as large, with a bar of 20 pixels above and below it.
    let red = |[red, green, blue]: [u8; 3]| red > 150 && green < 100 && blue < 100;
    let picture = display.wait_for_picture(window, |picture| {
        picture.pixels.iter().filter(|pixel| red(**pixel)).count() == 640 * 320
    });
    assert_eq!(picture.pixels[10 * picture.width], [0; 3], "the bar");
    display.click(window, 105, 125);
    display.wait_for_title(window, "10.5 10.5 true");
    display.click(window, 105, 5);
    display.wait_for_title(window, "10.5 -1.5 false");
    // Smaller than the picture, it is shown whole.
    display.resize(window, 320, 100);
    display.wait_for_picture(window, |picture| {
        let shown = picture.pixels.iter().filter(|pixel| red(**pixel)).count();
        picture.width == 320 && shown == 192 * 96
    });
    let _ = host.stop().without(&["refused", "rollback", "break"]);
}

#[test]
fn gamepads_and_fingers_reach_the_guest_and_its_picture_has_its_size() {
    let demo = guest();
    let (script, image, picture) = (
        demo.beside("script.jsonl"),
        demo.beside("end.vbs"),
        demo.beside("end.png"),
    );
    std::fs::write(&script, SCRIPT).expect("the folder can be written");
    let ended = Run::headless(&demo.folder())
        .args("--fast --frames 10 --size 640x360")
        .file("--input", &script, "")
        .file("--state-out", &image, "")
        .file("--screenshot", &picture, "")
        .start()
        .end()
        .exits(0);
    let state = show_state(&image);
    let seen = json!([
        "1 pad 0: held PadButtons(SOUTH), pressed PadButtons(SOUTH), released PadButtons(0x0), stick 0 -0.5",
        "2 pad 0: held PadButtons(0x0), pressed PadButtons(0x0), released PadButtons(SOUTH), stick 0 0",
        "4 finger 7 at [3, 4]: true false",
        "5 finger 7 at [5, 6]: false true",
    ]);
    assert_eq!(state["inputs"], seen, "{state}");
    assert_eq!(state["width"], 64);
    if ended.only("start")["renderer"] != "null" {
        let picture = image::open(&picture).expect("it was written");
        assert_eq!((picture.width(), picture.height()), (64, 32));
    }
}

#[test]
fn a_script_that_means_nothing_is_refused_with_its_line() {
    let demo = Demo::copy("hello");
    let script = demo.beside("script.jsonl");
    std::fs::write(&script, "\n{\"frame\": 1, \"pad\": 0, \"button\": \"a\"}\n")
        .expect("the folder can be written");
    let _ = Run::headless(&demo.folder())
        .args("--frames 1")
        .file("--input", &script, "")
        .to_end()
        .exits(1)
        .says_once(&["line 2", "unknown variant `a`, expected one of `south`"]);
}
