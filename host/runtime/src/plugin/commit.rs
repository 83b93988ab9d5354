//! The swap of several slots together: all of them or none. Knows no world and no engine.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use thiserror::Error;

use super::member::Member;
use crate::error::SwapError;

/// The reason why nothing was swapped.
#[derive(Debug, Error)]
#[error("nothing was swapped, since plugin {plugin} refused: {why}")]
pub struct CommitError {
    /// The slot whose new version was refused.
    pub plugin: String,
    /// The reason. The new versions of all slots have been dropped.
    pub why: Box<SwapError>,
}

/// Swaps all of these slots if each has a version ready, and returns true if they were swapped. The
/// application calls it at a boundary of all of them. [`Slot::boundary`](super::Slot::boundary) then
/// returns the changes. The slots are made with
/// [`SlotBuilder::waits_for_commit`](super::SlotBuilder::waits_for_commit).
///
/// If one of the new versions fails during its probation, all slots go back to their previous versions and
/// states. The others do so at their next call or boundary.
///
/// # Errors
/// When a version cannot take over the state, or does not fit the others. All slots keep running unchanged.
///
/// ```no_run
/// # use vblank_runtime::plugin::{Plugin, Slot, commit};
/// # fn both<A: Plugin, B: Plugin>(reader: &mut Slot<A>, writer: &mut Slot<B>) {
/// match commit(&mut [reader, writer]) {
///     Ok(true) => println!("both speak the new format"),
///     Ok(false) => {}
///     Err(error) => eprintln!("{error}"),
/// }
/// # }
/// ```
pub fn commit(slots: &mut [&mut dyn Member]) -> Result<bool, CommitError> {
    // Every slot is checked, so that each takes in its news.
    let ready = slots
        .iter_mut()
        .filter_map(|slot| slot.look().then_some(()))
        .count();
    if slots.is_empty() || ready < slots.len() {
        return Ok(false);
    }
    for slot in slots.iter_mut() {
        slot.expect();
    }
    let mut prepared = Vec::with_capacity(slots.len());
    for index in 0..slots.len() {
        match slots[index].prepare() {
            Ok(one) => prepared.push(one),
            Err(refused) => {
                for (slot, one) in slots.iter_mut().zip(prepared) {
                    slot.abort(one);
                }
                for slot in slots.iter_mut() {
                    slot.forget();
                }
                return Err(CommitError {
                    plugin: slots[index].name().to_owned(),
                    why: Box::new(refused),
                });
            }
        }
    }
    // From here on no step can fail.
    let bond = Arc::new(AtomicBool::new(false));
    for (slot, one) in slots.iter_mut().zip(prepared) {
        slot.publish(one, &bond);
    }
    Ok(true)
}
