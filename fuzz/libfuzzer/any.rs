//! Any target of the state, for libFuzzer: the one whose name the program has.
#![no_main]

#[allow(dead_code, reason = "the tests' generator has more than is used here")]
#[path = "../../guest-sdk/state/tests/common/edit.rs"]
mod edit;
#[allow(dead_code, reason = "the tests' generator has more than is used here")]
#[path = "../../guest-sdk/state/tests/common/generate.rs"]
mod generate;
#[path = "../src/state.rs"]
mod state;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = match env!("CARGO_BIN_NAME") {
        "schema" => state::schema,
        "value" => state::value,
        "plan" => state::plan,
        "section" => state::section,
        "parked" => state::parked,
        "restore" => state::restore,
        "migrate" => state::migrate,
        other => panic!("there is no target {other}"),
    };
    let _ = read(bytes);
});
