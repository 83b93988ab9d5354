//! Several slots swapped together: all of them or none.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use thiserror::Error;

use super::member::Member;
use crate::error::SwapError;

/// Why nothing was swapped.
#[derive(Debug, Error)]
#[error("nothing was swapped, since plugin {plugin} refused: {why}")]
pub struct CommitError {
    /// The slot whose new version did not take the state.
    pub plugin: String,
    /// Why. The new versions of all the slots are gone.
    pub why: Box<SwapError>,
}

/// Swap all of these slots, if each has a version ready; whether that was so. To be called at a boundary of
/// all of them, in place of [`Slot::boundary`](super::Slot::boundary), which tells what became of it. They are
/// made with [`SlotBuilder::waits_for_commit`](super::SlotBuilder::waits_for_commit).
///
/// If one of the new versions fails in its first calls, all of them go back, each with its own state of
/// before: the others at their next call or boundary.
///
/// # Errors
/// When a version does not take the state over, or would not fit the others. All slots run on as they were.
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
    // All are looked at, so that each hears of what it was offered.
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
    // From here on nothing fails.
    let bond = Arc::new(AtomicBool::new(false));
    for (slot, one) in slots.iter_mut().zip(prepared) {
        slot.publish(one, &bond);
    }
    Ok(true)
}
