//! The preparation of a version on a thread of its own, while the worker listens for changes. Knows no build.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::{Stop, Worker};
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
                Ok(None) => None,
                Ok(Some(at)) if self.superseded < MOST_SUPERSEDED => {
                    self.superseded += 1;
                    // The file may be as it was, and has made no candidate.
                    self.last = None;
                    Some(Stop::Changed(at))
                }
                Ok(at) => {
                    changed = changed.max(at);
                    None
                }
                Err(stop) => Some(stop),
            };
            if let Some(stop) = stop {
                cancel.store(true, Ordering::Relaxed);
                return Err(stop);
            }
            next = prepared.recv_timeout(Duration::ZERO);
        }
    }
}
