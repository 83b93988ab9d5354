//! Triangles, meshes, shaders, parts of the picture and canvases: a picture of all of them, across a swap,
//! and with mistakes in them.

use std::path::PathBuf;
use std::sync::LazyLock;

use egui_kittest::{SnapshotOptions, try_image_snapshot_options};
use vblank_tests::{Demo, Ended, Run, workspace};

/// Pixels of a picture that may differ: some in a hundred are not the same picture any more.
const FEW: usize = 100;

/// tests/guests/scene.rs, its shader, and another version of it.
static GUEST: LazyLock<Demo> = LazyLock::new(|| {
    let demo = Demo::copy("hello");
    let guest = workspace().join("tests/guests/scene.rs");
    std::fs::copy(guest, demo.source()).expect("the copy can be written");
    demo.build();
    let _ = demo.keep_wasm("first.wasm");
    demo.replace("CUBE: Color = Color::RED", "CUBE: Color = Color::GREEN");
    demo.build();
    let _ = demo.keep_wasm("green.wasm");
    demo.replace("params(&[8.0, ", "params(&[8.0, 0.0, 0.0, 0.0, ");
    demo.build();
    let _ = demo.keep_wasm("more.wasm");
    demo
});

const STRIPES: &str = "fn fragment(in: Surface) -> vec4f {
    return vec4f(fract(in.uv * 4.0), 0.5, 1.0) * in.tint;
}
";

/// A folder of assets in which the shader reads so.
fn assets(name: &str, stripes: &str) -> PathBuf {
    let folder = GUEST.beside(name);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("stripes.wgsl"), stripes).expect("a file can be written");
    folder
}

/// Plays, and gives the run and its last picture.
fn play(name: &str, assets: &std::path::Path, flags: &str) -> (Ended, image::RgbaImage) {
    let picture = GUEST.beside(&format!("{name}.png"));
    let ended = Run::headless(&GUEST.beside("first.wasm"))
        .args("--fast --renderer software")
        .args(flags)
        .home(&GUEST.beside(""))
        .file("--assets", assets, "")
        .file("--screenshot", &picture, "")
        .to_end()
        .exits(0)
        .without(&["refused", "rollback", "break"]);
    let picture = image::open(&picture).expect("there is a picture");
    (ended, picture.to_rgba8())
}

#[test]
fn it_is_as_its_picture_shows_and_a_swap_uploads_nothing_again() {
    let assets = assets("good", STRIPES);
    let (ended, picture) = play("plain", &assets, "--frames 5");
    assert_eq!(ended.all("notice").len(), 0, "{ended:#?}");
    let options = SnapshotOptions::new()
        // Edges and letters may fall otherwise on another processor.
        .max_failed_pixels(FEW)
        .output_path(workspace().join("docs/pictures/drawing"));
    if let Err(error) = try_image_snapshot_options(&picture, "scene", &options) {
        panic!("{error}");
    }
    let green = format!(
        "--frames 90 --swap-at 5={}",
        GUEST.beside("green.wasm").display()
    );
    let (ended, picture) = play("swapped", &assets, &green);
    let firsts = ended.all("first-frame");
    assert_eq!(
        firsts[0]["asset_bytes"].as_u64().map(|bytes| bytes > 1000),
        Some(true)
    );
    assert_eq!(firsts[1]["asset_bytes"], 0, "{firsts:?}");
    let [red, green, _, _] = picture.get_pixel(160, 140).0;
    assert!(green > red, "the cube is that of the new code");
}

#[test]
fn a_mistake_in_a_shader_is_told_with_its_line_and_the_usual_look_stays() {
    let mistaken = STRIPES.replace("in.uv * 4.0", "in.uw * 4.0");
    let (ended, picture) = play("mistaken", &assets("bad", &mistaken), "--frames 5");
    let notices = ended.all("notice");
    assert_eq!(notices.len(), 1, "{notices:?}");
    let message = notices[0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("no shader `stripes`"), "{message}");
    assert!(message.contains("line 2, column 27"), "{message}");
    // The canvas as it is: a white circle on blue.
    assert_eq!(picture.get_pixel(260, 90).0, [255; 4]);
}

#[test]
fn parameters_of_another_size_are_told_once_and_the_usual_look_stays() {
    let more = format!(
        "--frames 90 --swap-at 5={}",
        GUEST.beside("more.wasm").display()
    );
    let (ended, picture) = play("more", &assets("good", STRIPES), &more);
    let told = "the shader's parameters have 32 bytes, and 48 were given";
    let _ = ended.says_once(&[told]);
    assert_eq!(picture.get_pixel(200, 90).0, [255; 4], "no waves");
}
