//! `host doctor`: what is there, what is missing, and the line that gets it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Demo, host};

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}

/// The doctor's answer as JSON, each check under its name, and its exit code.
#[track_caller]
fn json(output: &Output) -> (Value, Option<i32>) {
    let answer = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    (answer, output.status.code())
}

#[track_caller]
fn check<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let checks = answer["checks"].as_array().expect("there are checks");
    checks
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {answer:#}"))
}

/// A program that says and does as this line of the shell does.
fn program(folder: &Path, name: &str, line: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{line}\n")).expect("a script can be written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("a script can be made to run");
}

#[test]
fn where_guests_can_be_built_nothing_is_missing() {
    let home = folder();
    let output = host(home.path())
        .args(["doctor", "--json"])
        .output()
        .expect("the host starts");
    let (answer, code) = json(&output);
    assert_eq!((&answer["ok"], code), (&Value::Bool(true), Some(0)));
    for name in [
        "host", "contract", "wasmtime", "rustc", "cargo", "target", "linker", "cache", "data",
    ] {
        assert_eq!(check(&answer, name)["status"], "ok", "{answer:#}");
    }
    let rustc = &check(&answer, "rustc")["text"];
    assert!(
        rustc
            .as_str()
            .is_some_and(|text| text.starts_with("rustc ")),
        "{rustc}"
    );
    // The test has no display. That is no obstacle, and the consequences are reported.
    let display = check(&answer, "display");
    assert_eq!(display["status"], "warning");
    assert!(display["advice"].is_string(), "{display}");

    let output = host(home.path())
        .arg("doctor")
        .output()
        .expect("the host starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("\nok       rustc     rustc "), "{text}");
    assert!(text.contains("\nwarning  display   no display"), "{text}");
    assert!(
        text.ends_with("guests can be built and run here\n"),
        "{text}"
    );
}

#[test]
fn without_the_target_it_says_the_line_that_installs_it() {
    let home = folder();
    let tools = folder();
    let rustc = "case \"$*\" in *target-libdir*) echo /nowhere;; *) echo 'rustc 1.99.0';; esac";
    program(tools.path(), "rustc", rustc);
    program(tools.path(), "cargo", "echo 'cargo 1.99.0'");
    program(tools.path(), "rustup", "exit 1");
    program(tools.path(), "cc", "echo 'cc 14'");
    let output = host(home.path())
        .arg("doctor")
        .env("PATH", tools.path())
        .output()
        .expect("the host starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let missing: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("missing"))
        .take(2)
        .collect();
    let [what, advice] = missing[..] else {
        panic!("nothing is missing: {text}")
    };
    assert!(what.contains("no wasm32-unknown-unknown target"), "{what}");
    assert_eq!(
        advice.trim(),
        "type: rustup target add wasm32-unknown-unknown"
    );
    assert_eq!(text.matches("missing  ").count(), 1, "{text}");
}

#[test]
fn the_toolchain_of_xtask_setup_will_do() {
    let home = folder();
    let tools = folder();
    let libraries = tools.path().join("lib");
    std::fs::create_dir(&libraries).expect("a folder can be made");
    std::fs::write(libraries.join("libstd-0.rlib"), "").expect("a file can be written");
    let rustup = format!(
        "case \"$*\" in *target-libdir*) echo {};; *) shift 2; echo \"$1 1.85.0\";; esac",
        libraries.display()
    );
    program(tools.path(), "rustc", "echo /nowhere");
    program(tools.path(), "rustup", &rustup);
    program(tools.path(), "cc", "echo 'cc 14'");
    let output = host(home.path())
        .args(["doctor", "--json"])
        .env("PATH", tools.path())
        .output()
        .expect("the host starts");
    let (answer, code) = json(&output);
    assert_eq!(code, Some(0), "{answer:#}");
    assert_eq!(check(&answer, "rustc")["text"], "rustc 1.85.0");
    assert_eq!(check(&answer, "cargo")["text"], "cargo 1.85.0");
    let target = check(&answer, "target")["text"].to_string();
    assert!(target.contains("toolchain vblank-guest"), "{target}");
}

#[test]
fn without_a_compiler_it_says_where_to_get_one() {
    let home = folder();
    let output = host(home.path())
        .args(["doctor", "--json"])
        .env("PATH", home.path())
        .output()
        .expect("the host starts");
    let (answer, code) = json(&output);
    assert_eq!((&answer["ok"], code), (&Value::Bool(false), Some(1)));
    for name in ["rustc", "cargo", "target", "linker"] {
        let check = check(&answer, name);
        assert_eq!(check["status"], "missing", "{answer:#}");
        assert!(check["advice"].is_string(), "{check}");
    }
    let advice = &check(&answer, "rustc")["advice"];
    assert_eq!(advice, "install Rust from https://rustup.rs");
}

#[test]
fn folders_that_cannot_be_written_are_a_warning() {
    let home = folder();
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("a file can be written");
    let output = host(home.path())
        .args(["doctor", "--json"])
        .env("XDG_CACHE_HOME", &file)
        .env("XDG_DATA_HOME", &file)
        .output()
        .expect("the host starts");
    let (answer, code) = json(&output);
    assert_eq!(code, Some(0), "{answer:#}");
    for name in ["cache", "data"] {
        let check = check(&answer, name);
        assert_eq!(check["status"], "warning", "{answer:#}");
        let text = check["text"].as_str().unwrap_or_default();
        assert!(text.contains(&*file.to_string_lossy()), "{check}");
    }
}

#[test]
fn the_inputs_of_a_guest_are_listed_and_the_checks_are_shown_where_it_cannot_be_read() {
    let home = folder();
    let demo = Demo::copy_cold("hello");
    let ask = || {
        let mut doctor = host(home.path());
        doctor.args(["doctor", "--json"]).arg(demo.folder());
        doctor.output().expect("the host starts")
    };
    let (answer, code) = json(&ask());
    assert_eq!(code, Some(0), "{answer:#}");
    let files = answer["inputs"]["files"].to_string();
    assert!(files.contains("hello/Cargo.toml"), "{files}");

    std::fs::write(demo.folder().join("Cargo.toml"), "[package\n").expect("it can be written");
    let output = ask();
    let (answer, code) = json(&output);
    assert_eq!(code, Some(1));
    assert_eq!(check(&answer, "target")["status"], "ok");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cargo cannot read the guest crate"), "{said}");
}
