//! A real window, on an X server without a screen: what it shows before and after an edit, and how it
//! is closed.

use std::path::Path;

use serde_json::Value;
use vblank_tests::{Counter, Demo, Display, Guest, Picture, Run};

/// `#0b1026`, what particles are drawn on.
const BACKGROUND: [u8; 3] = [0x0b, 0x10, 0x26];
const ESCAPE: u8 = 9;
const SPACE: u8 = 65;

fn read_png(path: &Path) -> Picture {
    let image = image::open(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
        .to_rgb8();
    Picture {
        width: image.width() as usize,
        pixels: image.pixels().map(|pixel| pixel.0).collect(),
    }
}

/// Number of pixels that look like this.
fn count(picture: &Picture, is: impl Fn([u8; 3]) -> bool) -> usize {
    picture.pixels.iter().filter(|pixel| is(**pixel)).count()
}

/// Green and blue sparks are there only after the second edit.
fn is_cold([red, green, blue]: [u8; 3]) -> bool {
    let warmth = i32::from(red) - i32::from(green.max(blue));
    warmth < -40 && green.max(blue) > 90
}

#[test]
fn an_edit_is_seen_in_the_window() {
    let display = Display::start();
    let demo = Demo::copy("particles");
    let early = demo.beside("early.png");
    // Its sparks go round the wheel of colours in 200 frames.
    let late = [720, 780, 840, 900].map(|frame| (frame, demo.beside(&format!("{frame}.png"))));
    let mut run = Run::windowed(&demo.folder(), display.name())
        .args("--size 640x360 --frames 900")
        .file("--screenshot", &early, "@30");
    for (frame, path) in &late {
        run = run.file("--screenshot", path, &format!("@{frame}"));
    }
    let mut host = run.start();
    let start = host.event("start");
    assert_ne!(start["renderer"], "null", "there is a picture");
    let window = display.window();
    display.wait_for_title(window, "10000 sparks");
    host.file(&early);
    display.press(SPACE);
    display.wait_for_title(window, "1 clicks");

    demo.apply("1-gravity.patch");
    demo.apply("2-glow.patch");
    let swap = host.event("swap");
    assert_eq!(swap["parked"], Value::Array(Vec::new()));
    host.event("first-frame");
    display.wait_for_title(window, "1 clicks");
    let ended = host
        .end()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    let _ = ended.only("swap");
    assert_eq!(ended.frames(), 900);

    let early = read_png(&early);
    let late = late.map(|(_, path)| read_png(&path));
    for picture in late.iter().chain([&early]) {
        assert_eq!((picture.width, picture.pixels.len()), (640, 640 * 360));
        let background = count(picture, |pixel| pixel == BACKGROUND);
        let all = picture.pixels.len();
        assert!(
            background > all / 4,
            "{background} of {all} pixels are background"
        );
        assert!(background < all - all / 50, "nothing is drawn on it");
    }
    let before = count(&early, is_cold);
    let after = late
        .iter()
        .map(|picture| count(picture, is_cold))
        .max()
        .unwrap_or(0);
    assert!(
        before == 0,
        "{before} pixels are green or blue before the edit"
    );
    assert!(
        after > 500,
        "only {after} pixels are green or blue after it"
    );
}

/// A counter in a window, which shows one colour.
fn colored(display: &Display) -> (tempfile::TempDir, vblank_tests::Host) {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    let blue = "(call $clear (i32.const 0xffff8040))";
    Guest::of::<Counter>().before("draw", blue).write(&file);
    let mut host = Run::windowed(&file, display.name())
        .args("--size 320x200")
        .start();
    host.event("first-frame");
    (folder, host)
}

#[test]
fn the_window_shows_what_is_drawn() {
    let display = Display::start();
    let (_folder, host) = colored(&display);
    let window = display.window();
    let picture = display.wait_for_picture(window, |picture| {
        picture
            .pixels
            .iter()
            .all(|pixel| *pixel == [0x40, 0x80, 0xff])
    });
    assert_eq!((picture.width, picture.pixels.len()), (320, 320 * 200));
    let _ = host.stop().exits(0);
}

#[test]
fn escape_ends_it_in_order() {
    let display = Display::start();
    let (_folder, host) = colored(&display);
    let _ = display.window();
    display.press(ESCAPE);
    let ended = host.end().exits(0);
    assert!(ended.frames() > 0);
}

#[test]
fn the_close_button_ends_it_in_order() {
    let display = Display::start();
    let (_folder, host) = colored(&display);
    display.click_close(display.window());
    let ended = host.end().exits(0);
    assert!(ended.frames() > 0);
}

#[test]
fn without_a_display_it_runs_without_a_window() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let ended = Run::windowed(&file, ":4711")
        .args("--frames 5 --renderer null")
        .to_end()
        .exits(0);
    assert_eq!(ended.frames(), 5);
    let _ = ended.says_once(&["running without a window"]);
}
