//! Parked values from bytes, as an image has them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vblank_state::Parked;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parked) = Parked::decode(bytes) else {
        return;
    };
    let _ = (parked.paths(), parked.values(), parked.bytes());
    assert_eq!(Parked::decode(&parked.encode()).unwrap(), parked);
});
