//! A program that goes on beside the test, such as one that writes a file all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Something that another program does again and again, until this is dropped.
pub struct Busy {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Busy {
    /// Starts to call `act` with the number of the call, and with this pause between two calls.
    #[must_use]
    pub fn new(pause: Duration, mut act: impl FnMut(u64) + Send + 'static) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let end = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut number = 0;
            while !end.load(Ordering::Relaxed) {
                act(number);
                number += 1;
                std::thread::sleep(pause);
            }
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // A panic of the thread has been printed.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
