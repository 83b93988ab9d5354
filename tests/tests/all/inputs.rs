//! What starts a build: everything that the last build has read, and nothing else.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{
    Counter, DEADLINE, Demo, Ended, Guest, Host, Run, host, name_of, skip, wait_until,
};

#[track_caller]
fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// Runs a line of a shell in a folder.
#[track_caller]
fn shell(folder: &Path, line: &str) {
    let status = Command::new("sh")
        .args(["-ec", line])
        .current_dir(folder)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{line} fails");
}

/// A copy of the demo `hello`, which is changed before and while it runs.
struct Scene(Demo);

impl Scene {
    fn plain() -> Self {
        Self(Demo::copy("hello"))
    }

    /// A guest with an item that defines `SPEED`, and with these files. Their paths begin at the guest's
    /// folder.
    fn new(item: &str, files: &[(&str, &str)]) -> Self {
        let scene = Self::plain();
        for (file, text) in files {
            scene.write(file, text);
        }
        scene.0.replace(" 300.0 };", " SPEED };");
        let items = format!("game!(Hello);\n{item}\n");
        scene.0.replace("game!(Hello);\n", &items);
        scene
    }

    /// A guest that depends on the crate `pace` beside it, which has a feature.
    fn with_dependency() -> Self {
        let manifest = "[package]\nname = \"pace\"\nedition = \"2024\"\n[features]\nfast = []\n";
        let source =
            "pub const SPEED: f32 = if cfg!(feature = \"fast\") { 900.0 } else { 300.0 };\n";
        let files = [
            ("../pace/Cargo.toml", manifest),
            ("../pace/src/lib.rs", source),
        ];
        let scene = Self::new("use pace::SPEED;", &files);
        scene.append("Cargo.toml", "pace.workspace = true\n");
        let named = "[workspace.dependencies]\npace = { path = \"pace\" }\n";
        scene.replace("../Cargo.toml", "[workspace.dependencies]\n", named);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.folder().join(name)
    }

    #[track_caller]
    fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    #[track_caller]
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name))
            .unwrap_or_else(|error| panic!("cannot read {name}: {error}"))
    }

    #[track_caller]
    fn append(&self, name: &str, text: &str) {
        self.write(name, &(self.read(name) + text));
    }

    #[track_caller]
    fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {name}");
        self.write(name, &text.replace(old, new));
    }

    /// Runs a line of a shell in the guest's folder.
    #[track_caller]
    fn shell(&self, line: &str) {
        shell(&self.0.folder(), line);
    }

    /// Saves the source with another speed to the left.
    #[track_caller]
    fn edit(&self, from: u32, to: u32) {
        let (from, to) = (format!("-{from}.0 }}"), format!("-{to}.0 }}"));
        self.0.replace(&from, &to);
    }

    /// The source with another speed to the left.
    #[track_caller]
    fn edited(&self, to: u32) -> String {
        let source = self.read("src/lib.rs");
        let (before, rest) = source.split_once("{ -").expect("there is a speed");
        let (_, after) = rest.split_once(" }").expect("the speed ends");
        format!("{before}{{ -{to}.0 }}{after}")
    }

    fn run(&self) -> Run {
        Run::headless(&self.0.folder()).args("--renderer null")
    }

    #[track_caller]
    fn start(&self) -> Host {
        started(self.run())
    }

    /// `host build`, with these arguments in this folder.
    fn build(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = host(&self.0.beside("home"));
        command.arg("build").args(arguments).current_dir(folder);
        // Tests that are run by rustup have its choice in their environment.
        command
            .env_remove("RUSTUP_TOOLCHAIN")
            .env("CARGO_NET_OFFLINE", "true");
        command
    }

    /// Stops the host, and checks that it ran the newest source.
    #[track_caller]
    fn ends_with_the_newest(&self, host: Host, newest: &Value) -> Ended {
        let ended = host.stop().exits(0).without(&["refused", "rollback"]);
        let alone = self.run().args("--frames 1").to_end().exits(0);
        assert_eq!(*newest, alone.only("start")["hash"]);
        ended
    }
}

#[track_caller]
fn started(run: Run) -> Host {
    let mut host = run.start();
    host.event("first-frame");
    host
}

/// Changes something, and waits until other code draws because of it. Returns the hash of that code.
#[track_caller]
fn comes_in(host: &mut Host, change: impl FnOnce()) -> Value {
    change();
    let swap = host.event("swap");
    host.event("first-frame");
    swap["to"].clone()
}

/// Makes two edits. Whatever starts builds without an end has started some between them.
#[track_caller]
fn takes_two_edits(scene: &Scene, mut host: Host) -> Ended {
    comes_in(&mut host, || scene.edit(300, 310));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    scene.ends_with_the_newest(host, &newest)
}

#[track_caller]
fn has_builds(ended: &Ended, most: usize) {
    let builds = ended.all("build").len();
    assert!(builds <= most, "{builds} builds: {ended:#?}");
}

fn output_of(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().expect("the host starts");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

/// Something that another program does again and again, until this is dropped.
struct Busy {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Busy {
    fn new(pause: Duration, mut act: impl FnMut(u64) + Send + 'static) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let end = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            while !end.load(Ordering::Relaxed) {
                act(number);
                number += 1;
                std::thread::sleep(pause);
            }
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // A panic of the thread has been printed.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

// Guests that never started.

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
    assert_eq!(builds, 3, "one for each edit");
    let _ = host.stop().exits(0).without(&["refused"]);
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

// Inputs that were not seen.

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

const SPEEDS: [&str; 2] = [
    "pub const SPEED: f32 = 300.0;\n",
    "pub const SPEED: f32 = 900.0;\n",
];

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

// Folders that are made anew.

/// A finished guest in a folder `dist`, and another one in a folder `next`.
fn finished() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    for (name, step) in [("dist", 1), ("next", 2)] {
        fs::create_dir(folder.path().join(name)).expect("a folder can be made");
        let file = folder.path().join(name).join("game.wasm");
        Guest::of::<Counter>().step(step).write(&file);
    }
    let guest = folder.path().join("dist/game.wasm");
    (folder, guest)
}

/// The guest in the folder comes in after this line, and so does the next one.
#[track_caller]
fn sees_the_next(folder: &TempDir, mut host: Host, guest: &Path, line: &str) {
    comes_in(&mut host, || shell(folder.path(), line));
    comes_in(&mut host, || Guest::of::<Counter>().step(3).write(guest));
    let _ = host.stop().exits(0);
}

#[test]
fn the_folder_of_a_finished_guest_is_removed_and_made_anew() {
    let (folder, guest) = finished();
    let mut host = started(Run::headless(&guest).args("--renderer null"));
    shell(folder.path(), "rm -r dist");
    host.event("refused");
    let line = "mkdir dist && cp next/game.wasm dist/game.wasm";
    sees_the_next(&folder, host, &guest, line);
}

#[test]
fn the_folder_of_a_finished_guest_is_replaced() {
    let (folder, guest) = finished();
    let host = started(Run::headless(&guest).args("--renderer null"));
    sees_the_next(&folder, host, &guest, "mv dist old && mv next dist");
}

#[test]
fn the_folder_of_a_finished_guest_is_a_link_that_changes() {
    let (folder, _) = finished();
    shell(folder.path(), "ln -s dist newest");
    let guest = folder.path().join("newest/game.wasm");
    let host = started(Run::headless(&guest).args("--renderer null"));
    let line = "ln -s next link && mv -T link newest";
    sees_the_next(&folder, host, &guest, line);
}

#[test]
fn the_folder_of_a_dependency_is_moved_away_and_made_anew() {
    let scene = Scene::with_dependency();
    scene.shell("cp -r ../pace ../next && sed -i s/300.0/310.0/ ../next/src/lib.rs");
    let mut host = scene.start();
    scene.shell("mv ../pace ../gone");
    while host.event("build")["ok"] == true {}
    comes_in(&mut host, || scene.shell("cp -r ../next ../pace"));
    let newest = comes_in(&mut host, || {
        scene.replace("../pace/src/lib.rs", "310.0", "320.0");
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn the_folder_of_the_sources_is_replaced() {
    let scene = Scene::plain();
    let mut host = scene.start();
    scene.shell("cp -r src ../next && sed -i s/300.0/310.0/ ../next/lib.rs");
    comes_in(&mut host, || scene.shell("mv src ../old && mv ../next src"));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}

// Files that are older than the build.

/// A guest with modules in the folder `a`, beside which an older folder with another speed lies.
fn with_older() -> Scene {
    let scene = Scene::new("mod a;\nuse a::b::c::SPEED;", &[]);
    for (folder, speed) in ["src/a", "../older/a"].into_iter().zip(SPEEDS) {
        scene.write(&format!("{folder}/mod.rs"), "pub mod b;\n");
        scene.write(&format!("{folder}/b/mod.rs"), "pub mod c;\n");
        scene.write(&format!("{folder}/b/c.rs"), speed);
    }
    scene.shell("find ../older -exec touch -d 2020-01-01 {} +");
    scene
}

#[track_caller]
fn sees_the_older(scene: &Scene, line: &str) {
    let mut host = scene.start();
    comes_in(&mut host, || scene.shell(line));
    let newest = comes_in(&mut host, || {
        scene.write("src/a/b/c.rs", "pub const SPEED: f32 = 1.0;\n");
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn an_older_folder_is_moved_into_place() {
    let scene = with_older();
    sees_the_older(&scene, "mv src/a ../gone && mv ../older/a src/a");
}

#[test]
fn an_older_folder_is_copied_into_place() {
    let scene = with_older();
    sees_the_older(&scene, "rm -rf src/a && cp -a ../older/a src/a");
}

#[test]
fn a_link_leads_to_an_older_folder() {
    let scene = with_older();
    scene.shell("mv src/a ../newer && ln -s ../../newer src/a");
    sees_the_older(&scene, "ln -s ../../older/a link && mv -T link src/a");
}

#[test]
fn an_older_folder_is_unpacked_over_the_sources() {
    let scene = with_older();
    sees_the_older(&scene, "tar -C ../older -c a | tar -C src -x");
}

/// Dates a file to this time after 2020-01-01.
#[track_caller]
fn date(path: &Path, since: Duration) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800) + since;
    let file = File::options().write(true).open(path);
    file.and_then(|file| file.set_modified(time))
        .expect("a file can be dated");
}

/// A source is replaced while the host polls. The dates of both are these.
#[track_caller]
fn polling_sees(before: Duration, after: Duration) {
    let scene = Scene::plain();
    let source = scene.0.source();
    date(&source, before);
    let mut host = started(scene.run().args("--poll 50"));
    let new = scene.path("../new.rs");
    write(&new, &scene.edited(310));
    date(&new, after);
    comes_in(&mut host, || rename(&new, &source));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn polling_sees_an_older_file() {
    polling_sees(Duration::from_secs(200), Duration::from_secs(100));
}

#[test]
fn polling_sees_an_edit_in_the_same_second() {
    polling_sees(Duration::from_millis(100), Duration::from_millis(600));
}

// Paths that the user names.

#[test]
fn a_file_is_watched_beside_the_sources() {
    let scene = Scene::plain();
    let file = scene.path("../levels.txt");
    write(&file, "one");
    let mut host = started(scene.run().file("--watch", &file, ""));
    comes_in(&mut host, || scene.edit(300, 310));
    write(&file, "two");
    host.event("same-code");
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    // Once it is gone, a person hears so.
    std::fs::remove_file(&file).expect("it is there");
    let notice = host.event("notice")["message"].to_string();
    assert!(notice.contains("levels.txt"), "{notice}");
    assert!(notice.contains("no such file"), "{notice}");
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_path_that_is_not_there_is_a_mistake_on_the_command_line() {
    let (_folder, guest) = finished();
    let run = Run::headless(&guest).args("--renderer null --frames 1 --watch /nonexistent");
    let ended = run.to_end().exits(2).without(&["start"]);
    let _ = ended.says_once(&["/nonexistent", "--watch"]);
}

// The folder in which cargo runs.

const TINY: [(&str, &str); 2] = [
    (
        "Cargo.toml",
        "[package]\nname = \"vblank-tiny\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
    ),
    ("src/lib.rs", "pub const SPEED: f32 = 300.0;\n"),
];

/// The guest depends on a crate that only its settings of cargo lead to.
#[track_caller]
fn builds_from_above(dependency: &str, config: &str) {
    let scene = Scene::new("use vblank_tiny::SPEED;", &[(".cargo/config.toml", config)]);
    for (file, text) in TINY {
        scene.write(&format!("crates/vblank-tiny/{file}"), text);
    }
    let checksum = "crates/vblank-tiny/.cargo-checksum.json";
    scene.write(checksum, "{\"files\":{},\"package\":null}");
    scene.append("Cargo.toml", &format!("vblank-tiny = {dependency}\n"));
    // The crate lies in the workspace, and is no part of it.
    let excluded = "[workspace]\nexclude = [\"hello/crates\"]\n";
    scene.replace("../Cargo.toml", "[workspace]\n", excluded);
    for (folder, guest) in [(".", "."), ("..", "hello")] {
        let (code, said) = output_of(scene.build(&scene.path(folder), &[guest]));
        assert_eq!(code, Some(0), "in {folder}: {said}");
    }
    assert!(scene.0.wasm().is_file());
}

#[test]
fn a_vendored_crate_is_found_from_everywhere() {
    let index = "sparse+https://registry.invalid/";
    let config = format!(
        "[registries.tiny]\nindex = \"{index}\"\n[source.tiny]\nregistry = \"{index}\"\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"crates\"\n"
    );
    builds_from_above("{ version = \"1\", registry = \"tiny\" }", &config);
}

#[test]
fn a_patched_crate_is_found_from_everywhere() {
    let config = "[patch.crates-io]\nvblank-tiny = { path = \"crates/vblank-tiny\" }\n";
    builds_from_above("\"1\"", config);
}

// The cause of a failure.

fn lacks_rustup() -> bool {
    let lacks = Command::new("rustup").arg("--version").output().is_err();
    if lacks {
        skip("it needs rustup");
    }
    lacks
}

/// Settings with which rustup installs nothing.
const NO_INSTALLING: [(&str, &str); 2] = [
    ("RUSTUP_AUTO_INSTALL", "0"),
    ("RUSTUP_DIST_SERVER", "http://127.0.0.1:9"),
];

/// Building with this `rust-toolchain.toml` fails with these words of rustup.
#[track_caller]
fn is_refused_by_rustup(file: &str, words: &[&str]) {
    if lacks_rustup() {
        return;
    }
    let demo = Demo::copy_cold("hello");
    write(&demo.folder().join("rust-toolchain.toml"), file);
    let scene = Scene(demo);
    let mut command = scene.build(&scene.0.folder(), &[]);
    command.env_remove("RUST_BACKTRACE").envs(NO_INSTALLING);
    let (code, said) = output_of(command);
    assert_eq!(code, Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
    let wrong = "has no wasm32-unknown-unknown target";
    assert!(!said.contains(wrong), "{said}");
}

#[test]
fn a_toolchain_that_there_is_not() {
    let file = "[toolchain]\nchannel = \"banana\"\n";
    is_refused_by_rustup(file, &["banana", "rust-toolchain.toml"]);
}

#[test]
fn a_toolchain_that_is_not_installed() {
    let file = "[toolchain]\nchannel = \"nightly-2020-01-01\"\n";
    is_refused_by_rustup(file, &["2020-01-01"]);
}

#[test]
fn a_choice_of_a_toolchain_that_is_no_toml() {
    is_refused_by_rustup("[toolchain\nchannel", &["rust-toolchain.toml", "TOML"]);
}

#[test]
fn a_choice_of_a_toolchain_is_an_input() {
    if lacks_rustup() {
        return;
    }
    let scene = Scene::plain();
    let [install, server] = NO_INSTALLING;
    let run = scene.run().env(install.0, install.1);
    let mut host = started(run.env(server.0, server.1));
    let file = "rust-toolchain.toml";
    scene.write(file, "[toolchain]\nchannel = \"banana\"\n");
    let build = loop {
        let build = host.event("build");
        if build["ok"] == false {
            break build["message"].to_string();
        }
    };
    assert!(build.contains("banana"), "{build}");
    remove(&scene.path(file));
    host.event("same-code");
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let _ = scene.ends_with_the_newest(host, &newest);
}

// Ways of saving.

/// Saves a text as a program does it.
type Save = fn(source: &Path, text: &str);

fn beside(source: &Path, name: &str) -> PathBuf {
    source.with_file_name(name)
}

#[track_caller]
fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).expect("a file can be renamed");
}

#[track_caller]
fn remove(path: &Path) {
    fs::remove_file(path).expect("a file can be removed");
}

/// vim looks whether it may make files in the folder.
fn probe(source: &Path) {
    let probe = beside(source, "4913");
    write(&probe, "");
    remove(&probe);
}

const SAVES: [(&str, Save); 10] = [
    ("in place", |source, text| write(source, text)),
    ("vim with a backup", |source, text| {
        probe(source);
        rename(source, &beside(source, "lib.rs~"));
        write(source, text);
        remove(&beside(source, "lib.rs~"));
    }),
    ("vim in place", |source, text| {
        probe(source);
        fs::copy(source, beside(source, "lib.rs~")).expect("a file can be copied");
        write(source, text);
        remove(&beside(source, "lib.rs~"));
    }),
    ("sed -i", |source, text| {
        let (_, speed) = text.split_once("{ -").expect("there is a speed");
        let (speed, _) = speed.split_once('.').expect("it ends");
        let line = format!("sed -i 's/{{ -[0-9]*/{{ -{speed}/' lib.rs");
        shell(source.parent().expect("it lies in a folder"), &line);
    }),
    ("JetBrains", |source, text| {
        let (new, old) = ("lib.rs___jb_tmp___", "lib.rs___jb_old___");
        write(&beside(source, new), text);
        rename(source, &beside(source, old));
        rename(&beside(source, new), source);
        remove(&beside(source, old));
    }),
    ("emacs", |source, text| {
        let lock = beside(source, ".#lib.rs");
        symlink("me@here.1234:1700000000", &lock).expect("a link can be made");
        rename(source, &beside(source, "lib.rs~"));
        write(source, text);
        remove(&lock);
    }),
    ("a rename", |source, text| {
        write(&beside(source, "lib.rs.tmp"), text);
        rename(&beside(source, "lib.rs.tmp"), source);
    }),
    ("removed and written", |source, text| {
        remove(source);
        write(source, text);
    }),
    ("with CRLF", |source, text| {
        write(source, &text.replace('\n', "\r\n"));
    }),
    ("with a byte order mark", |source, text| {
        write(source, &format!("\u{feff}{text}"));
    }),
];

#[test]
fn every_way_of_saving_comes_in() {
    let scene = Scene::plain();
    let mut host = scene.start();
    let mut newest = Value::Null;
    for ((name, save), speed) in SAVES.into_iter().zip(301..) {
        println!("saved by: {name}");
        let text = scene.edited(speed);
        newest = comes_in(&mut host, || save(&scene.0.source(), &text));
    }
    let ended = scene.ends_with_the_newest(host, &newest);
    assert_eq!(ended.all("swap").len(), SAVES.len(), "{ended:#?}");
}

#[test]
fn a_folder_with_a_peculiar_name() {
    let scene = Scene::plain();
    let name = "my [first] gäme {ボール} 100% & 'co'";
    scene.replace("../Cargo.toml", "[\"hello\"]", "[\"*ボール*\"]");
    let folder = scene.path("..").join(name);
    rename(&scene.0.folder(), &folder);
    write(&folder.join("assets [1]/level ü.txt"), "3");
    let source = folder.join("src/lib.rs");
    let text = fs::read_to_string(&source).expect("there is a source");
    let item =
        "const SPEED: f32 = include_str!(\"../assets [1]/level ü.txt\").as_bytes()[0] as f32;";
    write(&source, &(text.replace(" 300.0 }", " SPEED }") + item));
    let run = || Run::headless(&folder).args("--renderer null");
    let mut host = started(run());
    comes_in(&mut host, || {
        write(&folder.join("assets [1]/level ü.txt"), "9");
    });
    let newest = comes_in(&mut host, || {
        let text = fs::read_to_string(&source).expect("there is a source");
        write(&source, &text.replace("-300.0", "-310.0"));
    });
    let _ = host.stop().exits(0).without(&["refused"]);
    let alone = run().args("--frames 1").to_end().exits(0);
    assert_eq!(newest, alone.only("start")["hash"]);
}

#[test]
fn thirty_modules_are_rewritten_at_once() {
    let names: Vec<_> = (0..30).map(|number| format!("part{number}")).collect();
    let modules: String = names.iter().map(|name| format!("mod {name};\n")).collect();
    let sum = names.join("::SPEED + ");
    let scene = Scene::new(&format!("{modules}const SPEED: f32 = {sum}::SPEED;"), &[]);
    let write_all = |speed: u32| {
        for name in &names {
            // As git does it.
            let file = scene.path("src").join(name).with_extension("rs");
            let _ = fs::remove_file(&file);
            write(&file, &format!("pub const SPEED: f32 = {speed}.0;\n"));
        }
    };
    write_all(10);
    let mut host = scene.start();
    let newest = comes_in(&mut host, || write_all(20));
    let same = host.settle(&scene.0.source());
    assert_eq!(same["hash"], newest);
    let ended = scene.ends_with_the_newest(host, &newest);
    let _ = ended.only("swap");
}

// Peculiar things among the sources.

#[test]
fn loops_of_links_and_files_that_are_none_lie_among_the_sources() {
    let scene = Scene::plain();
    scene.shell(
        "mkdir src/a && ln -s .. src/a/up && ln -s round src/round && ln -s round.rs src/round.rs
         ln -s nowhere.rs src/none.rs && mkfifo src/pipe src/pipe.rs",
    );
    let _socket = UnixListener::bind(scene.path("src/socket.rs")).expect("a socket can be made");
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

#[test]
fn a_folder_among_the_sources_cannot_be_read() {
    let scene = Scene::plain();
    scene.shell("mkdir -p src/a/secret && chmod 000 src/a/secret");
    let mut run = scene.run();
    if fs::read_dir(scene.path("src/a/secret")).is_ok() {
        let words = ["--bounding-set", "-dac_override,-dac_read_search"];
        let allowed = Command::new("setpriv").args(words).arg("true").output();
        if !allowed.is_ok_and(|output| output.status.success()) {
            skip("this user can read every folder");
            return;
        }
        run = run.within("setpriv", &words);
    }
    let ended = takes_two_edits(&scene, started(run));
    scene.shell("chmod 700 src/a/secret");
    has_builds(&ended, 3);
}

#[test]
fn a_file_among_the_sources_changes_a_thousand_times_a_second() {
    let scene = Scene::plain();
    let file = scene.path("src/busy.txt");
    let _busy = Busy::new(Duration::from_millis(1), move |number| {
        write(&file, &number.to_string());
    });
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

/// A user namespace in which nobody may watch anything reproduces the limit.
#[test]
fn the_limit_of_watchers_is_reached() {
    let none_left = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"";
    let words = ["--user", "--map-root-user", "sh", "-c", none_left, "sh"];
    let allowed = Command::new("unshare").args(words).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        skip("it needs user namespaces: unshare --user --map-root-user");
        return;
    }
    let scene = Scene::plain();
    let _ = takes_two_edits(&scene, started(scene.run().within("unshare", &words)));
}
