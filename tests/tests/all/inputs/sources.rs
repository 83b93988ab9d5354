//! Inputs that lie elsewhere than the sources of the crate, or come only later.

use super::*;

/// The guest's `SPEED` comes from this file.
#[track_caller]
fn sees(item: &str, file: &str, [before, after]: [&str; 2], more: &[(&str, &str)]) {
    let mut files = more.to_vec();
    files.push((file, before));
    let scene = Scene::new(item, &files);
    let mut host = scene.start();
    comes_in(&mut host, || scene.write(file, after));
    // The watch continues.
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_module_is_named_target() {
    sees(
        "mod target;\nuse target::SPEED;",
        "src/target/mod.rs",
        SPEEDS,
        &[],
    );
}

#[test]
fn a_module_lies_outside_of_the_crate() {
    let item = "#[path = \"../../shared/speed.rs\"]\nmod speed;\nuse speed::SPEED;";
    sees(item, "../shared/speed.rs", SPEEDS, &[]);
}

#[test]
fn a_module_is_hidden() {
    let item = "#[path = \".speed.rs\"]\nmod speed;\nuse speed::SPEED;";
    sees(item, "src/.speed.rs", SPEEDS, &[]);
}

#[track_caller]
fn sees_included(file: &str) {
    let item = format!("const SPEED: f32 = include_str!(\"../{file}\").as_bytes()[0] as f32;");
    sees(&item, file, ["3", "9"], &[]);
}

#[test]
fn a_text_lies_outside_of_the_crate() {
    sees_included("../shared/levels.txt");
}

#[test]
fn a_text_lies_in_a_hidden_folder() {
    sees_included(".levels/one.txt");
}

#[test]
fn a_text_has_a_line_break_in_its_name() {
    let item = "const SPEED: f32 = include_str!(\"new\\nline.txt\").as_bytes()[0] as f32;";
    let scene = Scene::new(item, &[("src/new\nline.txt", "3")]);
    let mut host = scene.start();
    // cargo has no way to list it, so a person hears so.
    host.says("src/new are not seen");
    host.says("line break");
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_text_is_named_like_a_backup() {
    sees_included("levels.bak");
}

#[test]
fn a_text_has_another_name_outside_of_the_crate() {
    let item = "const SPEED: f32 = include_str!(\"../levels.txt\").as_bytes()[0] as f32;";
    let scene = Scene::new(item, &[("../shared/levels.txt", "3")]);
    scene.shell("ln ../shared/levels.txt levels.txt");
    let mut host = scene.start();
    let newest = comes_in(&mut host, || scene.write("../shared/levels.txt", "9"));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_text_is_a_link_that_leads_to_another() {
    let item = "const SPEED: f32 = include_str!(\"../link.txt\").as_bytes()[0] as f32;";
    let scene = Scene::new(item, &[("one.txt", "3"), ("two.txt", "9")]);
    scene.shell("ln -s one.txt link.txt");
    let mut host = scene.start();
    for target in ["two.txt", "one.txt", "two.txt"] {
        comes_in(&mut host, || {
            scene.shell(&format!("ln -sfn {target} link.txt"))
        });
    }
    let newest = comes_in(&mut host, || scene.write("two.txt", "5"));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_manifest_goes_away_and_comes_back() {
    let scene = Scene::plain();
    let mut host = scene.start();
    scene.shell("mv Cargo.toml away");
    let build = loop {
        let build = host.event("build");
        if build["ok"] == false {
            break build;
        }
    };
    assert!(
        build["message"].to_string().contains("no Cargo.toml"),
        "{build}"
    );
    scene.shell("mv away Cargo.toml");
    host.event("same-code");
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_folder_that_is_touched_starts_no_build() {
    let scene = Scene::plain();
    let date = |file: &str| fs::metadata(scene.path(file)).and_then(|meta| meta.modified());
    let before = date("Cargo.toml").expect("it is there");
    let mut host = scene.start();
    scene.shell("touch src . ..; mkdir src/empty; chmod go-w src");
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let ended = scene.ends_with_the_newest(host, &newest);
    has_builds(&ended, 2);
    assert_eq!(date("Cargo.toml").expect("it is there"), before);
}

/// The guest's `SPEED` comes from a variable of the build.
const VARIABLE: &str = "const SPEED: f32 = env!(\"SPEED\").as_bytes()[0] as f32;";

#[test]
fn a_build_script_reads_a_file_outside_of_the_crate() {
    let script = r#"fn main() {
        let file = "../shared/speed.txt";
        println!("cargo::rerun-if-changed={file}");
        println!("cargo::rustc-env=SPEED={}", std::fs::read_to_string(file).unwrap());
    }"#;
    let files = [("build.rs", script)];
    sees(VARIABLE, "../shared/speed.txt", ["3", "9"], &files);
}

#[test]
fn a_build_script_reads_a_folder_outside_of_the_crate() {
    let script = r#"fn main() {
        println!("cargo::rerun-if-changed=../levels");
        let levels = std::fs::read_dir("../levels").unwrap().count();
        println!("cargo::rustc-env=SPEED={levels}");
    }"#;
    let files = [("build.rs", script), ("../levels/one.txt", "1")];
    let scene = Scene::new(VARIABLE, &files);
    let mut host = scene.start();
    comes_in(&mut host, || scene.write("../levels/two.txt", "2"));
    let _ = host.stop().exits(0).without(&["refused"]);
}

#[test]
fn a_feature_is_chosen_in_the_manifest_of_the_workspace() {
    let scene = Scene::with_dependency();
    let mut host = scene.start();
    let newest = comes_in(&mut host, || {
        let chosen = "path = \"pace\", features = [\"fast\"]";
        scene.replace("../Cargo.toml", "path = \"pace\"", chosen);
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_setting_of_cargo_in_the_crate() {
    let config = |speed| format!("[env]\nSPEED = \"{speed}\"\n");
    let texts = [&*config(3), &*config(9)];
    sees(VARIABLE, ".cargo/config.toml", texts, &[]);
}

#[test]
fn a_setting_of_cargo_that_is_new_and_above_the_crate() {
    let item = "const SPEED: f32 = match option_env!(\"SPEED\") {
        Some(speed) => speed.as_bytes()[0] as f32,
        None => 300.0,
    };";
    let scene = Scene::new(item, &[]);
    let mut host = scene.start();
    comes_in(&mut host, || {
        scene.append("../.cargo/config.toml", "\n[env]\nSPEED = \"900\"\n");
    });
    let newest = comes_in(&mut host, || {
        scene.write(".cargo/config.toml", "[env]\nSPEED = \"700\"\n");
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_setting_of_cargo_that_another_includes() {
    let config = |speed| format!("[env]\nSPEED = \"{speed}\"\n");
    let texts = [&*config(3), &*config(9)];
    let more = [(".cargo/config.toml", "include = [\"more.toml\"]\n")];
    sees(VARIABLE, ".cargo/more.toml", texts, &more);
}

#[test]
fn the_list_of_sources_is_relative_to_another_folder() {
    let scene = Scene::with_dependency();
    scene.write(".cargo/config.toml", "[build]\ndep-info-basedir = \"..\"\n");
    scene.shell("mv ../pace . && sed -i 's/\"pace\" }/\"hello\\/pace\" }/' ../Cargo.toml");
    let mut host = scene.start();
    let newest = comes_in(&mut host, || scene.write("pace/src/lib.rs", SPEEDS[1]));
    let _ = scene.ends_with_the_newest(host, &newest);
}
