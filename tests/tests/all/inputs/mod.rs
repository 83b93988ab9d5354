//! What starts a build: everything that the last build has read, and nothing else.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, SystemTime};

use rustix::process::{Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{
    Busy, Counter, DEADLINE, Demo, Ended, Guest, Host, Run, host, name_of, skip, wait_until,
};

mod cargo;
mod clock;
mod endless;
mod mended;
mod moved;
mod replaced;
mod saving;
mod scripts;
mod sources;
mod storms;

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

    /// All hosts of a scene share a home, and so the code that they have compiled.
    fn run(&self) -> Run {
        let home = self.0.beside("home");
        fs::create_dir_all(&home).expect("a folder can be made");
        let run = Run::headless(&self.0.folder()).args("--renderer null");
        run.home(&home)
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

const SPEEDS: [&str; 2] = [
    "pub const SPEED: f32 = 300.0;\n",
    "pub const SPEED: f32 = 900.0;\n",
];

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

#[track_caller]
fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).expect("a file can be renamed");
}

#[track_caller]
fn remove(path: &Path) {
    fs::remove_file(path).expect("a file can be removed");
}
