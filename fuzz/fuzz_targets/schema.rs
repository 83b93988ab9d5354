//! Schema bytes: decoded, printed, encoded again to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vblank_state::{Plan, Schema, Verdict, diff};

fuzz_target!(|bytes: &[u8]| {
    let Ok(schema) = Schema::decode(bytes) else {
        return;
    };
    assert_eq!(schema.encode(), bytes, "one spelling for each schema");
    let _ = schema.to_wit();
    assert_eq!(diff(&schema, &schema).verdict, Verdict::Identical);
    assert!(Plan::new(&schema, &schema).is_ok_and(|plan| plan.is_identity()));
});
