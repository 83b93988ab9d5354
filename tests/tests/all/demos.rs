//! The demos: each looks as its picture shows, and each of its edits goes into it while it runs.

use egui_kittest::{SnapshotOptions, try_image_snapshot_options};
use vblank_tests::{Demo, Run, show_state, workspace};

/// Pixels of a picture that may differ: some in a hundred are not the same picture any more.
const FEW: usize = 100;

/// Draws a demo without edits: the picture of docs/pictures/demos.
#[track_caller]
fn looks_as_its_picture(name: &str, frames: u32) {
    let demo = Demo::copy(name);
    let picture = demo.beside("picture.png");
    let _ = Run::headless(&demo.folder())
        .args("--fast --size 320x180 --renderer software --exit-on-break")
        .args(&format!("--frames {frames} --seed 1"))
        .file("--screenshot", &picture, "")
        .to_end()
        .exits(0)
        .without(&["refused", "rollback", "break", "notice"]);
    let picture = image::open(&picture)
        .expect("there is a picture")
        .to_rgba8();
    let options = SnapshotOptions::new()
        // Edges and letters may fall otherwise on another processor.
        .max_failed_pixels(FEW)
        .output_path(workspace().join("docs/pictures/demos"));
    if let Err(error) = try_image_snapshot_options(&picture, name, &options) {
        panic!("{error}");
    }
}

/// Returns the demo's edits, in order.
fn edits(demo: &Demo) -> Vec<String> {
    let mut edits: Vec<String> = std::fs::read_dir(demo.folder().join("edits"))
        .expect("there are edits")
        .map(|entry| entry.expect("a folder can be listed").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".patch"))
        .collect();
    edits.sort();
    assert!(edits.len() >= 3, "{edits:?}");
    edits
}

/// True if an edit changes code, and not only a file of `assets/`.
fn is_of_code(demo: &Demo, edit: &str) -> bool {
    let patch = demo.folder().join("edits").join(edit);
    let text = std::fs::read_to_string(&patch).expect("it can be read");
    text.contains("+++ b/src/")
}

/// Plays a demo, lets its edits in from a frame on, ten frames apart, and compares what it shows just before
/// with what it shows at a later frame: the two pictures of its README.
#[track_caller]
fn changes_as_its_pictures(name: &str, input: &str, before: u32, after: u32) {
    let demo = Demo::copy(name);
    let (code, files): (Vec<_>, Vec<_>) = edits(&demo)
        .into_iter()
        .partition(|edit| is_of_code(&demo, edit));
    demo.build();
    let mut run = Run::headless(&demo.keep_wasm("0.wasm"));
    for (i, edit) in (1..).zip(&code) {
        demo.apply(edit);
        demo.build();
        let wasm = demo.keep_wasm(&format!("{i}.wasm"));
        let swap = format!("{}={}", before + 10 * i, wasm.display());
        run = run.args("--swap-at").arg(swap);
    }
    let script = demo.beside("script.jsonl");
    std::fs::write(&script, input).expect("the folder can be written");
    let shown = ["before", "after"].map(|when| demo.beside(&format!("{name}-{when}.png")));
    let assets = demo.folder().join("assets");
    if assets.is_dir() {
        run = run.file("--assets", &assets, "");
    }
    // Files are changed during the run, so it must last some seconds.
    let pace = if files.is_empty() { "--fast" } else { "" };
    let host = run
        .args(pace)
        .args("--size 480x270 --renderer software --seed 1 --exit-on-break")
        .args(&format!("--frames {}", after + 1))
        .file("--input", &script, "")
        .file("--screenshot", &shown[0], &format!("@{before}"))
        .file("--screenshot", &shown[1], &format!("@{after}"));
    let mut host = host.start();
    host.file(&shown[0]);
    files.iter().for_each(|edit| demo.apply(edit));
    let ended = host.end();
    let ended = ended
        .exits(0)
        .without(&["refused", "rollback", "break", "notice"]);
    assert_eq!(ended.all("swap").len(), code.len());
    let options = SnapshotOptions::new()
        // Edges and letters may fall otherwise on another processor.
        .max_failed_pixels(FEW)
        .output_path(workspace().join("docs/pictures/demos"));
    for (when, picture) in ["before", "after"].into_iter().zip(shown) {
        let picture = image::open(&picture).expect("there is a picture");
        let name = format!("{name}-{when}");
        if let Err(error) = try_image_snapshot_options(&picture.to_rgba8(), name, &options) {
            panic!("{error}");
        }
    }
}

/// Starts a demo and applies its edits, one after the other, as a person would.
#[track_caller]
fn takes_its_edits(name: &str) {
    let demo = Demo::copy(name);
    let edits = edits(&demo);
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --size 320x180 --seed 1")
        .start();
    host.event("first-frame");
    let mut swaps = 0;
    for edit in &edits {
        demo.apply(edit);
        if is_of_code(&demo, edit) {
            let swap = host.event("swap");
            assert_ne!(
                swap["verdict"], "migrated",
                "{edit}: nobody wrote a migration"
            );
            host.event("first-frame");
            swaps += 1;
        } else {
            // The changed file is a picture or a sound, and causes no complaint.
            host.settle(&demo.source());
        }
    }
    let ended = host
        .stop()
        .without(&["refused", "rollback", "break", "notice"]);
    assert_eq!(ended.all("swap").len(), swaps);
}

#[test]
fn boids_looks_as_its_picture() {
    looks_as_its_picture("boids", 90);
}

#[test]
fn boids_changes_as_its_pictures() {
    let input = r#"
{"frame": 5, "pointer": [300, 120]}
"#;
    changes_as_its_pictures("boids", input, 90, 210);
}

#[test]
fn boids_takes_its_edits() {
    takes_its_edits("boids");
}

#[test]
fn breakout_looks_as_its_picture() {
    looks_as_its_picture("breakout", 200);
}

#[test]
fn breakout_changes_as_its_pictures() {
    changes_as_its_pictures("breakout", "", 399, 899);
}

#[test]
fn breakout_takes_its_edits() {
    takes_its_edits("breakout");
}

#[test]
fn breakout_is_played_until_a_brick_is_hit() {
    let demo = Demo::copy("breakout");
    let (script, image) = (demo.beside("script.jsonl"), demo.beside("end.vbs"));
    // Begin, aim with the pointer, serve.
    let input = r#"
{"frame": 10, "key": "Space", "down": true}
{"frame": 11, "key": "Space", "down": false}
{"frame": 20, "pointer": [200, 90]}
{"frame": 30, "button": "primary", "down": true}
{"frame": 31, "button": "primary", "down": false}
"#;
    std::fs::write(&script, input).expect("the folder can be written");
    let play = |frames: u32| {
        let _ = Run::headless(&demo.folder())
            .args("--fast --size 320x180 --seed 1 --renderer null --exit-on-break")
            .args(&format!("--frames {frames}"))
            .file("--input", &script, "")
            .file("--state-out", &image, "")
            .to_end()
            .exits(0)
            .without(&["refused", "rollback", "break", "notice"]);
        let state = show_state(&image);
        let bricks = state["bricks"].as_array().expect("a list").len();
        (state["paddle"].clone(), state["score"].clone(), bricks)
    };
    // The picture has half a pixel for a unit.
    let (paddle, score, whole) = play(30);
    assert_eq!((paddle.as_f64(), score.as_u64()), (Some(400.0), Some(0)));
    let (paddle, score, left) = play(90);
    assert_eq!(paddle, 400.0);
    assert_eq!(left, whole - 1, "one brick is gone");
    assert_eq!(score, 10, "one of the lowest row");
}

#[test]
fn meadow_looks_as_its_picture() {
    looks_as_its_picture("meadow", 30);
}

#[test]
fn meadow_changes_as_its_pictures() {
    let input = r#"
{"frame": 1, "key": "ArrowUp", "down": true}
{"frame": 50, "key": "ArrowUp", "down": false}
{"frame": 462, "key": "Space", "down": true}
"#;
    changes_as_its_pictures("meadow", input, 60, 480);
}

#[test]
fn meadow_takes_its_edits() {
    takes_its_edits("meadow");
}

#[test]
fn particles_looks_as_its_picture() {
    looks_as_its_picture("particles", 60);
}

#[test]
fn particles_changes_as_its_pictures() {
    changes_as_its_pictures("particles", "", 120, 420);
}

#[test]
fn particles_takes_its_edits() {
    takes_its_edits("particles");
}
