//! A whole swap in one call, for a guest's tests of its migrations. Knows no host: it repeats the
//! host's steps.

use crate::codec::{Reader, State, defaults, save};
use crate::compare::Comparison;
use crate::migrate::{Limits, Parked, apply};
use crate::report::explain;
use crate::schema::Schema;
use crate::walk::check;

/// Migrates a state from one type to another, including hooks.
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
/// Returns the host's message: the report on changes that need a migration, or the refusal of this
/// state.
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
