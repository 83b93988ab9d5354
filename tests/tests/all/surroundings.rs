//! Peculiar folders, disks and clocks, and the ways in which editors save.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Ended, Guest, Host, Run};

fn start(guest: &Path) -> Host {
    let mut host = Run::headless(guest).args("--renderer null").start();
    host.event("first-frame");
    host
}

/// The source of the demo `hello` with another speed.
fn source(speed: u32) -> String {
    let file = vblank_tests::workspace().join("demos/hello/src/lib.rs");
    let source = fs::read_to_string(file).expect("the demo is there");
    let other = source.replace("300.0 };", &format!("{speed}.0 }};"));
    assert_ne!(other, source, "the demo has changed");
    other
}

fn write(path: &Path, text: &str) {
    fs::write(path, text)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// The newest source is what came in last.
#[track_caller]
fn ends_with_the_newest(host: Host, guest: &Path, swap: &Value) -> Ended {
    let ended = host.stop().exits(0).without(&["refused", "rollback"]);
    let alone = Run::headless(guest).args("--frames 1 --renderer null");
    let alone = alone.to_end().exits(0);
    assert_eq!(swap["to"], alone.only("start")["hash"]);
    ended
}

#[test]
fn saved_by_rename() {
    let demo = Demo::copy("hello");
    let mut host = start(&demo.folder());
    let beside = demo.source().with_extension("rs~new");
    write(&beside, &source(310));
    fs::rename(&beside, demo.source()).expect("a file can be renamed");
    let swap = host.event("swap");
    let _ = ends_with_the_newest(host, &demo.folder(), &swap);
}

#[test]
fn saved_in_pieces() {
    let demo = Demo::copy("hello");
    let text = source(310);
    let mut host = start(&demo.folder());
    let mut file = File::create(demo.source()).expect("the source can be written");
    let pieces: Vec<_> = text.as_bytes().chunks(text.len().div_ceil(3)).collect();
    for (at, piece) in pieces.iter().enumerate() {
        file.write_all(piece).expect("the source can be written");
        if at + 1 < pieces.len() {
            // An incomplete source is built, and does not come in.
            assert_eq!(host.event("build")["ok"], false);
        }
    }
    drop(file);
    let swap = host.event("swap");
    let _ = ends_with_the_newest(host, &demo.folder(), &swap);
}

#[test]
fn saved_through_links() {
    let demo = Demo::copy("hello");
    // A file elsewhere, in a folder elsewhere, in a crate whose folder has another name.
    let elsewhere = demo.beside("elsewhere");
    fs::create_dir_all(&elsewhere).expect("a folder can be made");
    fs::rename(demo.source(), elsewhere.join("hello.rs")).expect("a file can be moved");
    symlink("../../elsewhere/hello.rs", demo.source()).expect("a link can be made");
    let (src, kept) = (demo.folder().join("src"), demo.folder().join("sources"));
    fs::rename(&src, &kept).expect("a folder can be renamed");
    symlink("sources", &src).expect("a link can be made");
    let guest = demo.beside("guest");
    symlink("hello", &guest).expect("a link can be made");

    let mut host = start(&guest);
    write(&elsewhere.join("hello.rs"), &source(310));
    let first = host.event("swap");
    host.event("first-frame");
    // The link leads to another file.
    write(&elsewhere.join("other.rs"), &source(320));
    symlink("../../elsewhere/other.rs", kept.join("new")).expect("a link can be made");
    fs::rename(kept.join("new"), kept.join("lib.rs")).expect("a link can be renamed");
    let second = host.event("swap");
    assert_ne!(first["to"], second["to"]);
    host.event("first-frame");
    write(&elsewhere.join("other.rs"), &source(330));
    let third = host.event("swap");
    assert_ne!(second["to"], third["to"]);
    let _ = ends_with_the_newest(host, &guest, &third);
}

#[test]
fn a_file_that_is_a_link() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&out.join("newest.wasm"));
    symlink("out/newest.wasm", &file).expect("a link can be made");
    let mut host = start(&file);
    Guest::of::<Counter>()
        .step(2)
        .write(&out.join("newest.wasm"));
    let swap = host.event("swap");
    let _ = ends_with_the_newest(host, &file, &swap);
}

/// Moved into place with a date of long ago, as by `mv`, `rsync` and `tar`; and saved while the clock was
/// set back, which comes to the same: cargo by itself would pass over both.
#[test]
fn dates_of_the_past() {
    let demo = Demo::copy("hello");
    let mut host = start(&demo.folder());
    let mut swap = Value::Null;
    for seconds in [2000, 1000] {
        let beside = demo.beside("older.rs");
        write(&beside, &source(seconds));
        let file = File::options().write(true).open(&beside);
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
        file.and_then(|file| file.set_modified(long_ago))
            .expect("a file can be dated");
        fs::rename(&beside, demo.source()).expect("a file can be renamed");
        swap = host.event("swap");
        host.event("first-frame");
    }
    let _ = ends_with_the_newest(host, &demo.folder(), &swap);
}

#[test]
fn a_folder_of_fifty_thousand_files() {
    let demo = Demo::copy("hello");
    for folder in 0..50 {
        let folder = demo.folder().join("data").join(folder.to_string());
        fs::create_dir_all(&folder).expect("a folder can be made");
        for file in 0..1000 {
            File::create(folder.join(file.to_string())).expect("a file can be made");
        }
    }
    let deep = demo.folder().join("data/49/999");
    demo.replace(
        "self.turns += 1;",
        "self.turns += include_str!(\"../data/49/999\").len() as u32;",
    );
    let mut host = start(&demo.folder());
    demo.replace("300.0 };", "310.0 };");
    host.event("swap");
    host.event("first-frame");
    // One deep among them that the code has in it is a change like any other.
    write(&deep, "something else");
    let swap = host.event("swap");
    let _ = ends_with_the_newest(host, &demo.folder(), &swap);
}

/// A user namespace in which no watch is allowed reproduces the limit.
#[test]
fn the_limit_of_watches_is_reached() {
    let none_left = "echo 0 > /proc/sys/user/max_inotify_watches && exec \"$@\"";
    let words = ["--user", "--map-root-user", "sh", "-c", none_left, "sh"];
    let allowed = Command::new("unshare").args(words).arg("true").output();
    assert!(
        allowed.is_ok_and(|output| output.status.success()),
        "this test needs user namespaces: unshare --user --map-root-user"
    );
    let demo = Demo::copy("hello");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .within("unshare", &words)
        .start();
    host.says("looking for changes twice a second, since the system watches no more folders");
    host.event("first-frame");
    demo.replace("300.0 };", "310.0 };");
    let swap = host.event("swap");
    let ended = ends_with_the_newest(host, &demo.folder(), &swap);
    let _ = ended.says_once(&["looking for changes", "sudo sysctl fs.inotify"]);
}

#[test]
fn a_lock_file_that_is_stale_is_brought_up_to_date() {
    let demo = Demo::copy("hello");
    let lock = demo.beside("Cargo.lock");
    let before = fs::read_to_string(&lock).expect("there is a lock file");
    let own = before
        .find("[[package]]\nname = \"hello\"")
        .expect("it names the guest");
    let rest = before[own + 1..]
        .find("[[package]]")
        .map_or("", |next| &before[own + 1 + next..]);
    write(&lock, &format!("{}{rest}", &before[..own]));
    let mut host = start(&demo.folder());
    // A file that cargo writes itself is no change: there is the first build, and the one of this.
    host.settle(&demo.source());
    let ended = host.stop().exits(0).without(&["refused"]);
    assert_eq!(ended.all("build").len(), 2, "{ended:#?}");
    let after = fs::read_to_string(&lock).expect("there is a lock file");
    assert!(after.contains("name = \"hello\""), "{after}");
}

#[test]
fn a_lock_file_that_is_none_is_named() {
    let demo = Demo::copy("hello");
    write(&demo.beside("Cargo.lock"), "<<<<<<< HEAD\n");
    let run = Run::headless(&demo.folder()).args("--renderer null --exit-on-break");
    let ended = run.to_end().exits(1);
    let message = ended.only("build")["message"].to_string();
    assert!(message.contains("Cargo.lock"), "{message}");
}

fn guest_in(folder: &Path, name: &str) -> PathBuf {
    let crate_folder = folder.join(name);
    fs::create_dir_all(crate_folder.join("src")).expect("a folder can be made");
    write(&crate_folder.join("src/lib.rs"), &source(310));
    let sdk = vblank_tests::workspace().join("guest-sdk");
    let manifest = format!(
        "[package]\nname = {name:?}\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\nvblank-guest = {{ path = {sdk:?} }}\n"
    );
    write(&crate_folder.join("Cargo.toml"), &manifest);
    crate_folder
}

#[test]
fn of_two_cdylibs_one_has_to_be_named() {
    let demo = Demo::copy("hello");
    let folder = demo.beside("");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("there is a manifest");
    write(
        &folder.join("Cargo.toml"),
        &manifest.replace("[\"hello\"]", "[\"hello\", \"second\"]"),
    );
    let second = guest_in(&folder, "second");
    let ended = Run::headless(&folder)
        .args("--renderer null --exit-on-break")
        .to_end()
        .exits(1);
    let message = ended.only("build")["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    for named in [demo.folder(), second] {
        let named = fs::canonicalize(named).expect("it is there");
        assert!(message.contains(&*named.to_string_lossy()), "{message}");
    }
    assert!(
        message.contains("give the folder of the guest"),
        "{message}"
    );

    // And one that depends on the other is itself.
    let manifest = demo.folder().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("there is a manifest");
    let depending = text.replace(
        "[dependencies]\n",
        "[dependencies]\nsecond = { path = \"../second\" }\n",
    );
    assert_ne!(text, depending);
    write(&manifest, &depending);
    let mut host = start(&demo.folder());
    write(&demo.source(), &source(320));
    let swap = host.event("swap");
    let _ = ends_with_the_newest(host, &demo.folder(), &swap);
}
