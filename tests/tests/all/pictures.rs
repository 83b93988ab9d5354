//! The pictures of docs/drawing.md are compared with what the program draws. `UPDATE_SNAPSHOTS=1`
//! overwrites them; check them afterwards.

use std::sync::LazyLock;

use egui_kittest::{SnapshotOptions, try_image_snapshot_options};
use vblank_tests::{Demo, Ended, Run, workspace};

/// Pixels of a picture that may differ: some in a hundred are not the same picture any more.
const FEW: usize = 100;

/// The scenes of tests/guests/drawing.rs, by their seeds.
const SCENES: [&str; 18] = [
    "shapes",
    "sprites",
    "parts",
    "filters",
    "text",
    "lines",
    "scripts",
    "camera",
    "order",
    "triangles",
    "areas",
    "blending",
    "canvases",
    "shaders",
    "meshes",
    "views",
    "fits",
    "missing",
];

/// The shaders of docs/drawing.md.
const WAVES: &str = "struct Params {
    height: f32,
    waves: f32,
    water: vec4f,
}
@group(1) @binding(0) var<uniform> params: Params;

fn fragment(in: Surface) -> vec4f {
    let level = 0.5 + params.height * sin(in.uv.x * params.waves + view.time);
    return mix(texel(in.uv) * in.tint, params.water, step(level, in.uv.y));
}
";
const GLOW: &str = "fn fragment(in: Surface) -> vec4f {
    let off = (in.uv - 0.5) * 2.0;
    return vec4f(in.tint.rgb, max(1.0 - length(off), 0.0));
}
";

static GUEST: LazyLock<Demo> = LazyLock::new(|| {
    let demo = Demo::copy("hello");
    let guest = workspace().join("tests/guests/drawing.rs");
    std::fs::copy(guest, demo.source()).expect("the copy can be written");
    std::fs::create_dir(demo.beside("assets")).expect("a folder can be made");
    let font = demo.beside("assets/hack.ttf");
    std::fs::write(font, epaint_default_fonts::HACK_REGULAR).expect("a file can be written");
    for (file, text) in [("assets/waves.wgsl", WAVES), ("assets/glow.wgsl", GLOW)] {
        std::fs::write(demo.beside(file), text).expect("a file can be written");
    }
    demo.build();
    let _ = demo.keep_wasm("first.wasm");
    demo
});

/// A run of a scene.
fn run(scene: &str, frames: u32) -> Run {
    let seed = SCENES.iter().position(|name| *name == scene);
    let seed = seed.expect("it is one of them");
    Run::headless(&GUEST.beside("first.wasm"))
        .args("--fast --size 208x140 --renderer software")
        .args(&format!("--frames {frames} --seed {seed}"))
        // Compiled once for all.
        .home(&GUEST.beside(""))
        .file("--assets", &GUEST.beside("assets"), "")
}

/// Draws a scene, and gives the run and its picture.
#[track_caller]
fn draw(scene: &str) -> (Ended, image::RgbaImage) {
    let picture = GUEST.beside(&format!("{scene}.png"));
    let ended = run(scene, 2).file("--screenshot", &picture, "").to_end();
    let ended = ended.exits(0).without(&["refused", "rollback", "break"]);
    let picture = image::open(&picture)
        .expect("there is a picture")
        .to_rgba8();
    (ended, picture)
}

#[test]
fn every_scene_is_as_its_picture_shows() {
    let options = SnapshotOptions::new()
        // Edges and letters may fall otherwise on another processor.
        .max_failed_pixels(FEW)
        .output_path(workspace().join("docs/pictures/drawing"));
    let mut differ = Vec::new();
    for name in SCENES {
        let (ended, picture) = draw(name);
        let notices = ended.all("notice").len();
        assert_eq!(
            notices,
            usize::from(name == "missing"),
            "{name}: {ended:#?}"
        );
        let (_, again) = draw(name);
        assert!(picture == again, "{name} is not the same twice");
        if let Err(error) = try_image_snapshot_options(&picture, name, &options) {
            differ.push(error.to_string());
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn letters_and_painted_textures_survive_a_swap() {
    GUEST.replace("Color::hex(0x20_26_30)", "Color::BLACK");
    GUEST.build();
    let next = GUEST.keep_wasm("next.wasm");
    let swap = format!("5={}", next.display());
    for scene in ["camera", "scripts", "sprites"] {
        let ended = run(scene, 10).args("--swap-at").arg(&swap).to_end();
        let ended = ended
            .exits(0)
            .without(&["refused", "rollback", "break", "notice"]);
        let frames = ended.all("first-frame");
        let bytes = frames.iter().map(|frame| frame["asset_bytes"].as_u64());
        let bytes: Vec<u64> = bytes.map(|bytes| bytes.expect("a number")).collect();
        assert!(bytes[0] > 0 && bytes[1..] == [0], "{scene}: {bytes:?}");
    }
}
