//! Guests whose builds write into the crate, and other files that are no inputs.

use super::*;

/// A guest whose build script writes a source file in each build.
fn generating(first: &str, content: &str, last: &str) -> Scene {
    let script = format!(
        "fn main() {{\n{first}\nlet text = {content};\nstd::fs::write(\"src/generated.rs\", text).unwrap();\n{last}\n}}\n"
    );
    Scene::new(
        "mod generated;\nuse generated::SPEED;",
        &[("build.rs", &script)],
    )
}

/// Work of a build script after it has written.
const WORK: &str = "std::thread::sleep(std::time::Duration::from_millis(700));";

/// One build at the start and one for each edit. The first one makes a new file, which may cause another.
#[track_caller]
fn generates(first: &str, last: &str) {
    let same = "\"pub const SPEED: f32 = 300.0;\\n\"";
    let scene = generating(first, same, last);
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 4);
}

#[test]
fn a_build_script_writes_the_same_source_each_time() {
    generates("", "");
}

#[test]
fn a_build_script_with_conditions_writes_the_same_source_each_time() {
    generates("println!(\"cargo::rerun-if-changed=build.rs\");", WORK);
}

#[test]
fn a_build_script_that_depends_on_its_own_source_writes_the_same_each_time() {
    generates("println!(\"cargo::rerun-if-changed=src\");", WORK);
}

#[test]
fn a_build_script_writes_the_same_source_and_goes_on_working() {
    generates("", WORK);
}

#[test]
fn a_build_script_writes_the_same_manifest_each_time() {
    let script = "fn main() {
        let text = std::fs::read(\"Cargo.toml\").unwrap();
        std::fs::write(\"Cargo.toml\", text).unwrap();
    }";
    let scene = Scene::new("const SPEED: f32 = 300.0;", &[("build.rs", script)]);
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

#[test]
fn a_build_script_writes_another_source_each_time_and_is_named() {
    let now = "std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos()";
    let stamp = format!("format!(\"// {{}}\\npub const SPEED: f32 = 300.0;\\n\", {now})");
    let scene = generating("", &stamp, "");
    let mut host = scene.run().start();
    let restarted = host.event("notice")["message"].to_string();
    assert!(
        restarted.contains("started again three times"),
        "{restarted}"
    );
    assert!(restarted.contains("generated.rs"), "{restarted}");
    let always = host.event("notice")["message"].to_string();
    assert!(always.contains("changes during every build"), "{always}");
    let before = host.events().len();
    comes_in(&mut host, || scene.edit(300, 310));
    comes_in(&mut host, || scene.edit(310, 320));
    comes_in(&mut host, || scene.edit(320, 330));
    let after = host.events()[before..].iter();
    let builds = after.filter(|event| name_of(event) == "build").count();
    // If a second has passed without an edit, it was tried once more whether the build does it.
    assert!((3..=4).contains(&builds), "{builds} builds for three edits");
    let _ = host.stop().exits(0).without(&["refused"]);
}

#[test]
fn a_build_script_writes_the_same_source_in_pieces() {
    let script = r#"use std::io::Write;
        fn main() {
            println!("cargo::rerun-if-changed=src/lib.rs");
            let mut file = std::fs::File::create("src/generated.rs").unwrap();
            for number in 0..30 {
                writeln!(file, "// {number}").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            writeln!(file, "pub const SPEED: f32 = 300.0;").unwrap();
        }"#;
    let item = "mod generated;\nuse generated::SPEED;";
    let scene = Scene::new(item, &[("build.rs", script)]);
    // A busy machine may pause the script for longer than usual.
    let mut host = started(scene.run().args("--debounce 400"));
    // The first build makes a new file, which may cause another.
    host.settle(&scene.path("src/lib.rs"));
    let before = host.events().len();
    comes_in(&mut host, || scene.edit(300, 310));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let after = host.events()[before..].iter();
    let builds = after.filter(|event| name_of(event) == "build").count();
    assert_eq!(builds, 2, "one for each edit");
    let ended = scene.ends_with_the_newest(host, &newest);
    assert!(!ended.said.contains("started again"), "{}", ended.said);
}

/// Builds a finished guest by this line of a shell, in a folder that is watched as a whole. There are six edits
/// and so many builds at most.
#[track_caller]
fn builds_beside_its_sources(line: &str, most: usize) {
    let (folder, guest) = finished();
    let source = folder.path().join("game.source");
    let save = |step: u64| Guest::of::<Counter>().step(step).write(&source);
    save(10);
    let run = |arguments: &str| {
        let run = Run::headless(&guest).args("--renderer null --build");
        let run = run.arg(format!("cd .. && {line} && cp game.source dist/game.wasm"));
        run.file("--watch", folder.path(), "").args(arguments)
    };
    // Nobody edits anything for some seconds.
    let left_alone = run("--frames 240").to_end().exits(0);
    has_builds(&left_alone, most - 6);
    let mut host = started(run(""));
    for step in 11..17 {
        comes_in(&mut host, || save(step));
    }
    let ended = host.stop().exits(0).without(&["refused"]);
    has_builds(&ended, most);
}

#[test]
fn a_command_makes_temporary_files_of_new_names() {
    builds_beside_its_sources(
        "T=$(mktemp tmpXXXXXX.o) && U=$(mktemp tmpXXXXXX.o) && sleep 0.3 && rm $T $U",
        7,
    );
}

#[test]
fn a_command_leaves_files_of_new_names() {
    // The first builds find out that new files come each time.
    builds_beside_its_sources(
        "T=$(mktemp tmpXXXXXX.o) && U=$(mktemp tmpXXXXXX.o) && sleep 0.3",
        9,
    );
}

#[test]
fn a_command_writes_a_cache() {
    // The folder may be seen before it has its tag.
    builds_beside_its_sources(
        "mkdir -p out && touch out/CACHEDIR.TAG && date +%N > out/a && date +%N > out/$(date +%N)",
        8,
    );
}

#[track_caller]
fn builds_into(setting: &str) {
    let config = format!("[build]\n{setting} = \"made\"\n");
    let scene = Scene::new(
        "const SPEED: f32 = 300.0;",
        &[(".cargo/config.toml", &config)],
    );
    Demo::seed(&scene.path("made"));
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

#[test]
fn the_target_folder_has_another_name() {
    builds_into("target-dir");
}

#[test]
fn intermediate_files_have_a_folder_of_another_name() {
    builds_into("build-dir");
}

/// cargo's target folder is a folder of sources as well.
#[track_caller]
fn builds_among_the_sources(folder: &str) {
    let scene = Scene::plain();
    Demo::seed(&scene.path(folder));
    let run = scene.run().env("CARGO_TARGET_DIR", folder);
    let mut host = started(run);
    comes_in(&mut host, || scene.edit(300, 310));
    comes_in(&mut host, || scene.edit(310, 320));
    let ended = host.stop().exits(0).without(&["refused"]);
    has_builds(&ended, 3);
}

#[test]
fn the_target_folder_is_the_folder_of_the_crate() {
    builds_among_the_sources(".");
}

#[test]
fn the_target_folder_is_the_folder_of_the_sources() {
    builds_among_the_sources("src");
}

/// A process that is killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_host_writes_its_log_and_its_report_into_the_crate() {
    let scene = Scene::plain();
    let home = TempDir::new().expect("a temporary folder can be made");
    let report = scene.path("run.jsonl");
    let log = File::create(scene.path("game.log")).expect("a file can be made");
    let host = host(home.path())
        .arg("run")
        .arg(scene.0.folder())
        .args(["--headless", "--renderer", "null", "--report"])
        .arg(&report)
        .stderr(log)
        .spawn();
    let _host = Killed(host.expect("the host starts"));
    let count = |name: &str| {
        let is_it = |line: &&str| line.contains(&format!("\"event\":\"{name}\""));
        let report = fs::read_to_string(&report).unwrap_or_default();
        report.lines().filter(is_it).count()
    };
    let wait = |number: usize| {
        wait_until("a picture of the next version", DEADLINE, || {
            (count("first-frame") == number).then_some(())
        });
    };
    wait(1);
    scene.edit(300, 310);
    wait(2);
    scene.edit(310, 320);
    wait(3);
    assert_eq!(count("build"), 3, "{}", scene.read("run.jsonl"));
}

#[test]
fn another_program_appends_to_a_file_in_the_crate() {
    let scene = Scene::plain();
    let notes = File::create(scene.path("notes.log"));
    let mut notes = notes.expect("a file can be made");
    let _busy = Busy::new(Duration::from_millis(20), move |number| {
        writeln!(notes, "note {number}").expect("a file can be written");
    });
    let mut host = scene.start();
    comes_in(&mut host, || scene.edit(300, 310));
    let ended = host.stop().exits(0).without(&["refused", "same-code"]);
    assert_eq!(ended.all("build").len(), 2, "{ended:#?}");
}

#[test]
fn a_picture_starts_no_build() {
    let scene = Scene::plain();
    fs::create_dir(scene.path("assets")).expect("a folder can be made");
    let picture = image::RgbaImage::from_pixel(8, 8, image::Rgba([255; 4]));
    let saved = picture.save(scene.path("assets/ship.png"));
    saved.expect("a picture can be written");
    let draw = "    fn draw(&self, canvas: &mut Canvas) {\n";
    let sprite = format!("{draw}        canvas.sprite(\"ship\", (4.0, 4.0));\n");
    scene.0.replace(draw, &sprite);
    let run = Run::headless(&scene.0.folder()).args("--renderer software --size 64x48");
    let mut host = started(run);
    scene.write("assets/ship.png", "no picture");
    let notice = host.event("notice")["message"].to_string();
    assert!(notice.contains("ship"), "{notice}");
    comes_in(&mut host, || scene.edit(300, 310));
    let ended = host.stop().exits(0).without(&["refused", "same-code"]);
    assert_eq!(ended.all("build").len(), 2, "{ended:#?}");
}
