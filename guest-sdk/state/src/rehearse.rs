//! A whole swap in one call, as the host does it: for a guest's own tests of its migrations.

use crate::codec::{Reader, State, defaults, save};
use crate::compare::Comparison;
use crate::migrate::{Limits, Parked, apply};
use crate::report::explain;
use crate::schema::Schema;
use crate::walk::check;

/// Carries a state from one type to another, hooks and all.
///
/// ```
/// # use vblank_derive::State;
/// # use vblank_state::{Parked, rehearse::carry};
/// mod v1 {
///     # use vblank_derive::State;
///     #[derive(State)]
///     # #[state(crate = vblank_state)]
///     pub struct World { pub score: u32 }
/// }
/// #[derive(State)]
/// # #[state(crate = vblank_state)]
/// struct World { score: u64, lives: Option<u8> }
///
/// let new: World = carry(&v1::World { score: 7 }, &mut Parked::default()).unwrap();
/// assert_eq!((new.score, new.lives), (7, None));
/// ```
///
/// # Errors
/// What the host would say: the report on changes that need a migration, or why this state is refused.
pub fn carry<A: State, B: State>(old: &A, parked: &mut Parked) -> Result<B, String> {
    let (from, to) = (Schema::of::<A>(), Schema::of::<B>());
    let comparison = Comparison::new(&from, &to);
    let plan = comparison
        .plan()
        .map_err(|needs| explain(&from, &to, needs))?;
    let saved = save(old);
    check(&from, &saved.as_ref()).map_err(|error| error.to_string())?;
    let migrated = apply(
        plan,
        &saved.as_ref(),
        &defaults::<B>(),
        parked,
        &Limits::default(),
    );
    let migrated = migrated.map_err(|refusal| refusal.to_string())?;
    let (tree, segments) = migrated.parcel.into_parts();
    let restore = || {
        let mut reader = Reader::with_leftovers(&tree, segments, &migrated.leftovers);
        let new = B::restore(&mut reader)?;
        reader.finish().map(|()| new)
    };
    let new = restore().map_err(|error| error.to_string())?;
    *parked = migrated.parked;
    Ok(new)
}
