//! One comparison, made ahead of time, serves many swaps.

use vblank_derive::State;
use vblank_state::{Comparison, Limits, Parked, Schema, Verdict, apply, defaults, restore, save};

mod v1 {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u32,
        pub name: String,
    }
}

mod v2 {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u64,
        pub lives: Option<u8>,
    }
}

mod v3 {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: String,
    }
}

#[test]
fn a_comparison_is_reusable_on_another_thread() {
    let compare = || Comparison::new(&Schema::of::<v1::World>(), &Schema::of::<v2::World>());
    let comparison = std::thread::spawn(compare).join().unwrap();
    assert_eq!(comparison.old_schema(), &Schema::of::<v1::World>());
    assert_eq!(comparison.new_schema(), &Schema::of::<v2::World>());
    for score in [1, 2] {
        let old = v1::World {
            score,
            name: "Ada".to_owned(),
        };
        let saved = save(&old);
        let migrated = apply(
            comparison.plan().unwrap(),
            &saved.as_ref(),
            &defaults::<v2::World>(),
            &Parked::default(),
            &Limits::default(),
        )
        .unwrap();
        let new: v2::World = restore(migrated.parcel).unwrap();
        assert_eq!((new.score, new.lives), (score.into(), None));
    }
}

#[test]
fn a_comparison_has_a_plan_unless_a_migration_is_needed() {
    let automatic = Comparison::new(&Schema::of::<v1::World>(), &Schema::of::<v2::World>());
    assert_eq!(automatic.verdict(), Verdict::Automatic);
    assert_eq!(automatic.changes().len(), 3);
    assert!(automatic.plan().is_ok() && automatic.into_plan().is_ok());

    let refused = Comparison::new(&Schema::of::<v1::World>(), &Schema::of::<v3::World>());
    assert_eq!(refused.verdict(), Verdict::NeedsMigration);
    let needs = refused.plan().unwrap_err();
    assert_eq!(needs.changes.len(), 1);
    assert_eq!(needs.changes[0].path, "World.score");
    assert!(refused.changes().len() > 1);
}
