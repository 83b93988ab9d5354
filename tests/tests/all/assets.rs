//! Assets in whole runs: the next version finds them, changed files are shown, unused assets are freed,
//! and no file outside their folder is read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use image::{DynamicImage, Rgba, RgbaImage};
use tempfile::TempDir;
use vblank_tests::{
    Bounds, Busy, Counter, DEADLINE, Demo, Ended, Guest, Host, Run, blank_png, host, name_of,
    ogg_of_long_words, silent_ogg,
};

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const MAGENTA: [u8; 4] = [255, 0, 255, 255];
/// Bytes of the picture that `png` writes.
const BYTES: u64 = 8 * 8 * 4;

/// Addresses in the guest's memory, for the code below.
const KEY: usize = 16384;
const WORDS: usize = 20480;
const PIXELS: usize = 24576;
const ANSWER: usize = 28672;

/// Puts a text where a key is taken from.
fn key(key: &str) -> String {
    let bytes = key.bytes().enumerate();
    let store = |(at, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", KEY + at);
    bytes.map(store).collect()
}

/// Code that takes an answer: log an error, and take 0 as the handle then.
fn heard() -> String {
    format!(
        "(if (i32.load8_u (i32.const {ANSWER})) (then
           (call $log (i32.const 2) (i32.const {KEY}) (i32.const 0)
             (i32.load offset=4 (i32.const {ANSWER})) (i32.load offset=8 (i32.const {ANSWER})))
           (i32.store offset=4 (i32.const {ANSWER}) (i32.const 0))))"
    )
}

/// Asks for an asset from the folder: `function` is `texture` or `font`.
fn ask(function: &str, name: &str) -> String {
    let filter = if function == "texture" {
        "(i32.const 1)"
    } else {
        ""
    };
    format!(
        "{} (call ${function} (i32.const {KEY}) (i32.const {}) {filter} (i32.const {ANSWER})) {}",
        key(name),
        name.len(),
        heard()
    )
}

/// Gives a texture of this size, as if it had pixels for it.
fn give(name: &str, width: u32, height: u32) -> String {
    let bytes = width.wrapping_mul(height).wrapping_mul(4).min(256);
    format!(
        "{} (call $pixels (i32.const {KEY}) (i32.const {}) (i32.const {width}) (i32.const {height})
           (i32.const {PIXELS}) (i32.const {bytes}) (i32.const 1) (i32.const {ANSWER})) {}",
        key(name),
        name.len(),
        heard()
    )
}

/// Draws what was last asked for, its top left corner at this pixel.
fn sprite(x: f32, y: f32) -> String {
    let one = 1.0_f32.to_bits();
    let words = [
        x.to_bits(),
        y.to_bits(),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        u32::MAX,
        one,
        one,
    ];
    let words = words.iter().enumerate();
    let store = |(i, word): (usize, &u32)| {
        format!(
            "(i32.store (i32.const {}) (i32.const {}))",
            WORDS + i * 4,
            word.cast_signed()
        )
    };
    let stores: String = words.map(store).collect();
    format!(
        "{stores} (call $sprites (i32.load offset=4 (i32.const {ANSWER})) (i32.const {WORDS})
           (i32.const 12))"
    )
}

/// A guest that draws a texture of the folder.
fn drawing(name: &str) -> Guest {
    Guest::of::<Counter>().before("draw", &(ask("texture", name) + &sprite(0.0, 0.0)))
}

fn png(path: &Path, color: [u8; 4]) {
    let picture = RgbaImage::from_pixel(8, 8, Rgba(color));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture can be encoded");
    std::fs::write(path, bytes.into_inner()).expect("a temporary file can be written");
}

/// A folder with guests, and assets beside them.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        std::fs::create_dir(folder.path().join("assets")).expect("and another in it");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn asset(&self, name: &str) -> PathBuf {
        self.path("assets").join(name)
    }

    fn guest(&self, name: &str, guest: &Guest) -> PathBuf {
        let path = self.path(name);
        guest.write(&path);
        path
    }

    /// A run that is as long as this, with the picture of its end.
    fn run(&self, guest: &Path, frames: u32) -> Run {
        Run::headless(guest)
            .args("--fast --renderer software --size 64x48")
            .args(&format!("--frames {frames}"))
            .file("--screenshot", &self.path("end.png"), "")
    }

    /// A pixel of that picture.
    #[track_caller]
    fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let picture = image::open(self.path("end.png")).expect("there is a picture");
        picture.to_rgba8().get_pixel(x, y).0
    }
}

/// Bytes that each first picture of a version had to upload.
fn uploads(ended: &Ended) -> Vec<u64> {
    let bytes = |event: &&serde_json::Value| event["asset_bytes"].as_u64().expect("a number");
    ended.all("first-frame").iter().map(bytes).collect()
}

#[track_caller]
fn end(ended: &Ended, field: &str) -> u64 {
    ended.only("end")[field].as_u64().expect("a number")
}

#[test]
fn assets_survive_a_swap_and_nothing_is_uploaded_again() {
    let scene = Scene::new();
    png(&scene.asset("ship.png"), RED);
    let old = drawing("ship");
    // Both give it, and it is the same too.
    let made = give("made", 4, 4);
    let first = scene.guest("first.wasm", &old.clone().before("draw", &made));
    let next = scene.guest("next.wasm", &old.step(2).before("draw", &made));
    let swap = format!("50={}", next.display());
    let ended = scene.run(&first, 200).args("--swap-at").arg(&swap).to_end();
    let ended = ended.exits(0).without(&["refused", "notice"]);
    assert_eq!(uploads(&ended), [BYTES + 64, 0]);
    assert_eq!(
        (end(&ended, "asset_bytes"), end(&ended, "assets")),
        (BYTES + 64, 2)
    );
    assert_eq!(scene.pixel(7, 7), RED);
    assert_eq!(scene.pixel(8, 8), [0, 0, 0, 255]);
}

#[test]
fn what_the_next_version_does_not_want_is_freed_after_its_probation() {
    let scene = Scene::new();
    png(&scene.asset("old.png"), RED);
    png(&scene.asset("new.png"), GREEN);
    let first = scene.guest("first.wasm", &drawing("old"));
    let next = scene.guest("next.wasm", &drawing("new").step(2));
    let swap = format!("50={}", next.display());
    let ended = scene.run(&first, 90).args("--swap-at").arg(&swap).to_end();
    assert_eq!(end(&ended, "assets"), 2, "still in probation: {ended:#?}");
    let ended = scene.run(&first, 200).args("--swap-at").arg(&swap).to_end();
    let ended = ended.exits(0).without(&["rollback", "notice"]);
    assert_eq!(end(&ended, "assets"), 1);
    assert_eq!(uploads(&ended), [BYTES, BYTES]);
    assert_eq!(scene.pixel(0, 0), GREEN);
}

#[test]
fn what_a_failed_candidate_made_is_freed_with_it() {
    let scene = Scene::new();
    png(&scene.asset("ship.png"), RED);
    let good = drawing("ship");
    let first = scene.guest("first.wasm", &good);
    let bad = good
        .step(2)
        .before("update", &(give("made", 4, 4) + &ask("texture", "ship")))
        .trap_at(70);
    let bad = scene.guest("bad.wasm", &bad);
    let swap = format!("50={}", bad.display());
    let ended = scene.run(&first, 100).args("--swap-at").arg(&swap).to_end();
    let _ = ended.only("rollback");
    assert_eq!(
        (end(&ended, "assets"), end(&ended, "asset_bytes")),
        (1, BYTES + 64)
    );
    assert_eq!(scene.pixel(0, 0), RED);
}

/// A run in which files change, until a pixel of its last picture has this colour.
#[track_caller]
fn stop_and_look(scene: &Scene, host: Host, color: [u8; 4]) -> Ended {
    host.run_on(Duration::from_secs(1));
    let ended = host.stop().exits(0).without(&["swap", "refused", "break"]);
    assert_eq!(scene.pixel(3, 3), color, "{ended:#?}");
    ended
}

fn watched(scene: &Scene, guest: &Path) -> Host {
    let run = Run::headless(guest).args("--renderer software --size 64x48");
    run.file("--screenshot", &scene.path("end.png"), "").start()
}

#[test]
fn a_changed_file_is_shown_without_a_swap() {
    let scene = Scene::new();
    png(&scene.asset("ship.png"), RED);
    let guest = scene.guest("game.wasm", &drawing("ship"));
    for is_renamed in [false, true] {
        let mut host = watched(&scene, &guest);
        host.event("first-frame");
        if is_renamed {
            // As editors save: another file takes the place of the one before.
            png(&scene.asset(".ship.png.tmp"), GREEN);
            std::fs::rename(scene.asset(".ship.png.tmp"), scene.asset("ship.png"))
                .expect("a file can be renamed");
        } else {
            png(&scene.asset("ship.png"), GREEN);
        }
        let ended = stop_and_look(&scene, host, GREEN).without(&["notice"]);
        assert_eq!(end(&ended, "asset_bytes"), 2 * BYTES);
        png(&scene.asset("ship.png"), RED);
    }
}

#[test]
fn a_changed_file_comes_in_while_another_is_written_all_the_time() {
    let scene = Scene::new();
    png(&scene.asset("ship.png"), RED);
    let guest = scene.guest("game.wasm", &drawing("ship"));
    let mut host = watched(&scene, &guest);
    host.event("first-frame");
    let notes = scene.asset("notes.txt");
    let _busy = Busy::new(Duration::from_millis(1), move |number| {
        std::fs::write(&notes, number.to_string()).expect("a file can be written");
    });
    std::fs::write(scene.asset("ship.png"), "no picture").expect("a file can be written");
    let notice = host.event("notice")["message"].to_string();
    assert!(notice.contains("ship"), "{notice}");
    let _ = host.stop().exits(0);
}

#[test]
fn a_damaged_file_keeps_what_was_there_and_is_told_once() {
    let scene = Scene::new();
    png(&scene.asset("ship.png"), RED);
    let guest = scene.guest("game.wasm", &drawing("ship"));
    let mut host = watched(&scene, &guest);
    host.event("first-frame");
    let good = std::fs::read(scene.asset("ship.png")).expect("it was just written");
    std::fs::write(scene.asset("ship.png"), &good[..good.len() / 2]).expect("it can be written");
    let notice = host.event("notice")["message"].to_string();
    assert!(
        notice.contains("`ship` stays as it was") && notice.contains("ship.png"),
        "{notice}"
    );
    let ended = stop_and_look(&scene, host, RED);
    assert_eq!(ended.all("notice").len(), 1, "{ended:#?}");

    let mut host = watched(&scene, &guest);
    let notice = host.event("notice")["message"].to_string();
    assert!(notice.contains("no texture `ship`"), "{notice}");
    png(&scene.asset("ship.png"), GREEN);
    stop_and_look(&scene, host, GREEN);
}

#[test]
fn a_missing_file_is_a_placeholder_until_it_comes() {
    let scene = Scene::new();
    std::fs::remove_dir(scene.path("assets")).expect("it is empty");
    let guest = scene.guest("game.wasm", &drawing("ships/one"));
    let ended = scene.run(&guest, 100).to_end().exits(0);
    let notice = ended.only("notice")["message"].to_string();
    assert!(
        notice.contains("no texture `ships/one`: there is no file"),
        "{notice}"
    );
    assert!(notice.contains("assets/ships/one.png"), "{notice}");
    assert_eq!(
        (scene.pixel(0, 0), scene.pixel(31, 7)),
        (MAGENTA, [0, 0, 0, 255])
    );

    let mut host = watched(&scene, &guest);
    host.event("notice");
    std::fs::create_dir_all(scene.asset("ships")).expect("a folder can be made");
    png(&scene.asset("ships/one.png"), GREEN);
    stop_and_look(&scene, host, GREEN);
}

#[test]
fn another_folder_of_assets() {
    let scene = Scene::new();
    std::fs::create_dir(scene.path("other")).expect("a folder can be made");
    png(&scene.path("other/ship.png"), GREEN);
    let guest = scene.guest("game.wasm", &drawing("ship.png"));
    let ended = scene
        .run(&guest, 10)
        .file("--assets", &scene.path("other"), "");
    let _ = ended.to_end().exits(0).without(&["notice"]);
    assert_eq!(scene.pixel(0, 0), GREEN);
}

#[test]
fn the_folder_is_a_wall() {
    let scene = Scene::new();
    png(&scene.path("secret.png"), GREEN);
    let outside = scene.path("secret.png");
    let absolute = outside.to_string_lossy();
    for name in ["../secret", "a/../../secret.png", "", &absolute] {
        let guest = scene.guest("game.wasm", &drawing(name));
        let ended = scene.run(&guest, 1).to_end().exits(0).without(&["notice"]);
        let ended = ended.says_once(&["is no key"]);
        assert_eq!(
            (end(&ended, "assets"), scene.pixel(0, 0)),
            (0, MAGENTA),
            "{name}"
        );
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, scene.asset("link.png")).expect("a link can be made");
        let guest = scene.guest("game.wasm", &drawing("link"));
        let ended = scene.run(&guest, 1).to_end().exits(0);
        let notice = ended.only("notice")["message"].to_string();
        assert!(notice.contains("leads out of the asset folder"), "{notice}");
        assert_eq!(scene.pixel(0, 0), MAGENTA);
    }
}

#[test]
fn what_is_too_large_or_does_not_fit_is_an_error() {
    let scene = Scene::new();
    for (width, height, why) in [
        (
            100_000,
            100_000,
            "100000x100000: a side has 1 to 16384 pixels",
        ),
        (u32::MAX, u32::MAX, "a side has 1 to 16384 pixels"),
        (0, 7, "0x7"),
        (16, 16, "16x16 has 1024 bytes, and 256 were given"),
    ] {
        let draw = give("made", width, height) + &sprite(0.0, 0.0);
        let guest = Guest::of::<Counter>().before("draw", &draw);
        let guest = scene.guest("game.wasm", &guest);
        let ended = scene.run(&guest, 1).to_end().exits(0).says_once(&[why]);
        assert_eq!(
            (end(&ended, "assets"), scene.pixel(0, 0)),
            (0, MAGENTA),
            "{why}"
        );
    }
}

#[test]
fn meshes_and_canvases_that_cannot_be_are_told_and_not_drawn() {
    let scene = Scene::new();
    // Three vertices of nine words, which are all zero, and these indices.
    let mesh = |indices: [u32; 3]| {
        let store = |(at, index): (usize, u32)| {
            let index = index.cast_signed();
            format!(
                "(i32.store (i32.const {}) (i32.const {index}))",
                WORDS + at * 4
            )
        };
        let stores: String = indices.into_iter().enumerate().map(store).collect();
        format!(
            "{stores} {} (call $mesh (i32.const {KEY}) (i32.const 4) (i32.const {PIXELS})
               (i32.const 27) (i32.const {WORDS}) (i32.const 3) (i32.const {ANSWER})) {}",
            key("made"),
            heard()
        )
    };
    let canvas = |width: u32, height: u32| {
        format!(
            "{} (call $canvas (i32.const {KEY}) (i32.const 4) (i32.const {width})
               (i32.const {height}) (i32.const 1) (i32.const {ANSWER})) {}",
            key("made"),
            heard()
        )
    };
    for (make, why) in [
        (mesh([0, 1, 3]), "it names vertex 3, and has 3"),
        (
            mesh([0, 1, u32::MAX]),
            "it names vertex 4294967295, and has 3",
        ),
        (canvas(0, 0), "0x0: a side has 1 to 16384 pixels"),
        (canvas(100_000, 1), "100000x1: a side has 1 to 16384 pixels"),
    ] {
        let guest = Guest::of::<Counter>().before("draw", &(make + &sprite(0.0, 0.0)));
        let guest = scene.guest("game.wasm", &guest);
        let ended = scene.run(&guest, 1).to_end().exits(0).says_once(&[why]);
        let left = (end(&ended, "assets"), scene.pixel(0, 0));
        assert_eq!(left, (0, MAGENTA), "{why}");
    }
}

#[test]
fn a_font_without_bytes_is_told_once() {
    let scene = Scene::new();
    std::fs::write(scene.asset("title.ttf"), b"").expect("a file can be written");
    let guest = Guest::of::<Counter>().before("draw", &ask("font", "title"));
    let guest = scene.guest("game.wasm", &guest);
    let ended = scene.run(&guest, 30).to_end().exits(0);
    let notice = ended.only("notice")["message"].to_string();
    assert!(
        notice.contains("no font `title`") && notice.contains("it is empty"),
        "{notice}"
    );
    assert!(ended.events.iter().all(|event| name_of(event) != "break"));
}

#[test]
fn a_picture_saved_in_a_crate_is_no_new_code() {
    let demo = Demo::copy("hello");
    let assets = demo.folder().join("assets");
    std::fs::create_dir(&assets).expect("a folder can be made");
    png(&assets.join("ship.png"), RED);
    demo.replace(
        "    fn draw(&self, canvas: &mut Canvas) {\n",
        "    fn draw(&self, canvas: &mut Canvas) {\n        canvas.sprite(\"ship\", (4.0, 4.0));\n",
    );
    let picture = demo.beside("end.png");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer software --size 64x48")
        .file("--screenshot", &picture, "")
        .start();
    host.event("first-frame");
    png(&assets.join("ship.png"), GREEN);
    // Whatever the picture caused comes before what this edit causes.
    demo.replace("300.0 };", "310.0 };");
    host.event("swap");
    host.event("first-frame");
    let ended = host.stop().exits(0).without(&["same-code", "notice"]);
    let _ = ended.only("swap");
    assert_eq!(ended.all("build").len(), 2, "{ended:#?}");
    assert_eq!(end(&ended, "asset_bytes"), 2 * BYTES);
}

/// Shows what the host says of the picture `big`, which is too much for it, within bounds of time and memory.
#[track_caller]
fn refuses(scene: &Scene, arguments: &str, most_mib: u64, words: &[&str]) {
    refuses_in(&drawing("big"), scene, arguments, most_mib, words);
}

#[track_caller]
fn refuses_in(guest: &Guest, scene: &Scene, arguments: &str, most_mib: u64, words: &[&str]) {
    let guest = scene.guest("guest.wasm", guest);
    let mut command = host(scene.0.path());
    command.arg("run").arg(guest);
    command.args("--headless --fast --frames 10 --renderer software --size 64x48".split(' '));
    command.arg("--screenshot").arg(scene.path("end.png"));
    command.args(arguments.split_whitespace());
    let (time, mib) = (DEADLINE, most_mib);
    Bounds { time, mib }.run(&mut command).ends(0, words);
}

#[test]
fn a_picture_beyond_the_memory_limit_is_not_decoded() {
    let scene = Scene::new();
    type Make = fn(u32) -> DynamicImage;
    let all: [(u32, Make); 3] = [
        (8192, |side| DynamicImage::new_luma8(side, side)),
        (6000, |side| DynamicImage::new_luma_a8(side, side)),
        (4097, |side| DynamicImage::new_rgb16(side, side)),
    ];
    for (side, image) in all {
        let picture = image(side).save(scene.asset("big.png"));
        picture.expect("a temporary file can be written");
        let bytes = format!("it has {} bytes", u64::from(side) * u64::from(side) * 4);
        refuses(
            &scene,
            "--memory-limit 64",
            600,
            &["no texture `big`", &bytes],
        );
    }
}

/// A guest that asks for a sound of the folder.
fn sounding(name: &str) -> Guest {
    Guest::of::<Counter>().before("draw", &ask("sound", name))
}

#[test]
fn a_picture_of_many_pixels_in_few_bytes_is_not_decoded() {
    let scene = Scene::new();
    for side in [16384, 12000, 4097] {
        let picture = blank_png(side);
        assert!(picture.len() < 250_000);
        std::fs::write(scene.asset("big.png"), picture).expect("it can be written");
        let bytes = format!("it has {} bytes", u64::from(side) * u64::from(side) * 4);
        let words = ["no texture `big`", &bytes];
        refuses(&scene, "--memory-limit 64", 600, &words);
    }
    // The same picture is one within the limit.
    std::fs::write(scene.asset("big.png"), blank_png(1000)).expect("it can be written");
    let guest = scene.guest("game.wasm", &drawing("big"));
    let _ = scene.run(&guest, 10).to_end().exits(0).without(&["notice"]);
}

#[test]
fn a_sound_of_hours_in_few_bytes_is_not_decoded() {
    let scene = Scene::new();
    let write = |packets| {
        let sound = silent_ogg(packets);
        assert!(sound.len() < 170_000);
        std::fs::write(scene.asset("big.ogg"), sound).expect("it can be written");
    };
    let guest = sounding("big");
    for packets in [80_000, 4_000] {
        write(packets);
        let words = ["no sound `big`", "bytes"];
        refuses_in(&guest, &scene, "--memory-limit 64", 600, &words);
    }
    // The run may end before the decoder has found that this is too much for 1 GiB.
    write(80_000);
    refuses_in(&guest, &scene, "", 2000, &[]);
    std::fs::write(scene.asset("big.ogg"), silent_ogg(100)).expect("it can be written");
    let guest = scene.guest("game.wasm", &sounding("big"));
    let _ = scene.run(&guest, 10).to_end().exits(0).without(&["notice"]);
}

/// The library that decodes sounds panics at this file.
#[test]
fn a_file_at_which_the_decoder_panics_is_a_damaged_one() {
    let scene = Scene::new();
    std::fs::write(scene.asset("big.ogg"), ogg_of_long_words()).expect("it can be written");
    // The loader lives on, and loads the picture that is asked for afterwards.
    png(&scene.asset("ship.png"), RED);
    let guest = sounding("big").before("draw", &(ask("texture", "ship") + &sprite(0.0, 0.0)));
    refuses_in(
        &guest,
        &scene,
        "",
        600,
        &["no sound `big`", "the decoder failed"],
    );
    assert_eq!(scene.pixel(0, 0), RED);
}

#[cfg(unix)]
#[test]
fn a_fifo_is_no_asset_and_is_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let scene = Scene::new();
    for name in ["big.png", "big.ogg"] {
        let made = mknodat(CWD, scene.asset(name), FileType::Fifo, Mode::RWXU, 0);
        made.expect("a fifo can be made");
    }
    let words = ["no texture `big`: there is no file"];
    refuses(&scene, "", 600, &words);
    let words = ["no sound `big`: there is no file"];
    refuses_in(&sounding("big"), &scene, "", 600, &words);
}
