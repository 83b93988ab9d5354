//! The demos: each looks as its picture shows, and each of its edits goes into it while it runs.

use egui_kittest::{SnapshotOptions, try_image_snapshot_options};
use vblank_tests::{Demo, Run, workspace};

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
    let options = SnapshotOptions::new().output_path(workspace().join("docs/pictures/demos"));
    if let Err(error) = try_image_snapshot_options(&picture, name, &options) {
        panic!("{error}");
    }
}

/// Starts a demo and applies its edits, one after the other, as a person would.
#[track_caller]
fn takes_its_edits(name: &str) {
    let demo = Demo::copy(name);
    let mut edits: Vec<String> = std::fs::read_dir(demo.folder().join("edits"))
        .expect("there are edits")
        .map(|entry| entry.expect("a folder can be listed").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".patch"))
        .collect();
    edits.sort();
    assert!(edits.len() >= 3, "{edits:?}");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null --size 320x180 --seed 1")
        .start();
    host.event("first-frame");
    let mut swaps = 0;
    for edit in &edits {
        let patch = demo.folder().join("edits").join(edit);
        let text = std::fs::read_to_string(&patch).expect("it can be read");
        demo.apply(edit);
        if text.contains("+++ b/src/") {
            let swap = host.event("swap");
            assert_ne!(
                swap["verdict"], "migrated",
                "{edit}: nobody wrote a migration"
            );
            host.event("first-frame");
            swaps += 1;
        } else {
            host.run_on(std::time::Duration::from_millis(500));
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
fn boids_takes_its_edits() {
    takes_its_edits("boids");
}

#[test]
fn meadow_looks_as_its_picture() {
    looks_as_its_picture("meadow", 30);
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
fn particles_takes_its_edits() {
    takes_its_edits("particles");
}
