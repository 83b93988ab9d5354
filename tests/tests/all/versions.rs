//! Ten versions of one game, in `tests/versions/`: played in order in one run with its live state,
//! explicit steps among them; and what `host check` says of every pair.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};
use vblank_tests::{Demo, Run, host_binary, show_state, workspace};

const VERSIONS: usize = 10;
/// Updates that each version runs for.
const EACH: usize = 10;

/// All versions, built once for all tests here.
static BUILT: LazyLock<(Demo, Vec<PathBuf>)> = LazyLock::new(|| {
    let demo = Demo::copy("hello");
    let build = |version: usize| {
        let source = workspace().join(format!("tests/versions/{version:02}.rs"));
        let text = std::fs::read_to_string(&source)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", source.display()));
        std::fs::write(demo.source(), text).expect("the copy can be written");
        demo.build();
        demo.keep_wasm(&format!("{version:02}.wasm"))
    };
    let files = (1..=VERSIONS).map(build).collect();
    (demo, files)
});

#[test]
fn ten_versions_in_one_run() {
    let (demo, files) = &*BUILT;
    let image = demo.beside("end.vbs");
    let mut run = Run::headless(&files[0])
        .args("--fast --renderer null")
        .args(&format!("--frames {}", VERSIONS * EACH));
    for (index, file) in files.iter().enumerate().skip(1) {
        run = run.arg("--swap-at");
        run = run.arg(format!("{}={}", index * EACH, file.display()));
    }
    let ended = run.file("--state-out", &image, "").to_end().exits(0);

    let verdicts: Vec<_> = ended
        .all("swap")
        .iter()
        .map(|swap| &swap["verdict"])
        .collect();
    let expected = [
        "identical",
        "automatic",
        "automatic",
        "automatic",
        "automatic",
        "migrated",
        "migrated",
        "migrated",
        "automatic",
    ];
    assert_eq!(verdicts, expected);

    // The prediction of a fresh reading of the ten files.
    let units: Vec<Value> = (0..600)
        .map(|i| json!([i, { "x": f64::from(i) + 100.0, "y": 0.0, "hp": 10 }]))
        .collect();
    let predicted = json!({
        "age": 100,
        "name": "camp",
        "gold": 100 + 10 + 9 * 20,
        "camp": { "beds": 8, "rooms": 2 },
        "units": units,
        "weather": { "Rain": 100 },
    });
    assert_eq!(show_state(&image), predicted);
}

/// The type that `host check` finds in a file is that of the running guest.
#[test]
fn the_file_and_the_running_guest_agree() {
    let (demo, files) = &*BUILT;
    for (index, file) in files.iter().enumerate() {
        let image = demo.beside(&format!("fresh-{index}.vbs"));
        let run = Run::headless(file).args("--fast --renderer null --frames 1");
        let _ = run.file("--state-out", &image, "").to_end().exits(0);
        let output = Command::new(host_binary())
            .arg("check")
            .args([file, &image])
            .output()
            .expect("the host starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said, "identical\n", "version {}", index + 1);
    }
}

/// Version 5 parks the name; an image keeps it, and version 6 picks it up in another run.
#[test]
fn a_parked_value_survives_a_restart() {
    let (demo, files) = &*BUILT;
    let (four, five, six) = (&files[3], &files[4], &files[5]);
    let image = demo.beside("parked.vbs");
    let ended = Run::headless(four)
        .args("--fast --renderer null --frames 20 --swap-at")
        .arg(format!("10={}", five.display()))
        .file("--state-out", &image, "")
        .to_end()
        .exits(0);
    assert_eq!(ended.only("swap")["parked"], json!(["name"]));
    assert_eq!(show_state(&image)["name"], Value::Null);

    let resumed = demo.beside("resumed.vbs");
    let ended = Run::headless(six)
        .args("--fast --renderer null --frames 5")
        .file("--state-in", &image, "")
        .file("--state-out", &resumed, "")
        .to_end()
        .exits(0);
    assert_eq!(ended.frames(), 5);
    assert_eq!(show_state(&resumed)["name"], "camp");
    assert_eq!(show_state(&resumed)["age"], 25);

    let migrated = demo.beside("migrated.vbs");
    let output = Command::new(host_binary())
        .args(["state", "migrate"])
        .arg(&image)
        .arg("--to")
        .arg(six)
        .arg("--out")
        .arg(&migrated)
        .output()
        .expect("the host starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(show_state(&migrated)["name"], "camp");
    assert_eq!(show_state(&migrated)["age"], 20);
}

#[test]
fn check_says_of_every_pair_what_it_said() {
    let (_, files) = &*BUILT;
    let mut said = String::new();
    for (old, old_file) in files.iter().enumerate() {
        for (new, new_file) in files.iter().enumerate() {
            let output = Command::new(host_binary())
                .arg("check")
                .args([old_file, new_file])
                .output()
                .expect("the host starts");
            let code = output.status.code().expect("it ends by itself");
            let text = String::from_utf8(output.stdout).expect("it prints text");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(errors.is_empty(), "{errors}");
            let _ = writeln!(said, "=== {} to {}: exit {code}\n{text}", old + 1, new + 1);
        }
    }
    let golden = workspace().join("tests/versions/check.txt");
    if std::env::var_os("VBLANK_BLESS").is_some() {
        std::fs::write(&golden, &said).expect("the golden file can be written");
    }
    let known = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        said == known,
        "host check says something else than tests/versions/check.txt; look at it, and write it anew \
         with VBLANK_BLESS=1 cargo xtask test check_says\n{said}"
    );
}
