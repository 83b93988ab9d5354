//! Threads that work beside the frame: every thread of the runtime and of the host starts here. Knows
//! nothing of their work.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use crate::fault::{self, Operation};

thread_local! {
    /// The flag of the work that the thread does.
    static CANCEL: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Starts a thread.
///
/// # Errors
/// When the system starts no thread.
pub fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    named(name)?.spawn(work)
}

/// Starts a thread with a stack of this many bytes.
///
/// # Errors
/// When the system starts no thread.
#[cfg(any(feature = "build", feature = "cranelift"))]
pub(crate) fn start_with_stack<T: Send + 'static>(
    name: &str,
    stack: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    named(name)?.stack_size(stack).spawn(work)
}

fn named(name: &str) -> io::Result<Builder> {
    fault::before(Operation::Thread(name))?;
    Ok(Builder::new().name(name.to_owned()))
}

/// Does work that may end early once the flag is set.
pub(crate) fn cancellable<T>(cancel: &Arc<AtomicBool>, work: impl FnOnce() -> T) -> T {
    CANCEL.set(Some(Arc::clone(cancel)));
    let done = work();
    CANCEL.set(None);
    done
}

/// True if the result of this thread's work is not wanted any more.
pub(crate) fn is_cancelled() -> bool {
    CANCEL.with_borrow(|cancel| {
        let cancel = cancel.as_ref();
        cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    })
}

/// Lowers the priority of the calling thread, so that its work delays no frame.
///
/// Has an effect on Linux only, where each thread has its own nice value.
pub(crate) fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // A refusal only delays frames.
        let _ = rustix::process::nice(10);
    }
}

/// Size of a stack for libraries that recurse along foreign input. Only the part that is used takes memory.
pub(crate) const DEEP_STACK: usize = 128 << 20;

/// Runs a library that parses foreign input on a thread with a stack of [`DEEP_STACK`] bytes, and waits for
/// it. The input must be checked first, since no stack suffices for everything. Takes some 30 µs more than
/// the call itself. A panic of the library goes on in the calling thread.
///
/// # Errors
/// When the system starts no thread.
pub(crate) fn deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let builder = named("parse")?.stack_size(DEEP_STACK);
        let thread = builder.spawn_scoped(scope, work)?;
        match thread.join() {
            Ok(done) => Ok(done),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
