//! Lists that a guest lends: their sum is charged to one account, and a large one crosses.

use std::path::Path;

use vblank_tests::{Bounded, Bounds, Guest, host, workspace};

/// Plays three updates of a guest, keeps the state, and returns what was said.
fn played(guest: &Path, image: &Path, bounds: Bounds) -> Bounded {
    let home = tempfile::TempDir::new().expect("a temporary folder can be made");
    let mut command = host(home.path());
    let flags = "--headless --fast --renderer null --frames 3 --exit-on-break --swap-limit 20000";
    command.arg("run").args(flags.split(' '));
    bounds.run(command.arg(guest).arg("--state-out").arg(image))
}

/// A `save` that calls an import with these arguments a million times.
fn lends(call: &str) -> Guest {
    let code = format!(
        "(local $i i32)
         (call $tree (i32.const 64) (i32.const 16))
         (loop $more
           {call}
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $more (i32.lt_u (local.get $i) (i32.const 1000000))))"
    );
    Guest::tally(1 << 13).instead("save", &code)
}

#[track_caller]
fn is_refused(guest: &Path) {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let ended = played(guest, &folder.path().join("a.vbs"), Bounds::new(60, 1500));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let message = "more than 1024 MiB together";
    assert!(ended.said.contains(message), "{ended:?}");
    assert!(!folder.path().join("a.vbs").exists());
}

#[test]
fn one_list_that_is_lent_a_million_times_is_refused() {
    is_refused(&workspace().join("tests/cases/hostile/a15_lend48g.wasm"));
}

#[test]
fn lists_that_overlap_and_copies_of_one_list_are_charged_each_time() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    // Each begins eight bytes behind the one before, up to 64 KiB on.
    let overlapping = "(call $longs (i32.add (i32.const 65536)
        (i32.and (i32.shl (local.get $i) (i32.const 3)) (i32.const 32767))) (i32.const 4096))";
    lends(overlapping).write(&file);
    is_refused(&file);
    let copied = "(call $copied) (call $bytes (i32.const 65536) (i32.const 65536))";
    lends(copied).write(&file);
    is_refused(&file);
}

#[test]
fn places_that_overlap_are_charged_each_time() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let (old, new) = (
        folder.path().join("old.wasm"),
        folder.path().join("new.wasm"),
    );
    // Eight MiB in pages of their own, which a swap moves.
    let owns = "(call $tree (i32.const 64) (i32.const 12)) (call $own-pages)
        (call $longs (i32.const 65536) (i32.const 1048576))";
    let guest = Guest::tally(1 << 20).instead("save", owns);
    guest.write(&old);
    let places = "(local $i i32) (loop $more
        (call $place (i32.const 8) (i32.const 0) (i32.const 65536) (i32.const 8388608))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $i) (i32.const 1000000))))";
    guest.step(2).before("migrate", places).write(&new);
    let home = tempfile::TempDir::new().expect("a temporary folder can be made");
    let mut command = host(home.path());
    command.args("run --headless --fast --renderer null --frames 6 --swap-limit 20000".split(' '));
    command
        .arg(&old)
        .arg("--swap-at")
        .arg(format!("3={}", new.display()));
    let ended = Bounds::new(60, 1500).run(&mut command);
    assert!(
        ended.said.contains("more than 1024 MiB together"),
        "{ended:?}"
    );
}

#[test]
fn an_honest_list_of_many_megabytes_is_let_through() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let image = folder.path().join("a.vbs");
    let guest = workspace().join("tests/cases/hostile/lend140.wasm");
    let ended = played(&guest, &image, Bounds::new(120, 2500));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(image.exists(), "{ended:?}");
}

#[test]
fn a_list_of_256_mib_crosses_a_swap() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let (old, new) = (
        folder.path().join("old.wasm"),
        folder.path().join("new.wasm"),
    );
    let guest = Guest::tally(1 << 25);
    guest.write(&old);
    guest.step(100).write(&new);
    let image = folder.path().join("a.vbs");
    let home = tempfile::TempDir::new().expect("a temporary folder can be made");
    let mut command = host(home.path());
    command.args("run --headless --fast --renderer null --frames 6 --swap-limit 20000".split(' '));
    command
        .arg(&old)
        .arg("--swap-at")
        .arg(format!("3={}", new.display()));
    command.arg("--state-out").arg(&image);
    let ended = Bounds::new(200, 3500).run(&mut command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.said.contains("refused"), "{ended:?}");
}
