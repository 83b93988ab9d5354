//! Files that a user asks for: one that is not written is exit code 1, and the message names the file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use vblank_tests::{Counter, Ended, Guest, Run, host};

/// A folder with a guest of three exports and no surprises.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().expect("a temporary folder can be made"));
        Guest::of::<Counter>().write(&folder.file("game.wasm"));
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a run of ten frames.
    fn run(&self) -> Run {
        Run::headless(&self.file("game.wasm")).args("--fast --frames 10 --renderer null")
    }

    /// Checks that a run of ten frames without a result goes on to its end and exits with 1.
    #[track_caller]
    fn fails(&self, flag: &str, path: &Path, suffix: &str, words: &[&str]) -> Ended {
        let ended = self.run().file(flag, path, suffix).to_end().exits(1);
        assert_eq!(ended.frames(), 10, "the run itself goes on");
        // A temporary name would be `.x.vbs.RANDOM.tmp`.
        assert!(!ended.said.contains("/.x."), "{}", ended.said);
        let name = path.display().to_string();
        let words: Vec<&str> = [name.as_str()]
            .into_iter()
            .chain(words.iter().copied())
            .collect();
        ended.says_once(&words)
    }
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = Folder::new();
    let missing = folder.file("missing");
    let words = ["No such file"];
    let _ = folder.fails("--state-out", &missing.join("x.vbs"), "", &words);
    let _ = folder.fails("--state-out", &missing.join("x.vbs"), "@5", &words);
    // There is no picture to write in any case.
    let _ = folder.fails(
        "--screenshot",
        &missing.join("x.png"),
        "",
        &["no screenshot"],
    );
}

#[test]
fn a_run_that_is_too_short() {
    let folder = Folder::new();
    let words = ["not written", "10 frames"];
    let _ = folder.fails("--state-out", &folder.file("x.vbs"), "@20", &words);
    assert!(!folder.file("x.vbs").exists());
}

#[test]
fn what_is_written_is_exit_code_0() {
    let folder = Folder::new();
    let image = folder.file("x.vbs");
    let _ = folder
        .run()
        .file("--state-out", &image, "")
        .to_end()
        .exits(0);
    assert!(image.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_on_a_full_disk() {
    let folder = Folder::new();
    let mut run = host(folder.0.path());
    run.arg("run").arg(folder.file("game.wasm"));
    run.args([
        "--headless",
        "--fast",
        "--frames",
        "10",
        "--renderer",
        "null",
    ]);
    let output = run.args(["--report", "/dev/full"]).output();
    let output = output.expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write the report /dev/full"), "{said}");
    assert!(said.contains("10 frames"), "the run itself goes on: {said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_on_a_full_disk() {
    let folder = Folder::new();
    let image = folder.file("x.vbs");
    let _ = folder
        .run()
        .file("--state-out", &image, "")
        .to_end()
        .exits(0);
    let full = File::options().write(true).open("/dev/full");
    let mut show: Command = host(folder.0.path());
    show.args(["state", "show"]).arg(&image);
    let output = show.stdout(full.expect("Linux has it")).output();
    let output = output.expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write to standard output"), "{said}");
}

/// Runs a command of the host whose standard output is a full disk.
#[cfg(target_os = "linux")]
#[track_caller]
fn fails_on_a_full_disk(folder: &Folder, arguments: &[&str], code: i32) {
    let full = File::options().write(true).open("/dev/full");
    let game = folder.file("game.wasm").display().to_string();
    let arguments = arguments
        .iter()
        .map(|argument| argument.replace("GAME", &game));
    let mut command: Command = host(folder.0.path());
    let output = command
        .args(arguments)
        .stdout(full.expect("Linux has it"))
        .output();
    let output = output.expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_on_a_full_disk() {
    let folder = Folder::new();
    // 1 is an answer of `host check`.
    fails_on_a_full_disk(&folder, &["check", "GAME", "GAME"], 2);
    fails_on_a_full_disk(&folder, &["check", "--json", "GAME", "GAME"], 2);
    fails_on_a_full_disk(&folder, &["inspect", "GAME"], 1);
    fails_on_a_full_disk(&folder, &["--help"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn an_image_to_a_device() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = Folder::new();
    let (full, null) = (folder.file("full"), folder.file("null"));
    symlink("/dev/full", &full).expect("a link can be made");
    symlink("/dev/null", &null).expect("a link can be made");
    let _ = folder.fails("--state-out", &full, "", &["No space left"]);
    let _ = folder
        .run()
        .file("--state-out", &null, "")
        .to_end()
        .exits(0);
    for device in [full, null] {
        let kind = device.metadata().expect("it is there").file_type();
        assert!(kind.is_char_device(), "{}", device.display());
    }
}

#[test]
fn a_state_to_resume_from_that_cannot_be_found() {
    let folder = Folder::new();
    let nowhere = folder.file("game.wasm").join("no folder");
    let ended = folder
        .run()
        .args("--resume")
        .env("XDG_DATA_HOME", &nowhere)
        .env("HOME", &nowhere)
        .to_end()
        .exits(1)
        .without(&["start"]);
    let _ = ended.says_once(&["error:", "--resume", "the folder of saved states"]);
}

#[test]
fn an_error_names_its_cause_once() {
    let folder = Folder::new();
    let mut show = host(folder.0.path());
    let output = show.args(["state", "show", "missing.vbs"]).output();
    let output = output.expect("the host starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("missing.vbs").count(), 1, "{said}");
    assert_eq!(said.matches("No such file").count(), 1, "{said}");
}

#[test]
fn a_file_to_start_from_that_is_no_image() {
    let folder = Folder::new();
    let (game, text) = (folder.file("game.wasm"), folder.file("text.vbs"));
    std::fs::write(&text, "hello").expect("the file can be written");
    // The command that would build it leaves a trace.
    let built = folder.file("built");
    let command = format!("touch '{}'", built.display());
    for (file, why) in [
        (&game, "it is not a state image (.vbs)"),
        (&text, "it is not a state image (.vbs)"),
        (&folder.file("missing.vbs"), "No such file"),
    ] {
        let ended = Run::headless(&game)
            .args("--renderer null --build")
            .arg(&command)
            .file("--watch", &text, "")
            .file("--state-in", file, "")
            .to_end()
            .exits(1);
        let start = format!("cannot start from {}: {why}", file.display());
        let _ = ended.says_once(&["error:", &start]);
        assert!(!built.exists(), "nothing is built");
    }
}

#[test]
fn an_image_that_is_given_as_a_guest() {
    let folder = Folder::new();
    let image = folder.file("x.vbs");
    let _ = folder
        .run()
        .file("--state-out", &image, "")
        .to_end()
        .exits(0);
    let ended = Run::headless(&image).to_end().exits(1);
    let _ = ended.says_once(&["refused", "is a state image", "host state show"]);
}
