//! Two schemas, a state and default values, all from bytes: compared, planned, applied.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vblank_state::{Comparison, Limits, Parcel, Parked, Schema, apply, check, explain};

fuzz_target!(|bytes: &[u8]| {
    let [a, b, c, rest @ ..] = bytes else { return };
    let Some((old, rest)) = rest.split_at_checked(usize::from(*a)) else {
        return;
    };
    let Some((new, rest)) = rest.split_at_checked(usize::from(*b)) else {
        return;
    };
    let Some((defaults, tree)) = rest.split_at_checked(usize::from(*c)) else {
        return;
    };
    let (Ok(old), Ok(new)) = (Schema::decode(old), Schema::decode(new)) else {
        return;
    };
    let comparison = Comparison::new(&old, &new);
    let _ = comparison.to_string();
    let plan = match comparison.into_plan() {
        Ok(plan) => plan,
        Err(needs) => return drop(explain(&old, &new, &needs)),
    };
    let parcel = Parcel {
        tree: tree.to_vec(),
        ..Parcel::default()
    };
    let limits = Limits {
        memory: 1 << 20,
        parked: 1 << 20,
        work: 1 << 20,
    };
    let sound = check(&old, &parcel.as_ref()).is_ok();
    let Ok(migrated) = apply(
        &plan,
        &parcel.as_ref(),
        defaults,
        &Parked::default(),
        &limits,
    ) else {
        return;
    };
    if sound && !plan.runs_hooks() {
        check(&new, &migrated.parcel.as_ref()).unwrap();
    }
});
