//! What is told, in the order in which it happened. A record of a trap waits for its place in the
//! source, which another thread looks up, and what comes after it waits behind it; the game does not.

use std::fmt::Display;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Instant;

use vblank_runtime::error::Trap;
use vblank_runtime::guest::SourceLocation;
use vblank_runtime::supervisor::Supervisor;

use crate::report::{Record, What};
use super::Session;

/// A record, and from where its place will come.
pub(super) struct PendingRecord {
    record: Record,
    place: Option<Receiver<SourceLocation>>,
}

impl Session {
    pub(super) fn tell(&mut self, what: What) {
        self.tell_later(what, None);
    }

    /// The same, once the place of the trap is known that it comes from.
    pub(super) fn tell_placed(&mut self, what: What, trap: Option<&Trap>) {
        let Some(trap) = trap else {
            return self.tell(what);
        };
        let (tell, place) = channel();
        let (trap, folder) = (trap.clone(), self.options.folder.clone());
        let find = move || {
            let begun = Instant::now();
            let place = SourceLocation::find(&trap, folder.as_deref());
            tracing::debug!("{} looked up in {:.1?}", trap.call, begun.elapsed());
            // Were the session gone, nobody would ask.
            let _ = tell.send(place);
        };
        let thread = std::thread::Builder::new().name("symbols".to_owned());
        // A machine that gives no thread: told without.
        let place = thread.spawn(find).ok().map(|_| place);
        self.tell_later(what, place);
    }

    fn tell_later(&mut self, what: What, place: Option<Receiver<SourceLocation>>) {
        let frame = self.game.as_ref().map_or(0, Supervisor::frame);
        let record = Record { what, frame };
        self.untold.push_back(PendingRecord { record, place });
        self.tell_on(false);
    }

    /// Tell what can be told; with `wait`, everything.
    pub(super) fn tell_on(&mut self, wait: bool) {
        while let Some(next) = self.untold.front_mut() {
            if let Some(receiver) = &next.place {
                let found = if wait {
                    receiver.recv().map_err(|_| TryRecvError::Disconnected)
                } else {
                    receiver.try_recv()
                };
                match found {
                    Ok(found) => {
                        if let Some(place) = next.record.what.place_mut() {
                            *place = found;
                        }
                    }
                    Err(TryRecvError::Empty) => return,
                    // It panicked, over debug sections that nobody had thought of: told without.
                    Err(TryRecvError::Disconnected) => {}
                }
            }
            let Some(told) = self.untold.pop_front() else {
                return;
            };
            for observer in &mut self.parts.observers {
                observer.observe(&told.record);
            }
        }
    }

    /// Of messages that would come with each frame, only the first: one of a kind is told again when its
    /// cause is another.
    pub(super) fn notice_once(&mut self, kind: &'static str, cause: impl Display) {
        let message = format!("{kind}: {cause}");
        if self.last_notices.get(kind) != Some(&message) {
            self.last_notices.insert(kind, message.clone());
            self.tell(What::Notice { message });
        }
    }
}
