//! Files that a build script reads: cargo counts more of a folder than a person would call sources.

use super::*;

/// An item that makes `SPEED` from the variable that a build script sets.
const TOTAL: &str = "const fn total(text: &[u8]) -> u32 {
        let (mut at, mut sum) = (0, 0);
        while at < text.len() {
            sum = (sum * 31 + text[at] as u32) % 65521;
            at += 1;
        }
        sum
    }
    const SPEED: f32 = total(env!(\"TEXT\").as_bytes()) as f32;";

/// A build script that prints a line, and reads every file in a folder, links included.
fn reading(line: &str, folder: &str) -> String {
    format!(
        r#"fn read(folder: &std::path::Path, text: &mut String) {{
            let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            for file in files {{
                match file.is_dir() {{
                    true => read(&file, text),
                    false => *text += &format!("{{:?}}{{}}", file.file_name(), std::fs::read_to_string(&file).unwrap().trim()),
                }}
            }}
        }}
        fn main() {{
            println!("{line}");
            let mut text = String::new();
            read("{folder}".as_ref(), &mut text);
            println!("cargo::rustc-env=TEXT={{text}}");
        }}"#
    )
}

/// Each of these files comes in when it is written, whether it is new or not.
#[track_caller]
fn each_comes_in(scene: &Scene, files: &[&str]) {
    let mut host = scene.start();
    let mut newest = Value::Null;
    for (file, number) in files.iter().zip(1..) {
        println!("written: {file}");
        newest = comes_in(&mut host, || scene.write(file, &format!("new {number}")));
    }
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_folder_that_a_script_names_is_read_as_cargo_reads_it() {
    let script = reading("cargo::rerun-if-changed=../levels", "../levels");
    let files = [
        ("build.rs", &*script),
        ("../levels/.hidden.txt", "1"),
        ("../levels/backup.bak", "2"),
        ("../levels/.deep/one.txt", "3"),
        ("../shared/two.txt", "4"),
    ];
    let scene = Scene::new(TOTAL, &files);
    // A link that leads upwards is no new folder.
    scene.shell("ln -s ../shared ../levels/linked");
    each_comes_in(
        &scene,
        &[
            "../levels/.hidden.txt",
            "../levels/backup.bak",
            "../levels/.deep/one.txt",
            "../shared/two.txt",
            "../levels/.new.txt",
            "../levels/.deep/new.txt",
            "../shared/new.txt",
        ],
    );
}

#[test]
fn a_script_without_conditions_reads_the_hidden_files_of_a_repository() {
    let script = reading("", "data");
    let files = [
        ("build.rs", &*script),
        ("data/.level", "1"),
        ("data/level.bak", "2"),
    ];
    let scene = Scene::new(TOTAL, &files);
    scene.shell("git init --quiet . && git add .");
    each_comes_in(&scene, &["data/.level", "data/level.bak", "data/.new"]);
}

#[test]
fn what_an_editor_writes_beside_a_text_starts_no_build() {
    let script = reading("cargo::rerun-if-changed=data", "data");
    let files = [("build.rs", &*script), ("data/level", "1")];
    let scene = Scene::new(TOTAL, &files);
    let mut host = scene.start();
    for name in [".level.swp", "#level#", ".level.kate-swp"] {
        scene.write(&format!("data/{name}"), "typing");
    }
    comes_in(&mut host, || scene.write("data/level", "2"));
    let ended = host.stop().exits(0).without(&["refused"]);
    has_builds(&ended, 2);
}

/// Tells whether a file has a number, and fails without.
fn parsing(line: &str, file: &str) -> String {
    format!(
        r#"fn main() {{
            {line}
            let text = std::fs::read_to_string("{file}").unwrap();
            let Ok(number) = text.trim().parse::<u32>() else {{
                std::process::exit(1);
            }};
            println!("cargo::rustc-env=TEXT={{number}}");
        }}"#
    )
}

/// The script of the first build cannot read this file, until it is corrected.
#[track_caller]
fn is_corrected(line: &str, file: &str) {
    let script = parsing(line, file);
    let scene = Scene::new(TOTAL, &[("build.rs", &script), (file, "none")]);
    let mut host = scene.run().start();
    assert_eq!(host.event("build")["ok"], false);
    scene.write(file, "3");
    host.event("first-frame");
    let ended = host.stop().exits(0).without(&["refused"]);
    // cargo's own message was shown once.
    let failed = "failed to run custom build command";
    assert_eq!(ended.said.matches(failed).count(), 1, "{}", ended.said);
}

#[test]
fn a_file_that_fails_the_first_build_by_its_script_is_corrected() {
    let named = "println!(\"cargo::rerun-if-changed=../shared/speed.txt\");";
    is_corrected(named, "../shared/speed.txt");
}

#[test]
fn a_file_that_fails_a_script_without_conditions_is_corrected() {
    is_corrected("", "speed.txt");
}
