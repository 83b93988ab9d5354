//! An engine with its threads and its cache on disk, of which each operation fails in turn.

use tempfile::TempDir;
use vblank_host::game;
use vblank_host::render::assets::Assets;
use vblank_runtime::guest::{CacheOptions, Code, EngineOptions};
use vblank_runtime::supervisor::{ExpectedState, prepare};
use vblank_tests::{Counter, Guest};

use super::alone;
use super::injection::every_fault;

#[test]
fn an_engine_survives_every_fault() {
    let _alone = alone();
    let code = Code::from_bytes(Guest::of::<Counter>().module()).expect("it is a guest");
    let faults = every_fault(|injected| {
        let folder = TempDir::new().expect("a temporary folder can be made");
        // The second engine finds what the first one has left.
        for _ in 0..2 {
            let options = EngineOptions {
                cache: Some(CacheOptions::new(folder.path().join("compiled"))),
                ..EngineOptions::default()
            };
            let prepared = game::engine(&Assets::default(), options)
                .map_err(|error| error.to_string())
                .and_then(|engine| {
                    let prepared = prepare(&engine, &code, &ExpectedState::default());
                    prepared.map(drop).map_err(|error| error.to_string())
                });
            let failed = injected.failed();
            println!("{failed:?}: {prepared:?}");
            if let Err(error) = prepared {
                assert!(!failed.is_empty(), "without a fault: {error}");
                // A file that fails only costs the time of compiling again.
                let last = failed.last().expect("there is one");
                assert!(last.contains("Thread"), "{error} after {last}");
            }
        }
    });
    println!("{faults} faults");
    assert!(faults > 10, "only {faults} operations failed");
}
