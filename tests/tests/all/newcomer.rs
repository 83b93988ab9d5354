//! A newcomer's way: `host new`, `host run`, and ten edits of growing daring, in a terminal. After each, what
//! the report and the status line say is true, and the world lives on.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Demo, Typed, host, show_state, workspace};

/// A new game, and the terminal in which it runs.
struct Newcomer {
    folder: TempDir,
    host: Typed,
    /// The code that runs, as told last.
    runs: String,
    /// The last image of the state, and the frame that it is of.
    world: Value,
    frame: u64,
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is text"))
}

impl Newcomer {
    fn begin() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let target = folder.path().join("target");
        Demo::seed(&target);
        let made = host(folder.path())
            .args(["new", "pong"])
            .current_dir(folder.path())
            .output()
            .expect("the host starts");
        assert!(made.status.success(), "{made:?}");
        // Dependencies as the demos have them, which are there and may be compiled already.
        let lock = workspace().join("demos/Cargo.lock");
        std::fs::copy(lock, folder.path().join("pong/Cargo.lock")).expect("a file can be copied");
        let flags = ["pong", "--headless", "--renderer", "null"];
        let target = [("CARGO_TARGET_DIR", target.as_os_str())];
        let mut host = Typed::run(folder.path(), flags, &target);
        let start = host.event("start");
        host.event("first-frame");
        let mut newcomer = Self {
            folder,
            host,
            runs: text(&start["hash"]).to_owned(),
            world: Value::Null,
            frame: 0,
        };
        newcomer.is_the_newest();
        newcomer.look();
        newcomer
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("pong/src/lib.rs")
    }

    fn read(&self) -> String {
        std::fs::read_to_string(self.source()).expect("the source is there")
    }

    fn save(&self, source: &str) {
        std::fs::write(self.source(), source).expect("the source can be written");
    }

    /// Replaces pieces of the source, each of which must occur once, and saves.
    #[track_caller]
    fn edit(&self, pieces: &[(&str, &str)]) {
        let mut source = self.read();
        for (old, new) in pieces {
            assert_eq!(source.matches(old).count(), 1, "{old:?} in {source}");
            source = source.replace(old, new);
        }
        self.save(&source);
    }

    /// Hash of the file that the last build left.
    fn built(&self) -> String {
        let file = "target/wasm32-unknown-unknown/debug/pong.wasm";
        hash_of(&self.folder.path().join(file))
    }

    /// The newest build takes over, and that is what is said.
    #[track_caller]
    fn takes_over(&mut self, verdict: &str, change: &str) -> Value {
        let swap = self.swap();
        assert_eq!(swap["verdict"], verdict, "{swap}");
        let changes = swap["changes"].to_string();
        assert!(changes.contains(change), "no {change:?} in {changes}");
        self.is_the_newest();
        self.look();
        swap
    }

    #[track_caller]
    fn swap(&mut self) -> Value {
        let swap = self.host.event("swap");
        assert_eq!(swap["from"], *self.runs, "{swap}");
        assert_eq!(swap["to"], *self.built(), "what was built is what came in");
        self.runs = text(&swap["to"]).to_owned();
        swap
    }

    /// The newest build fails while it runs; the version before has the game back.
    #[track_caller]
    fn gives_way(&mut self, why: &str) {
        let (before, failed) = (self.runs.clone(), self.swap());
        let rollback = self.host.event("rollback");
        assert_eq!(rollback["from"], failed["to"], "{rollback}");
        assert_eq!(rollback["to"], *before, "{rollback}");
        let message = rollback["reason"].to_string();
        assert!(message.contains(why), "no {why:?} in {message}");
        let newest = short(&failed["to"]);
        self.runs = before;
        self.status(&format!("the newest source is {newest} and does not run"));
        self.look();
    }

    /// The newest source runs already.
    #[track_caller]
    fn is_the_same(&mut self) {
        let same = self.host.event("same-code");
        assert_eq!(same["hash"], *self.built(), "{same}");
        assert_eq!(same["hash"], *self.runs, "{same}");
        assert_eq!(same["runs"], true, "{same}");
        self.is_the_newest();
        self.look();
    }

    #[track_caller]
    fn is_the_newest(&mut self) {
        assert_eq!(self.runs, self.built());
        self.status("this is the newest source");
    }

    /// The status line tells this of the source, and which code runs.
    #[track_caller]
    fn status(&mut self, source: &str) {
        let runs = format!("{} for ", &self.runs[..6]);
        self.host.shows(&[&runs, source]);
    }

    /// Saves an image, and checks that the world is the same as before, some frames later.
    #[track_caller]
    fn look(&mut self) {
        self.host.press("i");
        let image = self.host.event("image");
        let frame = image["saved"].as_u64().expect("a frame has a number");
        let world = show_state(Path::new(text(&image["file"])));
        assert!(frame > self.frame, "{frame} after {}", self.frame);
        if !self.world.is_null() {
            assert_eq!(world["stars"], self.world["stars"], "the sky is the same");
            assert_ne!(world["position"], self.world["position"], "it moves");
        }
        (self.world, self.frame) = (world, frame);
    }

    #[track_caller]
    fn number(&self, field: &str) -> u64 {
        let number = self.world[field].as_u64();
        number.unwrap_or_else(|| panic!("no {field} in {}", self.world))
    }
}

fn short(hash: &Value) -> String {
    text(hash)[..6].to_owned()
}

#[track_caller]
fn hash_of(file: &Path) -> String {
    let output = host(&std::env::temp_dir())
        .args([OsStr::new("inspect"), file.as_os_str(), "--json".as_ref()])
        .output()
        .expect("the host starts");
    let facts: Value = serde_json::from_slice(&output.stdout).expect("inspect prints JSON");
    text(&facts["hash"]).to_owned()
}

#[test]
fn ten_edits_of_growing_daring() {
    let mut pong = Newcomer::begin();
    assert_eq!(pong.world["stars"].as_array().map(Vec::len), Some(200));

    // A constant.
    pong.edit(&[("PULL: f32 = 3.0", "PULL: f32 = 9.0")]);
    let _ = pong.takes_over("identical", "[]");

    // A new field, which counts from a default of its own.
    pong.edit(&[
        (
            "    velocity: Vec2,\n",
            "    velocity: Vec2,\n    #[state(default = 1000)]\n    steps: u32,\n",
        ),
        ("330.0),\n", "330.0),\n            steps: 0,\n"),
        (
            "truncate(TAIL);\n",
            "truncate(TAIL);\n        self.steps += 1;\n",
        ),
    ]);
    let _ = pong.takes_over("automatic", "steps");
    let steps = pong.number("steps");
    assert!(steps > 1000, "{steps}");

    // The counter gets another name, and keeps counting.
    pong.edit(&[
        ("#[state(default = 1000)]", "#[state(alias = \"steps\")]"),
        ("    steps: u32,", "    updates: u32,"),
        ("steps: 0", "updates: 0"),
        ("self.steps", "self.updates"),
    ]);
    let _ = pong.takes_over("automatic", "renamed from steps");
    assert!(pong.number("updates") > steps);

    // A new type, in a list.
    pong.edit(&[
        ("    stars: Vec<Vec2>,\n", "    stars: Vec<Vec2>,\n    moons: Vec<Moon>,\n"),
        ("            tail: VecDeque::new(),\n", "            tail: VecDeque::new(),\n            moons: Vec::new(),\n"),
        (
            "self.updates += 1;\n",
            "self.updates += 1;\n        if self.moons.len() < 3 {\n            self.moons.push(Moon { at: self.position, phase: 0.5 });\n        }\n",
        ),
        ("game!(World);\n", "#[derive(State)]\nstruct Moon {\n    at: Vec2,\n    phase: f32,\n}\n\ngame!(World);\n"),
    ]);
    let _ = pong.takes_over("automatic", "moons");
    let moons = pong.world["moons"].clone();
    assert_eq!(moons.as_array().map(Vec::len), Some(3), "{moons}");

    // A field is removed, and its value is parked.
    pong.edit(&[
        ("    #[state(alias = \"steps\")]\n    updates: u32,\n", ""),
        ("            updates: 0,\n", ""),
        ("        self.updates += 1;\n", ""),
    ]);
    let swap = pong.takes_over("automatic", "parked");
    assert!(swap["parked"].to_string().contains("updates"), "{swap}");
    let good = pong.read();

    // A panic, and a loop that never ends.
    let update = "truncate(TAIL);\n";
    pong.edit(&[(
        update,
        "truncate(TAIL);\n        assert!(self.tail.is_empty(), \"oh no\");\n",
    )]);
    pong.gives_way("oh no");
    pong.save(&good);
    pong.is_the_same();
    pong.edit(&[(
        update,
        "truncate(TAIL);\n        while self.tail.len() > 1 {}\n",
    )]);
    pong.gives_way("ran longer");

    // An edit that does not compile, and its undoing.
    pong.edit(&[("fn update(", "fn update")]);
    let build = pong.host.event("build");
    assert_eq!(build["ok"], false, "{build}");
    assert!(text(&build["message"]).contains("src/lib.rs"), "{build}");
    pong.status("the newest source does not build");
    pong.look();
    pong.save(&good);
    pong.is_the_same();

    // A save without a change.
    pong.save(&good);
    pong.is_the_same();

    assert_eq!(pong.world["moons"], moons, "no moon was lost on the way");
    pong.host.press("q");
    let end = pong.host.event("end");
    assert!(end["frames"].as_u64() > Some(pong.frame), "{end}");
    let screen = pong.host.end();
    assert!(screen.contains("code 0"), "{screen}");
}
