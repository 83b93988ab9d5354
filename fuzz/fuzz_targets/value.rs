//! A schema and a state of it, both from bytes: checked, decoded, encoded to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vblank_state::{Parcel, Schema, check, value};

fuzz_target!(|bytes: &[u8]| {
    let Some((len, rest)) = bytes.split_first() else {
        return;
    };
    let Some((schema, tree)) = rest.split_at_checked(usize::from(*len)) else {
        return;
    };
    let Ok(schema) = Schema::decode(schema) else {
        return;
    };
    let parcel = Parcel {
        tree: tree.to_vec(),
        ..Parcel::default()
    };
    let checked = check(&schema, &parcel.as_ref());
    let decoded = value::decode(&schema, &parcel.as_ref());
    assert_eq!(checked.is_ok(), decoded.is_ok(), "{checked:?}");
    let Ok(value) = decoded else { return };
    let _ = (value.to_string(), value.to_json());
    // A set or map may have a key twice: only a guest refuses it.
    if let Ok(again) = value::encode(&schema, &value) {
        assert_eq!(again, parcel);
    }
});
