//! Faults that a test injects: every write to a file that must survive, every lock, every start of a
//! thread, and memory for images pass here first. Knows nothing of what an operation is for.
//!
//! Only the feature `faults` has something to inject. Without it, which is how a host is released, the only
//! function is empty and is compiled away.

use std::io;
use std::path::Path;

/// An operation of the system that is about to happen.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// Creating a folder with its parents.
    CreateFolder(&'a Path),
    /// Creating an empty file.
    Create(&'a Path),
    /// Opening a file to append to it. The file is created if it is missing.
    Append(&'a Path),
    /// Writing bytes at the end of a file.
    Write(&'a Path, &'a [u8]),
    /// Copying the contents of the first file to the end of the second.
    Copy(&'a Path, &'a Path),
    /// Bringing the contents of a file to disk.
    Sync(&'a Path),
    /// Giving a file another name, in place of the file that has the name.
    Rename(&'a Path, &'a Path),
    /// Bringing the names in a folder to disk.
    SyncFolder(&'a Path),
    /// Reading a whole file.
    Read(&'a Path),
    /// Changing the date of a file.
    Touch(&'a Path),
    /// Taking the lock of this name.
    Lock(&'a Path),
    /// Starting a thread of this name.
    Thread(&'a str),
    /// Reserving this many bytes of memory, a number that a stranger decides.
    Reserve(usize),
}

/// Asks the test that runs whether an operation happens.
///
/// # Errors
/// The error that the operation is to fail with.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub(crate) fn before(_: Operation<'_>) -> io::Result<()> {
    Ok(())
}

#[cfg(feature = "faults")]
pub(crate) use injected::before;
#[cfg(feature = "faults")]
pub use injected::{Hook, inject};

#[cfg(feature = "faults")]
mod injected {
    use std::sync::{Arc, PoisonError, RwLock};

    use super::{Operation, io};

    /// A function that sees every operation, on the thread that is about to do it, and may make it fail.
    pub type Hook = Arc<dyn Fn(Operation<'_>) -> io::Result<()> + Send + Sync>;

    static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

    /// Sets the hook of the process, or removes it.
    pub fn inject(hook: Option<Hook>) {
        *HOOK.write().unwrap_or_else(PoisonError::into_inner) = hook;
    }

    pub(crate) fn before(operation: Operation<'_>) -> io::Result<()> {
        // The hook is called without the lock, since it may start a thread itself.
        let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
        hook.map_or(Ok(()), |hook| hook(operation))
    }
}
