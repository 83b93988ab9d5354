//! The report is a contract: names, order and values of its fields are held to a recording of a played
//! run, `tests/report.jsonl`. Times and hashes differ from run to run, so they are replaced first.
//!
//! `VBLANK_BLESS=1 cargo xtask test report_fields` writes the recording anew.

use std::collections::BTreeMap;

use vblank_tests::{Counter, Guest, host, workspace};

mod richer {
    use vblank_derive::State;

    /// The counter's state with a field more.
    #[derive(Default, State)]
    pub struct Counter {
        count: u32,
        bonus: u32,
    }
}

/// Replaces fractions by `0.0` and each hash by its number in the order of appearance.
fn without_times_and_hashes(report: &str) -> String {
    let mut hashes = BTreeMap::new();
    let mut text = String::new();
    let mut rest = report;
    while let Some(c) = rest.chars().next() {
        let word = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(word);
        if token.len() == 64 && token.chars().all(|c| c.is_ascii_hexdigit()) {
            let number = hashes.len();
            let number = *hashes.entry(token.to_owned()).or_insert(number);
            text.push_str(&format!("hash-{number}"));
            rest = after;
        } else if token.contains('.') && token.parse::<f64>().is_ok() {
            text.push_str("0.0");
            rest = after;
        } else if word > 0 {
            text.push_str(token);
            rest = after;
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    text
}

#[test]
fn a_played_run_is_reported_as_before() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = |name: &str, guest: Guest| {
        let path = folder.path().join(name);
        guest.write(&path);
        path
    };
    let first = file("first.wasm", Guest::of::<Counter>());
    let identical = file("second.wasm", Guest::of::<Counter>().step(2));
    let automatic = file("third.wasm", Guest::of::<richer::Counter>());
    let fails = file("fourth.wasm", Guest::of::<richer::Counter>().trap_at(45));
    let refuses = file(
        "fifth.wasm",
        Guest::of::<richer::Counter>().refuse_state("not this one"),
    );
    let breaks = file("sixth.wasm", Guest::of::<richer::Counter>().trap_at(190));
    let nothing = folder.path().join("seventh.wasm");
    std::fs::write(&nothing, "no guest").expect("the file can be written");
    let report = folder.path().join("report.jsonl");
    let mut run = host(folder.path());
    run.arg("run").arg(&first).arg("--report").arg(&report);
    run.args([
        "--headless",
        "--fast",
        "--renderer",
        "null",
        "--frames",
        "300",
    ]);
    for (frame, guest) in [
        (10, &identical),
        (20, &automatic),
        (40, &fails),
        (50, &refuses),
        (60, &nothing),
        (70, &breaks),
    ] {
        run.arg("--swap-at");
        run.arg(format!("{frame}={}", guest.display()));
    }
    let output = run.output().expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");

    let report = std::fs::read_to_string(&report).expect("the report is there");
    let folder = folder.path().display().to_string();
    let report = without_times_and_hashes(&report.replace(&folder, "FOLDER"));
    let path = workspace().join("tests/report.jsonl");
    if std::env::var_os("VBLANK_BLESS").is_some() {
        std::fs::write(&path, &report).expect("the recording can be written");
    }
    let recorded = std::fs::read_to_string(&path).expect("the recording is there");
    for (now, before) in report.lines().zip(recorded.lines()) {
        assert_eq!(now, before);
    }
    assert_eq!(report, recorded);
}
