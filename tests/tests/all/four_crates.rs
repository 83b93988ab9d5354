//! A guest of four crates, each of which depends on the next: an edit to the deepest one reaches the screen.

use std::path::Path;

use vblank_tests::{Demo, Run, show_state};

#[track_caller]
fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("it lies in a folder");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// A crate beside the guest that depends on another one.
fn crate_beside(demo: &Demo, name: &str, depends_on: Option<&str>, source: &str) {
    let folder = demo.beside(name);
    let dependency = depends_on.map_or(String::new(), |other| {
        format!("{other} = {{ path = \"../{other}\" }}\n")
    });
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}"
    );
    write(&folder.join("Cargo.toml"), &manifest);
    write(&folder.join("src/lib.rs"), source);
}

#[test]
fn an_edit_to_the_deepest_of_four_crates_reaches_the_screen() {
    let demo = Demo::copy("hello");
    crate_beside(&demo, "rules", Some("speed"), "pub use speed::speed;\n");
    let speed = "pub fn speed() -> f32 {\n    numbers::SPEED * 2.0\n}\n";
    crate_beside(&demo, "speed", Some("numbers"), speed);
    crate_beside(&demo, "numbers", None, "pub const SPEED: f32 = 150.0;\n");
    let manifest = demo.folder().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("it can be read");
    write(
        &manifest,
        &format!("{text}rules = {{ path = \"../rules\" }}\n"),
    );
    demo.replace(
        "-300.0 } else { 300.0 }",
        "-rules::speed() } else { rules::speed() }",
    );

    let (image, early, late) = (
        demo.beside("end.vbs"),
        demo.beside("early.png"),
        demo.beside("late.png"),
    );
    let mut host = Run::headless(&demo.folder())
        .args("--size 320x180 --renderer software --debounce 10")
        .file("--screenshot", &early, "@5")
        .file("--screenshot", &late, "")
        .file("--state-out", &image, "")
        .start();
    host.file(&early);
    // Nothing moves any more.
    write(
        &demo.beside("numbers/src/lib.rs"),
        "pub const SPEED: f32 = 0.0;\n",
    );
    let swap = host.event("swap");
    assert_eq!(swap["verdict"], "identical");
    host.event("first-frame");
    let ended = host.stop().without(&["refused", "rollback", "break"]);
    assert_eq!(ended.all("swap").len(), 1);
    // Its position at the end is that at the swap.
    let x = show_state(&image)["x"].as_f64().expect("it is a number");
    assert!(x > 0.0, "the world went on: {x}");
    let picture = image::open(&late).expect("there is a picture").to_rgb8();
    let [red, green, _] = picture.get_pixel(x.min(319.0) as u32, 90).0;
    assert!(red > 150 && green < 120, "the ball is where the state says");
}
