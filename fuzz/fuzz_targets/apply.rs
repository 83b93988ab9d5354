//! A state from bytes, migrated between two valid schemas that the first bytes choose.
#![no_main]
#![allow(dead_code, reason = "the tests' generator has more than is used here")]

#[path = "../../guest-sdk/state/tests/common/edit.rs"]
mod edit;
#[path = "../../guest-sdk/state/tests/common/generate.rs"]
mod generate;

use edit::Edit;
use generate::{Generate, defaults};
use libfuzzer_sys::fuzz_target;
use vblank_state::{Comparison, Limits, Parcel, Parked, apply, check, value};

fuzz_target!(|bytes: &[u8]| {
    let Some((seed, tree)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let mut generate = Generate::new(u16::from_le_bytes(*seed).into());
    let old = generate.schema();
    let new = generate.edit(&old, &Edit::ALL);
    let Ok(plan) = Comparison::new(&old, &new).into_plan() else {
        return;
    };
    let limits = Limits {
        memory: 1 << 20,
        parked: 1 << 20,
        work: 1 << 20,
    };
    let parcel = Parcel {
        tree: tree.to_vec(),
        ..Parcel::default()
    };
    let sound = check(&old, &parcel.as_ref()).is_ok();
    let Ok(there) = apply(
        &plan,
        &parcel.as_ref(),
        &defaults(&new),
        &Parked::default(),
        &limits,
    ) else {
        return;
    };
    if !sound {
        return;
    }
    check(&new, &there.parcel.as_ref()).unwrap();
    assert_eq!(
        Parked::decode(&there.parked.encode()).unwrap(),
        there.parked
    );
    let _ = value::decode(&new, &there.parcel.as_ref()).unwrap();
    if let Ok(plan) = Comparison::new(&new, &old).into_plan() {
        let _ = apply(
            &plan,
            &there.parcel.as_ref(),
            &defaults(&old),
            &there.parked,
            &limits,
        );
    }
});
