//! Capabilities that a plugin says it wants, in a file beside it: shown, asked for, and waited for.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_runtime::guest::CallResult;
use vblank_runtime::plugin::{Change, Host, Slot};
use vblank_tests::{DEADLINE, Demo, Guest, host, wait_until};

vblank_runtime::plugin!(
    Tally, path: ["../wit", "wit"], world: "vblank:tests/tally",
    data: Board, imports: [vblank::tests::board],
);

/// The application's board, which shows nothing.
#[derive(Default)]
pub struct Board;

impl vblank::tests::board::Host for Board {
    fn show(&mut self, number: u64) -> CallResult<u64> {
        Ok(number)
    }
}

/// A plugin in a folder of its own.
struct Scene {
    home: TempDir,
    wasm: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        let wasm = home.path().join("tally.wasm");
        std::fs::write(&wasm, Guest::plugin().component()).expect("it can be written");
        Self { home, wasm }
    }

    fn wants(&self, text: &str) {
        let file = self.home.path().join("tally.wants.toml");
        std::fs::write(file, text).expect("it can be written");
    }
}

fn add(slot: &mut Slot<Tally>) -> u64 {
    let sum = slot.call(|tally, store| tally.vblank_tests_counting().call_add(store, 1));
    sum.unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn next_change(slot: &mut Slot<Tally>) -> Change {
    wait_until("a change at a boundary", DEADLINE, || slot.boundary())
}

fn inspect(wasm: &Path, arguments: &[&str]) -> String {
    let mut command = host(wasm.parent().expect("it lies in a folder"));
    command.arg("inspect").arg(wasm).args(arguments);
    let output = command.output().expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_is_wanted_is_shown_with_its_reasons() {
    let scene = Scene::new();
    scene.wants("clock = \"to date its notes\"\n\"read=/data\" = \"the dictionaries\"");
    let text = inspect(&scene.wasm, &[]);
    assert!(
        text.contains("wants      clock  to date its notes\n"),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&inspect(&scene.wasm, &["--json"])).expect("it is JSON");
    assert_eq!(json["wants"][1]["capability"], "read=/data");
    assert_eq!(json["wants"][1]["reason"], "the dictionaries");
}

#[test]
fn a_plugin_does_not_start_without_what_it_wants() {
    let scene = Scene::new();
    scene.wants("clock = \"to date its notes\"\n\"read=/data\" = \"the dictionaries\"");
    let host = Host::new().unwrap();
    let clock = || host.slot::<Tally>("tally").allow("clock".parse().unwrap());
    let error = clock()
        .load(&scene.wasm)
        .err()
        .expect("it wants more")
        .to_string();
    assert!(
        error.contains(
            "plugin tally: wants what is not granted; grant it with these arguments, \
             or with `host allow` while it runs\
             \n  its author says: the dictionaries\n    --allow read=DIR::/data"
        ),
        "{error}"
    );
    let folder = format!("read={}::/data", scene.home.path().display());
    let slot = clock().allow(folder.parse().unwrap()).load(&scene.wasm);
    assert_eq!(add(&mut slot.unwrap()), 1);
}

#[test]
fn a_version_that_wants_more_waits_for_consent() {
    let scene = Scene::new();
    let host = Host::new().unwrap();
    let mut slot = host.slot::<Tally>("tally").watch(&scene.wasm).unwrap();
    add(&mut slot);
    let newer = Guest::plugin().step(100).component();
    scene.wants("clock = \"to date\"\n\"env=LANG\" = \"to speak\"");
    std::fs::write(&scene.wasm, newer).unwrap();
    let change = loop {
        let change = next_change(&mut slot);
        // The list alone may be seen first: the same code, and it wants more.
        if add(&mut slot) < 100 && change.to_string().contains("refused") {
            break change.to_string();
        }
    };
    assert!(
        change.contains("its author says: to date\n    --allow clock\n  its author says: to speak\n    --allow env=LANG"),
        "{change}"
    );
    let mut count = add(&mut slot);
    slot.allow("clock".parse().unwrap()).unwrap();
    let still = loop {
        let change = next_change(&mut slot).to_string();
        if !change.contains("clock") {
            break change;
        }
    };
    assert!(
        still.contains("its author says: to speak\n    --allow env=LANG"),
        "{still}"
    );
    slot.allow("env=LANG".parse().unwrap()).unwrap();
    loop {
        if let Change::Swapped { .. } = next_change(&mut slot) {
            let before = std::mem::replace(&mut count, add(&mut slot));
            if count == before + 100 {
                break;
            }
            // The old code may come in first, with the list that is granted by now.
            assert_eq!(count, before + 1, "its state");
        }
    }
}

/// Only the list beside the file is changed: its author wants less.
#[test]
fn a_version_that_wants_less_comes_in() {
    let scene = Scene::new();
    let host = Host::new().unwrap();
    let mut slot = host.slot::<Tally>("tally").watch(&scene.wasm).unwrap();
    scene.wants("clock = \"to date\"");
    std::fs::write(&scene.wasm, Guest::plugin().step(100).component()).unwrap();
    while !next_change(&mut slot).to_string().contains("--allow clock") {}
    scene.wants("");
    loop {
        if let Change::Swapped { .. } = next_change(&mut slot) {
            break;
        }
    }
    assert!(add(&mut slot) >= 100);
}

#[test]
fn a_list_that_is_none_is_told() {
    let scene = Scene::new();
    scene.wants("clokc = \"to date\"");
    let slot = Host::new()
        .unwrap()
        .slot::<Tally>("tally")
        .load(&scene.wasm);
    let error = slot.err().expect("nobody knows what it wants").to_string();
    assert!(
        error.contains("tally.wants.toml does not say what the plugin wants"),
        "{error}"
    );
    assert!(error.contains("unknown capability `clokc`"), "{error}");
}

/// A crate says it in `wants.toml`, which goes with what is built of it.
#[test]
fn what_a_crate_wants_lies_beside_what_it_is_built_to() {
    let demo = Demo::copy("plugins/number");
    let list = demo.folder().join("wants.toml");
    let build = || {
        let mut command = host(&demo.folder());
        command.arg("build").arg(demo.folder());
        let output = command.output().expect("the host starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        inspect(&demo.wasm(), &[])
    };
    std::fs::write(&list, "clock = \"to date\"").expect("it can be written");
    let text = build();
    assert!(text.contains("wants      clock  to date"), "{text}");
    std::fs::remove_file(&list).expect("it is there");
    let text = build();
    assert!(!text.contains("wants"), "{text}");
}
