//! The frames of a game, to which compilation gives way. Knows no compiler and no game.
//!
//! Threads of lower priority give way to the whole machine: beside a language server that wakes at the same
//! save, they hardly run. So compilation runs at ordinary priority, and one of its threads waits while a frame
//! is made, which leaves a processor to the game.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
#[cfg(feature = "cranelift")]
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Longest wait for the end of a frame. A game whose frames follow each other without a pause may slow
/// compilation down, and may not stop it.
#[cfg(feature = "cranelift")]
const PATIENCE: Duration = Duration::from_millis(8);
/// Time of work between two waits.
#[cfg(feature = "cranelift")]
const WORK: Duration = Duration::from_millis(4);

#[cfg(feature = "cranelift")]
thread_local! {
    /// End of this thread's last wait.
    static WAITED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Says whether a game makes a frame right now.
#[derive(Debug, Default)]
pub struct FrameGate {
    is_open: AtomicBool,
    waiting: AtomicUsize,
    lock: Mutex<()>,
    ended: Condvar,
}

/// A frame that is being made. It ends when this is dropped.
#[derive(Debug)]
pub struct FrameGuard<'a>(&'a FrameGate);

impl FrameGate {
    /// Begins a frame. Takes some nanoseconds, and its end too unless a thread waits.
    #[must_use]
    pub fn begin(&self) -> FrameGuard<'_> {
        self.is_open.store(true, Ordering::SeqCst);
        FrameGuard(self)
    }

    /// Waits for the end of the frame, if there is one, up to 8 ms. To be called between two pieces of work.
    #[cfg(feature = "cranelift")]
    pub(super) fn give_way(&self) {
        if !self.is_open.load(Ordering::SeqCst)
            || WAITED.get().is_some_and(|last| last.elapsed() < WORK)
        {
            return;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |(): &mut ()| self.is_open.load(Ordering::SeqCst);
        // Nothing panics while it holds this lock.
        drop(self.ended.wait_timeout_while(lock, PATIENCE, is_open));
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        WAITED.set(Some(Instant::now()));
    }
}

impl Drop for FrameGuard<'_> {
    fn drop(&mut self) {
        let gate = self.0;
        gate.is_open.store(false, Ordering::SeqCst);
        if gate.waiting.load(Ordering::SeqCst) > 0 {
            // Behind the lock, a thread either waits already or sees the end of the frame.
            drop(gate.lock.lock().unwrap_or_else(PoisonError::into_inner));
            gate.ended.notify_all();
        }
    }
}

#[cfg(all(test, feature = "cranelift"))]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_goes_on_at_once_without_a_frame() {
        let gate = FrameGate::default();
        gate.give_way();
        assert!(WAITED.get().is_none());
    }

    #[test]
    fn the_end_of_a_frame_ends_the_wait() {
        let gate = FrameGate::default();
        let (tell, told) = channel();
        std::thread::scope(|scope| {
            let frame = gate.begin();
            scope.spawn(|| {
                gate.give_way();
                let _ = tell.send(WAITED.get().is_some());
            });
            while gate.waiting.load(Ordering::SeqCst) == 0 {
                // Over the patience, it has waited as well.
                if let Ok(has_waited) = told.try_recv() {
                    return assert!(has_waited);
                }
                std::thread::yield_now();
            }
            drop(frame);
            assert_eq!(told.recv(), Ok(true));
        });
    }

    #[test]
    fn a_frame_without_end_stops_nothing() {
        let gate = FrameGate::default();
        let _frame = gate.begin();
        gate.give_way();
        let first = WAITED.get();
        assert!(first.is_some());
        // It works for a while before it waits again.
        gate.give_way();
        assert!(WAITED.get() == first || first.is_some_and(|first| first.elapsed() >= WORK));
    }
}
