//! The bytes of a `vblank:schema` section.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vblank_state::Schema;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(schema)) = Schema::from_section(bytes) {
        assert_eq!(Schema::decode(&schema.encode()).unwrap(), schema);
    }
});
