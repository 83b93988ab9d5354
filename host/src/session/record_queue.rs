//! The record queue: everything that is reported, in the order in which it happened.
//!
//! Symbolication runs on another thread; reports stay in order, so later records queue behind one that
//! waits for its source location. The game waits for neither, and a record waits no longer than
//! [`PATIENCE`]: the guest chooses what the look-up reads.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use vblank_runtime::error::Trap;
use vblank_runtime::guest::SourceLocation;
use vblank_runtime::thread;

use crate::report::{Observer, Record, ReportEvent};

/// Time after which a record is reported without its source location.
const PATIENCE: Duration = Duration::from_millis(200);
/// The same at the end of a run, when no other record can be late.
const PATIENCE_AT_END: Duration = Duration::from_secs(2);

/// A record, and the channel from which its source location comes.
struct PendingRecord {
    record: Record,
    location: Option<Receiver<SourceLocation>>,
    since: Instant,
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
        // If the system cannot start a thread, the event is reported without a location.
        let location = thread::start("symbols", find).ok().map(|_| location);
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
        let since = Instant::now();
        self.pending.push_back(PendingRecord {
            record,
            location,
            since,
        });
        self.flush(false);
    }

    /// Reports every record that is ready. With `is_end`, reports all of them and waits for the look-ups.
    pub(super) fn flush(&mut self, is_end: bool) {
        while let Some(next) = self.pending.front_mut() {
            if let Some(receiver) = &next.location {
                let waited = next.since.elapsed();
                let found = if is_end {
                    receiver.recv_timeout(PATIENCE_AT_END.saturating_sub(waited))
                } else {
                    receiver.recv_timeout(Duration::ZERO)
                };
                match found {
                    Ok(found) => {
                        if let Some(location) = next.record.event.location_mut() {
                            *location = found;
                        }
                    }
                    Err(RecvTimeoutError::Timeout) if !is_end && waited < PATIENCE => return,
                    // The look-up takes too long, or it panicked, perhaps over an unknown kind of debug
                    // section. The record is reported without a location.
                    Err(_) => {}
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
