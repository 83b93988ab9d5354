//! Texts of guests and of files: none is taken for a path, none acts on the terminal, and none can be taken
//! for a line of the host.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_tests::{Bounded, Bounds, host, workspace};

fn case(name: &str) -> PathBuf {
    workspace().join("tests/cases/hostile").join(name)
}

/// Makes three frames of a guest without a window.
#[track_caller]
fn run(guest: &Path) -> Bounded {
    let home = TempDir::new().expect("a temporary folder can be made");
    let mut command = host(home.path());
    command.arg("run").arg(guest);
    command.args("--headless --fast --renderer null --frames 3".split(' '));
    // Without this variable, a pipe gets no colours either.
    command.env_remove("NO_COLOR");
    Bounds::new(120, 1000).run(&mut command)
}

/// Writes a copy of a case in which a text is replaced by one of the same length.
fn variant(folder: &TempDir, name: &str, text: &str, by: &str) -> PathBuf {
    assert_eq!(text.len(), by.len(), "offsets stay as they are");
    let mut bytes = std::fs::read(case(name)).expect("the case can be read");
    let at = bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes());
    let at = at.unwrap_or_else(|| panic!("no {text:?} in {name}"));
    bytes[at..at + text.len()].copy_from_slice(by.as_bytes());
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the variant can be written");
    path
}

/// Checks that nothing but line breaks acts on a terminal.
#[track_caller]
fn is_harmless(text: &str) {
    let active = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(active, None, "{text:?}");
}

#[test]
fn a_place_in_a_panic_message_is_no_path_to_read() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let readable = variant(
        &folder,
        "p_passwd.wasm",
        "/etc/shadow:1:1",
        "/etc/passwd:1:1",
    );
    for guest in [case("p_zero.wasm"), case("p_passwd.wasm"), readable] {
        let ended = run(&guest);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.said.contains("boo"), "{ended:?}");
        assert!(ended.said.contains(":1:1"), "the place itself is told");
        assert!(!ended.said.contains(" | "), "no line of a file: {ended:?}");
        assert!(!ended.said.contains("root:"), "{ended:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_place_in_a_panic_message_that_is_a_fifo() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let name = format!("/tmp/vb{:05}", std::process::id() % 100_000);
    let fifo = Path::new(&name);
    let _ = std::fs::remove_file(fifo);
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, fifo, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a fifo can be made");
    let place = format!("{name}:1");
    let guest = variant(&folder, "p_passwd.wasm", "/etc/shadow:1", &place[..13]);
    let ended = run(&guest);
    std::fs::remove_file(fifo).expect("it is there");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.said.contains("boo"), "{ended:?}");
}

#[test]
fn escape_sequences_in_titles_and_panic_messages_are_escaped() {
    for name in ["a4e_title.wasm", "a7e_panic.wasm"] {
        let ended = run(&case(name));
        is_harmless(&ended.said);
        is_harmless(&ended.printed);
        if name == "a7e_panic.wasm" {
            assert!(ended.said.contains("panicked: panic\\u{1b}"), "{ended:?}");
        }
    }
}

#[test]
fn escape_sequences_in_images_and_refusals_are_escaped() {
    let home = TempDir::new().expect("a temporary folder can be made");
    for arguments in [
        &["state", "show"][..],
        &["state", "show", "--json"],
        &["check"],
        &["inspect"],
        &["run", "--headless", "--state-in"],
    ] {
        let mut command = host(home.path());
        command.args(arguments).arg(case("v9_esc.vbs"));
        if arguments[0] == "check" || arguments[0] == "run" {
            command.arg(case("plain.wasm"));
        }
        let ended = Bounds::new(120, 1000).run(&mut command);
        is_harmless(&ended.said);
        is_harmless(&ended.printed);
    }
}

#[test]
fn a_reason_cannot_rewrite_what_it_asks_for() {
    let ended = run(&case("spoof.wasm"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    is_harmless(&ended.said);
    let lines: Vec<&str> = ended.said.trim_end().lines().map(str::trim).collect();
    let [.., reason, capability] = lines[..] else {
        panic!("{ended:?}");
    };
    assert!(
        reason.starts_with("its author says: \\r\\u{1b}"),
        "{ended:?}"
    );
    assert_eq!(capability, "--allow write=DIR::/", "last, and alone");

    let home = TempDir::new().expect("a temporary folder can be made");
    let shown =
        Bounds::new(120, 1000).run(host(home.path()).arg("inspect").arg(case("spoof.wasm")));
    is_harmless(&shown.printed);
    assert!(shown.printed.contains("write=/"), "{shown:?}");
}

#[test]
fn a_reason_of_several_lines_stays_one() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let guest = folder.path().join("lines.wasm");
    std::fs::copy(case("plain.wasm"), &guest).expect("the case can be read");
    let list = folder.path().join("lines.wants.toml");
    let reason = format!("to tell\\n    --allow clock\\u202e{}", "x".repeat(5000));
    std::fs::write(&list, format!("wasi = \"{reason}\"")).expect("the list can be written");
    let ended = run(&guest);
    let said = ended.said.trim_end();
    assert!(said.ends_with("\n    --allow wasi"), "{ended:?}");
    assert_eq!(said.matches("\n    --allow").count(), 1, "{ended:?}");
    assert!(
        said.contains("to tell\\n    --allow clock\\u{202e}"),
        "{ended:?}"
    );
    assert!(said.len() < 1000, "it is cut: {ended:?}");

    std::fs::write(&list, "#".repeat(1 << 20)).expect("the list can be written");
    let ended = run(&guest);
    assert!(
        ended.said.contains("it has more than 65536 bytes"),
        "{ended:?}"
    );
}
