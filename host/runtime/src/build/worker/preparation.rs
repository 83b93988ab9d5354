//! The preparation of a version on a thread of its own, while the worker listens for changes. Knows no build.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{Source, Stop, Worker};
use crate::error::{GuestError, SwapError};
use crate::guest::Code;
use crate::supervisor::{Candidate, prepare};
use crate::thread::{DEEP_STACK, cancellable, start_with_stack};

impl Worker {
    /// Prepares a version on another thread. A preparation that takes long is given up when something
    /// changes, and when the pipeline is no longer wanted.
    pub(super) fn prepare(&mut self, code: &Code) -> Result<Result<Candidate, SwapError>, Stop> {
        const PATIENCE: Duration = Duration::from_millis(300);
        const INTERVAL: Duration = Duration::from_millis(10);
        /// A program that writes an input all the time is to keep no version out.
        const MOST_SUPERSEDED: u32 = 3;
        /// Time that a preparation gets then. One that takes longer is to keep no later version out.
        const LEAST: Duration = Duration::from_secs(5);
        let begun = Instant::now();
        let cancel = Arc::<AtomicBool>::default();
        let (tell, prepared) = channel();
        let preparing = {
            let (engine, code) = (Arc::clone(&self.engine), code.clone());
            let (expected, cancel) = (self.expected_state(), Arc::clone(&cancel));
            move || {
                let done = cancellable(&cancel, || prepare(&engine, &code, &expected));
                // An error means that it is not wanted any more.
                let _ = tell.send(done);
            }
        };
        let name = "prepare";
        if let Err(cause) = start_with_stack(name, DEEP_STACK, preparing) {
            return Ok(Err(SwapError::Guest(GuestError::Thread { name, cause })));
        }
        let mut next = prepared.recv_timeout(PATIENCE);
        if matches!(next, Err(RecvTimeoutError::Timeout)) {
            self.settle_newest()?;
        }
        let mut changed = None;
        loop {
            match next {
                Ok(done) => {
                    self.superseded = 0;
                    // The change waits no longer.
                    self.is_due |= changed.is_some();
                    return Ok(done);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The panic hook has reported it.
                Err(RecvTimeoutError::Disconnected) => return Err(Stop::Failed),
            }
            let stop = match self.wait(Some(INTERVAL)) {
                Ok(None) if changed.is_some() && begun.elapsed() > LEAST => {
                    changed.map(Stop::Changed)
                }
                Ok(None) => None,
                // The last word of the save that is being prepared.
                Ok(Some(_)) if self.is_source(code) => None,
                Ok(Some(at)) if self.superseded < MOST_SUPERSEDED => {
                    self.superseded += 1;
                    Some(Stop::Changed(at))
                }
                Ok(at) => {
                    changed = changed.max(at);
                    None
                }
                Err(stop) => Some(stop),
            };
            if let Some(stop) = stop {
                // The file may become what it was, and that has made no candidate.
                self.last = None;
                cancel.store(true, Ordering::Relaxed);
                return Err(stop);
            }
            next = prepared.recv_timeout(Duration::ZERO);
        }
    }

    /// True if the source is a finished guest, and holds this code.
    fn is_source(&self, code: &Code) -> bool {
        let Source::File(file) = &self.source else {
            return false;
        };
        let now = Code::read(&self.named_in.path(file));
        now.is_ok_and(|now| now.hash == code.hash && now.wants == code.wants)
    }
}
