//! Every operation of a run fails in turn: the n-th of each thread, alone and with all that follow.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;
use vblank_runtime::fault::{Operation, inject};
use vblank_runtime::image::Image;

use super::run::{Files, Versions, check, copy_folder, engine, play, play_before};
use super::{alone, panics};

/// The operations that fail.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Name of the thread that does them.
    pub thread: String,
    /// Number of the first of them, among the operations of all threads of this name.
    pub first: usize,
    /// True if all that follow fail as well, as on a full disk.
    pub lasts: bool,
}

/// A fault that is injected while this is alive. Without one, operations are counted.
pub struct Injected(Arc<Mutex<Operations>>);

/// The operations of a run so far.
#[derive(Default)]
struct Operations {
    /// Numbers of operations, by the name of the thread.
    counts: BTreeMap<String, usize>,
    /// Operations that failed.
    failed: Vec<String>,
}

impl Injected {
    pub fn new(fault: Option<Fault>) -> Self {
        let operations = Arc::<Mutex<Operations>>::default();
        let seen = Arc::clone(&operations);
        inject(Some(Arc::new(move |operation| {
            let mut seen = lock(&seen);
            let thread = std::thread::current();
            let thread = thread.name().unwrap_or("unnamed");
            let count = seen.counts.entry(thread.to_owned()).or_default();
            let number = *count;
            *count += 1;
            let is_hit = fault.as_ref().is_some_and(|fault| {
                fault.thread == thread
                    && (fault.first == number || fault.lasts && fault.first < number)
            });
            if !is_hit {
                return Ok(());
            }
            seen.failed
                .push(format!("{number} of {thread}: {}", name_of(operation)));
            Err(error_of(operation))
        })));
        Self(operations)
    }

    /// Returns the numbers of operations, by the name of the thread.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        lock(&self.0).counts.clone()
    }

    /// Ends the fault, so that the test can look at what is left. Counts stay.
    pub fn end(&self) {
        inject(None);
    }

    /// Returns the operations that failed.
    pub fn failed(&self) -> Vec<String> {
        lock(&self.0).failed.clone()
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        inject(None);
    }
}

fn lock(operations: &Mutex<Operations>) -> MutexGuard<'_, Operations> {
    operations.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns an error that a real system has for the operation.
fn error_of(operation: Operation<'_>) -> io::Error {
    match operation {
        Operation::CreateFolder(_)
        | Operation::Create(_)
        | Operation::Append(_)
        | Operation::Write(..)
        | Operation::Copy(..) => io::ErrorKind::StorageFull.into(),
        // An input/output error, which has no kind of its own.
        Operation::Sync(_)
        | Operation::Rename(..)
        | Operation::SyncFolder(_)
        | Operation::Read(_)
        | Operation::Touch(_) => io::Error::from_raw_os_error(5),
        Operation::Lock(_) => io::ErrorKind::Unsupported.into(),
        Operation::Thread(_) => io::ErrorKind::WouldBlock.into(),
        Operation::Reserve(_) => io::ErrorKind::OutOfMemory.into(),
    }
}

fn name_of(operation: Operation<'_>) -> String {
    match operation {
        Operation::Write(path, bytes) => format!("write of {} to {path:?}", bytes.len()),
        operation => format!("{operation:?}"),
    }
}

/// Plays with each fault in turn, until no operation is left that could fail. `play` plays once, and checks
/// what is left. Returns the number of faults.
pub fn every_fault(mut play: impl FnMut(&Injected)) -> usize {
    let without = Injected::new(None);
    play(&without);
    let threads = without.counts();
    drop(without);
    let mut faults = 0;
    for thread in threads.keys() {
        for lasts in [false, true] {
            for first in 0.. {
                let fault = Fault {
                    thread: thread.clone(),
                    first,
                    lasts,
                };
                let injected = Injected::new(Some(fault.clone()));
                let panics_before = panics();
                play(&injected);
                assert_eq!(panics(), panics_before, "a panic after {fault:?}");
                if injected.failed().is_empty() {
                    break;
                }
                faults += 1;
            }
        }
    }
    faults
}

#[test]
fn a_run_survives_every_fault() {
    let _alone = alone();
    let (engine, versions) = (engine(), Versions::of(1));
    let folder = TempDir::new().expect("a temporary folder can be made");
    let base = Files {
        folder: folder.path().join("base"),
    };
    let before = play_before(&engine, &base);
    let files = Files {
        folder: folder.path().join("run"),
    };
    let faults = every_fault(|injected| {
        let _ = std::fs::remove_dir_all(&files.folder);
        copy_folder(&base.folder, &files.folder);
        let ended = play(&engine, &versions, &files, Rc::new(|_| {}));
        injected.end();
        let failed = injected.failed();
        // A failed test shows what it has printed.
        println!("{failed:?}");
        check(&ended, &files, &before);
        if failed.is_empty() {
            assert_eq!((ended.exit, ended.swaps), (Some(0), 4), "{:#?}", ended.said);
        }
    });
    println!("{faults} faults");
    assert!(faults > 100, "only {faults} operations failed");
}

#[test]
fn a_signal_does_not_end_the_wait_for_a_lock() {
    use vblank_runtime::files::Lock;
    let _alone = alone();
    let folder = TempDir::new().expect("a temporary folder can be made");
    let interrupted = Mutex::new(false);
    inject(Some(Arc::new(move |operation| {
        let mut interrupted = interrupted.lock().unwrap_or_else(PoisonError::into_inner);
        match operation {
            Operation::Lock(_) if !std::mem::replace(&mut interrupted, true) => {
                Err(io::ErrorKind::Interrupted.into())
            }
            _ => Ok(()),
        }
    })));
    let lock = Lock::wait(&folder.path().join("lock"));
    inject(None);
    let _held = lock.expect("it is taken at the second attempt");
}

#[test]
fn an_image_that_finds_no_memory_is_not_called_damaged() {
    let _alone = alone();
    let file = vblank_tests::workspace().join("tests/cases/hostile/rich.vbs");
    let faults = every_fault(|injected| {
        let read = Image::read(&file);
        injected.end();
        match injected.failed().first() {
            None => drop(read.expect("it is a healthy image")),
            Some(failed) => {
                let message = read.expect_err(failed).to_string();
                assert!(message.contains("cannot read the image"), "{message}");
            }
        }
    });
    assert!(faults > 4, "only {faults} operations failed");
}
