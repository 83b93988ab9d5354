//! Failed builds that are followed by good ones: what was missing comes, or what was wrong is corrected.

use super::*;

/// The first build fails because of this item, and is followed by one that succeeds after this change.
#[track_caller]
fn is_mended(item: &str, files: &[(&str, &str)], mend: impl FnOnce(&Scene)) {
    let scene = Scene::new(item, files);
    let mut host = scene.run().start();
    assert_eq!(host.event("build")["ok"], false);
    mend(&scene);
    host.event("first-frame");
    let _ = host.stop().exits(0).without(&["refused"]);
}

#[test]
fn a_text_that_the_first_build_misses_is_made() {
    let item = "const SPEED: f32 = include_str!(\"../data/level.txt\").as_bytes()[0] as f32;";
    is_mended(item, &[("data/other.txt", "")], |scene| {
        scene.write("data/level.txt", "3");
    });
}

#[test]
fn a_module_outside_of_the_crate_is_corrected_after_the_first_build() {
    let item = "#[path = \"../../shared/speed.rs\"] mod speed;\nuse speed::SPEED;";
    let wrong = ("../shared/speed.rs", "pub const SPEED: f32 = true;");
    is_mended(item, &[wrong], |scene| {
        scene.write("../shared/speed.rs", "pub const SPEED: f32 = 3.0;");
    });
    is_mended(item, &[("../shared/other.rs", "")], |scene| {
        scene.write("../shared/speed.rs", "pub const SPEED: f32 = 3.0;");
    });
}

#[test]
fn a_text_in_folders_that_are_not_there_is_made() {
    let item = "const SPEED: f32 = include_str!(\"../data/deep/level.txt\").as_bytes()[0] as f32;";
    is_mended(item, &[], |scene| {
        scene.write("data/deep/level.txt", "3");
    });
}

#[test]
fn a_dependency_in_folders_that_are_not_there_is_made() {
    let scene = Scene::new("use pace::SPEED;", &[]);
    scene.append(
        "Cargo.toml",
        "pace = { path = \"../libraries/deep/pace\" }\n",
    );
    let mut host = scene.run().start();
    assert_eq!(host.event("build")["ok"], false);
    let manifest = "[package]\nname = \"pace\"\nedition = \"2024\"\n";
    scene.write("../libraries/deep/pace/src/lib.rs", SPEEDS[0]);
    scene.write("../libraries/deep/pace/Cargo.toml", manifest);
    host.event("first-frame");
    let _ = host.stop().exits(0).without(&["refused"]);
}

/// Waits until the host has looked at all folders once more than before.
fn looks_again(host: &mut Host, act: impl FnOnce()) {
    let count = |host: &Host| host.said().matches("files, with").count();
    let before = count(host);
    act();
    wait_until("another look at the folders", DEADLINE, || {
        (count(host) > before).then_some(())
    });
}

#[test]
fn a_module_is_made_one_folder_at_a_time() {
    let scene = Scene::new("const SPEED: f32 = 300.0;", &[]);
    let mut host = started(scene.run().args("-v"));
    let item = "mod a { pub mod b; }\nuse a::b::SPEED;";
    scene.replace("src/lib.rs", "const SPEED: f32 = 300.0;", item);
    while host.event("build")["ok"] == true {}
    for folder in ["src/a", "src/a/b"] {
        looks_again(&mut host, || {
            fs::create_dir(scene.path(folder)).expect("a folder can be made");
        });
    }
    let newest = comes_in(&mut host, || scene.write("src/a/b/mod.rs", SPEEDS[1]));
    let _ = scene.ends_with_the_newest(host, &newest);
}
