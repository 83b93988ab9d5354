//! A plugin whose file is watched, and replaced once, while each operation of the host fails in turn.

use tempfile::TempDir;
use vblank_runtime::guest::CallResult;
use vblank_runtime::plugin::{Change, Host, Slot};
use vblank_tests::{DEADLINE, Guest, wait_until};

use super::alone;
use super::injection::every_fault;

vblank_runtime::plugin!(
    Tally, path: ["../wit", "wit"], world: "vblank:tests/tally",
    data: Board, imports: [vblank::tests::board],
);

/// A board that nobody reads.
#[derive(Clone, Default)]
pub struct Board;

impl vblank::tests::board::Host for Board {
    fn show(&mut self, number: u64) -> CallResult<u64> {
        Ok(number)
    }
}

/// Starts a plugin, replaces its code, and calls it. Returns the sum of its calls.
fn play(folder: &TempDir) -> Result<u64, String> {
    let file = folder.path().join("tally.wasm");
    let write = |guest: &Guest| {
        std::fs::write(&file, guest.component()).expect("the file can be written");
    };
    write(&Guest::plugin());
    let host = Host::new().map_err(|error| error.to_string())?;
    let slot = host.slot("tally").watch(&file);
    let mut slot: Slot<Tally> = slot.map_err(|error| error.to_string())?;
    let add = |slot: &mut Slot<Tally>, number| {
        slot.record(move |tally, store| tally.vblank_tests_counting().call_add(store, number))
            .map_err(|error| error.to_string())
    };
    assert_eq!(add(&mut slot, 5)?, 5);
    // The second version traps at once, and the first one answers.
    write(&Guest::plugin().step(10).before("add", "unreachable"));
    let first = wait_until("a change", DEADLINE, || slot.boundary());
    assert_eq!(add(&mut slot, 1)?, 6, "after {first}");
    write(&Guest::plugin().step(100));
    let is_of_third = |change: &Change| match change {
        Change::Swapped { .. } | Change::Refused { .. } => true,
        Change::RolledBack { .. } => false,
        _ => panic!("{change}"),
    };
    let second = wait_until("another change", DEADLINE, || {
        slot.boundary().filter(is_of_third)
    });
    let sum = add(&mut slot, 1)?;
    match second {
        Change::Swapped { .. } => assert_eq!(sum, 106, "after {second}"),
        _ => assert_eq!(sum, 7, "after {second}"),
    }
    Ok(sum)
}

#[test]
fn a_plugin_survives_every_fault() {
    let _alone = alone();
    let faults = every_fault(|injected| {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let sum = play(&folder);
        let failed = injected.failed();
        println!("{failed:?}: {sum:?}");
        if failed.is_empty() {
            assert_eq!(sum, Ok(106));
        }
    });
    println!("{faults} faults");
    assert!(faults > 20, "only {faults} operations failed");
}
