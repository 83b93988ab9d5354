//! The overlay in a real window, on an X server without a screen: opened by its key, and a value edited
//! in it changes the game.

use std::path::Path;

use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Display, Guest, Host, Picture, Run, show_state};

const ESCAPE: u8 = 9;
const SPACE: u8 = 65;
const F1: u8 = 67;
const TWO: u8 = 11;
const FIVE: u8 = 14;
const RETURN: u8 = 36;

/// A game that shows its number as a colour, and leaves it as it is.
fn colored() -> Guest {
    let color = "(i32.or (i32.const 0xff000000) (i32.wrap_i64 (i64.load (i32.const 64))))";
    Guest::of::<Counter>()
        .step(0)
        .before("draw", &format!("(call $clear {color})"))
}

fn start(file: &Path, home: &Path, display: &Display) -> Host {
    let mut host = Run::windowed(file, display.name())
        .args("--size 1000x700")
        .home(home)
        .start();
    host.event("first-frame");
    host
}

fn at(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
    picture.pixels[y * picture.width + x]
}

/// Colour of panels: dark, and lighter than the black game.
fn is_panel([red, green, blue]: [u8; 3]) -> bool {
    (10..30).contains(&red) && (10..30).contains(&green) && (15..40).contains(&blue)
}

/// True if the frame of a field for text is there, on which the pointer is.
fn has_field(picture: &Picture, y: i16) -> bool {
    let is_frame = |pixel: &[u8; 3]| *pixel == [150; 3];
    let rows = picture.pixels.chunks(picture.width);
    let mut near = rows.skip(y as usize - 15).take(30);
    near.any(|row| {
        row.split(|pixel| !is_frame(pixel))
            .any(|line| line.len() > 20)
    })
}

/// True if the cursor of a field that has the keyboard is there: it blinks.
fn has_cursor(picture: &Picture) -> bool {
    let is_cursor = |x: usize, y: usize| {
        let [red, green, blue] = at(picture, x, y);
        red.abs_diff(192) < 4 && green.abs_diff(222) < 4 && blue.abs_diff(255) < 4
    };
    let height = picture.pixels.len() / picture.width;
    let mut tops = (610..picture.width).flat_map(|x| (0..height - 8).map(move |y| (x, y)));
    tops.any(|(x, y)| (0..8).all(|below| is_cursor(x, y + below)))
}

/// Position of the first value of the state.
fn value(picture: &Picture) -> Option<(i16, i16)> {
    let is_value = |[red, green, blue]: [u8; 3]| {
        red.abs_diff(150) < 12 && green.abs_diff(210) < 12 && blue.abs_diff(240) < 12
    };
    let found = picture.pixels.iter().position(|pixel| is_value(*pixel))?;
    Some((
        (found % picture.width) as i16,
        (found / picture.width) as i16,
    ))
}

#[test]
fn its_key_opens_it_and_an_edit_in_it_changes_the_game() {
    let home = TempDir::new().expect("a temporary folder can be made");
    let file = home.path().join("game.wasm");
    colored().write(&file);
    let display = Display::start();
    let mut host = start(&file, home.path(), &display);
    let window = display.window();
    display.wait_for_picture(window, |picture| {
        picture.pixels.iter().all(|pixel| *pixel == [0; 3])
    });

    display.press(F1);
    let open = display.wait_for_picture(window, |picture| value(picture).is_some());
    assert!(is_panel(at(&open, 990, 600)), "{:?}", at(&open, 990, 600));
    assert_eq!(at(&open, 300, 300), [0; 3], "the game is seen");

    let (x, y) = value(&open).expect("it was waited for");
    display.click(window, x + 2, y + 2);
    // The frame that shows the field has given it the keyboard as well.
    display.wait_for_picture(window, |picture| has_field(picture, y));
    [TWO, FIVE, FIVE, RETURN]
        .into_iter()
        .for_each(|key| display.press(key));
    let edit = host.event("edit");
    assert_eq!(
        (edit["path"].as_str(), edit["new"].as_str()),
        (Some("count"), Some("255"))
    );
    let red = [255, 0, 0];
    display.wait_for_picture(window, |picture| at(picture, 300, 300) == red);

    display.resize(window, 800, 500);
    display.wait_for_picture(window, |picture| {
        picture.width == 800 && is_panel(at(picture, 790, 420)) && at(picture, 200, 300) == red
    });
    let _ = host.stop().exits(0).without(&["rollback", "break"]);

    // The next run begins as this one ended, and the key shuts it.
    let host = start(&file, home.path(), &display);
    let window = display.window();
    display.wait_for_picture(window, |picture| is_panel(at(picture, 990, 600)));
    display.press(F1);
    display.wait_for_picture(window, |picture| {
        picture.pixels.iter().all(|pixel| *pixel == [0; 3])
    });
    let _ = host.stop().exits(0);
}

#[test]
fn a_break_is_a_border_and_a_line_until_it_is_mended() {
    let home = TempDir::new().expect("a temporary folder can be made");
    let file = home.path().join("game.wasm");
    colored().trap_at(90).write(&file);
    let display = Display::start();
    let mut host = start(&file, home.path(), &display);
    let window = display.window();
    host.event("break");
    let is_border = |pixel: [u8; 3]| pixel[0] > 180 && pixel[1] < 110 && pixel[2] < 110;
    let broken = display.wait_for_picture(window, |picture| is_border(at(picture, 1, 300)));
    assert_eq!(at(&broken, 500, 300), [0; 3], "the game's middle is free");
    colored().write(&file);
    host.event("swap");
    display.wait_for_picture(window, |picture| {
        picture.pixels.iter().all(|pixel| *pixel == [0; 3])
    });
    let _ = host.stop().exits(0);
}

#[test]
fn what_is_for_the_overlay_is_not_for_the_game() {
    let display = Display::start();
    let demo = Demo::copy("particles");
    let image = demo.beside("end.vbs");
    let mut host = Run::windowed(&demo.folder(), display.name())
        .args("--size 1000x700")
        .file("--state-out", &image, "")
        .start();
    host.event("first-frame");
    let window = display.window();
    display.wait_for_title(window, "sparks");
    display.press(F1);
    display.wait_for_picture(window, |picture| is_panel(at(picture, 990, 600)));
    // A place without a button; then the field for searching, and what is typed into it. Escape leaves
    // the field, and not the game.
    display.click(window, 980, 600);
    display.click(window, 700, 171);
    display.wait_for_picture(window, has_cursor);
    [SPACE, SPACE, ESCAPE]
        .into_iter()
        .for_each(|key| display.press(key));
    display.wait_for_picture(window, |picture| !has_cursor(picture));
    display.click(window, 200, 200);
    display.wait_for_title(window, "1 clicks");
    // The game has the keyboard again.
    display.press(SPACE);
    display.wait_for_title(window, "2 clicks");
    let _ = host.stop().exits(0);
    // Nothing else of all that has reached it.
    assert_eq!(show_state(&image)["score"], 2);
}
