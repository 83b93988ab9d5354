//! A system that fails: whole runs of a game in which a write, a lock or the start of a thread fails, or
//! after which the power is lost.
//!
//! A binary of its own, because faults are injected into the whole process. Its tests run one after the other.

mod cache;
mod disk;
mod injection;
mod plugin;
mod power_loss;
mod run;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Panics of all threads, those of failed tests included.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Waits for the other tests of this process. A panic is counted from now on.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    static COUNTED: Once = Once::new();
    COUNTED.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            usual(panic);
        }));
    });
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Number of panics so far.
fn panics() -> usize {
    PANICS.load(Ordering::Relaxed)
}
