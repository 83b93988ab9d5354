//! Crate whose dylib is built and reloaded after each edit that is reported on standard input.

use std::io::BufRead;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hot_lib_reloader::LibReloader;

type Begin = extern "C" fn(u32) -> *mut ();
type Update = unsafe extern "C" fn(*mut (), f32) -> f32;
type Pull = extern "C" fn() -> f32;

/// Follows edits from standard input. Each line is the new value of the edited constant. The answer is
/// the milliseconds until the first update by code with this value.
pub fn follow(folder: &Path, debounce: Duration) {
    build(folder);
    let libraries = folder.join("target/debug");
    let mut library =
        LibReloader::new(&libraries, "generated", Some(debounce), None).expect("the library loads");
    // SAFETY: `begin` is of this type, see `benches/templates/dylib.rs`; as are the others below.
    let begin = unsafe { library.get_symbol::<Begin>(b"begin\0") }.expect("it is exported");
    let world = begin(1);
    println!("loaded");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let wanted: f32 = line.parse().expect("a number is wanted");
        let begun = Instant::now();
        build(folder);
        loop {
            // A half-written file does not load, and is tried again when it is complete.
            let is_new = library.update().unwrap_or(false);
            // SAFETY: as above.
            let pull = unsafe { library.get_symbol::<Pull>(b"pull\0") };
            if is_new && pull.is_ok_and(|pull| pull() == wanted) {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // SAFETY: as above; `world` came from `begin`, and its type has not changed.
        let sum = unsafe {
            let update = library.get_symbol::<Update>(b"update\0");
            update.expect("it is exported")(world, 1.0 / 60.0)
        };
        assert!(sum.is_finite());
        println!("{}", begun.elapsed().as_secs_f64() * 1e3);
        // The library's watcher starts again after a reload.
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn build(folder: &Path) {
    let status = Command::new("cargo")
        .args(["build", "--quiet"])
        .current_dir(folder)
        .status();
    assert!(status.expect("cargo starts").success());
}
