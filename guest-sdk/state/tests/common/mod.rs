//! A swap in one call, with the host's steps.
#![allow(dead_code, reason = "each test uses its part")]

use vblank_state::{
    Comparison, Limits, Parked, Refusal, Schema, State, apply, check, defaults, restore, save,
};

/// Migrates a state. Panics when it is refused.
pub fn swap<A: State, B: State>(old: &A, parked: &mut Parked) -> B {
    carry(old, parked).unwrap_or_else(|refusal| panic!("refused: {refusal}"))
}

/// Migrates a state.
pub fn carry<A: State, B: State>(old: &A, parked: &mut Parked) -> Result<B, Refusal> {
    let (from, to) = (Schema::of::<A>(), Schema::of::<B>());
    let plan = Comparison::new(&from, &to)
        .into_plan()
        .unwrap_or_else(|error| panic!("{error}"));
    let saved = save(old);
    check(&from, &saved.as_ref()).unwrap();
    let migrated = apply(
        &plan,
        &saved.as_ref(),
        &defaults::<B>(),
        parked,
        &Limits::default(),
    )?;
    check(&to, &migrated.parcel.as_ref()).unwrap();
    *parked = migrated.parked;
    Ok(restore(migrated.parcel).unwrap())
}

/// Returns the verdict on the step from one type to another.
pub fn verdict<A: State, B: State>() -> vblank_state::Verdict {
    vblank_state::Comparison::new(&Schema::of::<A>(), &Schema::of::<B>()).verdict()
}

/// Returns the text of the comparison of two types.
pub fn says<A: State, B: State>() -> String {
    vblank_state::Comparison::new(&Schema::of::<A>(), &Schema::of::<B>()).to_string()
}
