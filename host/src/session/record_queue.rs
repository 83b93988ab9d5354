//! The record queue: everything that is reported, in the order in which it happened.
//!
//! Symbolication runs on another thread; reports stay in order, so later records queue behind one that
//! waits for its source location. The game waits for neither.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Instant;

use vblank_runtime::error::Trap;
use vblank_runtime::guest::SourceLocation;

use crate::report::{Observer, Record, ReportEvent};

/// A record, and the channel from which its source location comes.
struct PendingRecord {
    record: Record,
    location: Option<Receiver<SourceLocation>>,
}

/// The records that are not reported yet, and their observers.
pub(super) struct RecordQueue {
    pending: VecDeque<PendingRecord>,
    observers: Vec<Box<dyn Observer>>,
    /// The guest's crate, if it is one: locations in its source are relative to it.
    folder: Option<PathBuf>,
    /// The last notice of each kind that would come with every frame.
    last_notices: BTreeMap<&'static str, String>,
}

impl RecordQueue {
    pub(super) fn new(observers: Vec<Box<dyn Observer>>, folder: Option<PathBuf>) -> Self {
        Self {
            pending: VecDeque::new(),
            observers,
            folder,
            last_notices: BTreeMap::new(),
        }
    }

    /// Reports an event; `frame` is the number of the next update.
    pub(super) fn report(&mut self, event: ReportEvent, frame: u64) {
        self.push(event, frame, None);
    }

    /// Reports an event once the location of the trap is known that caused it.
    pub(super) fn report_located(&mut self, event: ReportEvent, frame: u64, trap: &Trap) {
        let (found, location) = channel();
        let (trap, folder) = (trap.clone(), self.folder.clone());
        let find = move || {
            let begun = Instant::now();
            let location = SourceLocation::find(&trap, folder.as_deref());
            tracing::debug!("{} looked up in {:.1?}", trap.call, begun.elapsed());
            // Sending fails if the session has ended.
            let _ = found.send(location);
        };
        let thread = std::thread::Builder::new().name("symbols".to_owned());
        // If the system cannot start a thread, the event is reported without a location.
        let location = thread.spawn(find).ok().map(|_| location);
        self.push(event, frame, location);
    }

    /// Reports a notice that every frame would repeat, only when its cause has changed.
    pub(super) fn notice_once(&mut self, kind: &'static str, cause: impl Display, frame: u64) {
        let message = format!("{kind}: {cause}");
        if self.last_notices.get(kind) != Some(&message) {
            self.last_notices.insert(kind, message.clone());
            self.report(ReportEvent::Notice { message }, frame);
        }
    }

    /// Returns the failure of an observer that could not write all records.
    pub(super) fn failure(&self) -> Option<String> {
        let mut observers = self.observers.iter();
        observers.find_map(|observer| observer.failure())
    }

    fn push(&mut self, event: ReportEvent, frame: u64, location: Option<Receiver<SourceLocation>>) {
        let record = Record { event, frame };
        self.pending.push_back(PendingRecord { record, location });
        self.flush(false);
    }

    /// Reports every record that is ready; with `wait`, all of them.
    pub(super) fn flush(&mut self, wait: bool) {
        while let Some(next) = self.pending.front_mut() {
            if let Some(receiver) = &next.location {
                let found = if wait {
                    receiver.recv().map_err(|_| TryRecvError::Disconnected)
                } else {
                    receiver.try_recv()
                };
                match found {
                    Ok(found) => {
                        if let Some(location) = next.record.event.location_mut() {
                            *location = found;
                        }
                    }
                    Err(TryRecvError::Empty) => return,
                    // The look-up panicked, perhaps over an unknown kind of debug section. The record
                    // is reported without a location.
                    Err(TryRecvError::Disconnected) => {}
                }
            }
            let Some(ready) = self.pending.pop_front() else {
                return;
            };
            for observer in &mut self.observers {
                observer.observe(&ready.record);
            }
        }
    }
}
