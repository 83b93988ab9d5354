//! Schema bytes: decoded, printed, encoded again to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vblank_state::{Comparison, Schema, Verdict};

fuzz_target!(|bytes: &[u8]| {
    let Ok(schema) = Schema::decode(bytes) else {
        return;
    };
    assert_eq!(schema.encode(), bytes, "each schema has one encoding");
    let _ = schema.to_wit();
    let comparison = Comparison::new(&schema, &schema);
    assert_eq!(comparison.verdict(), Verdict::Identical);
    assert!(comparison.plan().is_ok_and(|plan| plan.is_identity()));
});
