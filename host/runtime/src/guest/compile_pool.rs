//! Compilation on threads that give way to frames or to everything, with a limit of time. A compilation that is overdue or not
//! wanted any more is abandoned to its threads, and the next one has others. Knows no cache and no world.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rayon::ThreadPool;
use wasmtime::component::Component;

use crate::error::GuestError;
use crate::thread::{DEEP_STACK, is_cancelled, lower_priority, start_with_stack};

/// Time for any compilation. It is generous, since the machine may be slow or busy.
const LEAST: Duration = Duration::from_secs(30);
/// Further time for each byte, twenty times what an ordinary guest needs.
const PER_BYTE: Duration = Duration::from_micros(20);
/// Time after which a compilation that is not wanted any more is abandoned. Shorter ones are of use to the
/// next version, which has most functions in common with it.
const PATIENCE: Duration = Duration::from_millis(500);
/// Interval of looking whether a compilation is still wanted.
const INTERVAL: Duration = Duration::from_millis(20);
/// Largest number of abandoned compilations that still run.
const MOST_ABANDONED: usize = 4;

/// Threads that compile.
pub(super) struct CompilePool {
    current: Mutex<Option<Arc<Crew>>>,
    abandoned: Arc<AtomicUsize>,
    gives_way: bool,
}

/// The threads of some compilations, which are stopped together.
struct Crew {
    threads: ThreadPool,
    stop: Arc<AtomicBool>,
}

/// The payload of the panic that ends a stopped compilation.
struct Stopped;

thread_local! {
    /// The flag that stops this thread's compilations.
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Ends the compilation that runs on this thread, if it was abandoned. To be called between two functions.
pub(super) fn end_if_stopped() {
    let is_stopped = STOP.with_borrow(|stop| {
        let stop = stop.as_ref();
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    });
    if is_stopped {
        // It calls no panic hook. `CompilePool::attempt` catches it.
        resume_unwind(Box::new(Stopped));
    }
}

/// The end of an attempt to compile.
enum Attempt {
    Done(Result<Component, GuestError>),
    /// The threads were stopped because of another compilation.
    Interrupted,
}

impl CompilePool {
    /// Starts the first threads. They have lower priority unless they give way to frames.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub(super) fn start(gives_way: bool) -> Result<Self, GuestError> {
        Ok(Self {
            current: Mutex::new(Some(Arc::new(Crew::start(gives_way)?))),
            gives_way,
            abandoned: Arc::default(),
        })
    }

    /// Compiles a component.
    ///
    /// # Errors
    /// When the component does not compile, takes too long, or is not wanted any more.
    pub(super) fn compile(
        &self,
        wasm: &wasmtime::Engine,
        component: &[u8],
    ) -> Result<Component, GuestError> {
        let component: Arc<[u8]> = component.into();
        loop {
            if let Attempt::Done(done) = self.attempt(wasm, &component)? {
                return done;
            }
        }
    }

    fn attempt(
        &self,
        wasm: &wasmtime::Engine,
        component: &Arc<[u8]>,
    ) -> Result<Attempt, GuestError> {
        let crew = self.crew()?;
        let (tell, told) = channel();
        let begun = Arc::<OnceLock<Instant>>::default();
        // Set by the side that leaves first.
        let is_left = Arc::<AtomicBool>::default();
        let job = {
            let (wasm, component, begun) =
                (wasm.clone(), Arc::clone(component), Arc::clone(&begun));
            let (is_left, abandoned) = (Arc::clone(&is_left), Arc::clone(&self.abandoned));
            move || {
                let _ = begun.set(Instant::now());
                let done = catch_unwind(AssertUnwindSafe(|| {
                    end_if_stopped();
                    Component::from_binary(&wasm, &component)
                }));
                // An error means that nobody waits any more.
                let _ = tell.send(done);
                if is_left.swap(true, Ordering::AcqRel) {
                    abandoned.fetch_sub(1, Ordering::AcqRel);
                }
            }
        };
        crew.threads.spawn(job);
        let limit = LEAST + PER_BYTE * u32::try_from(component.len()).unwrap_or(u32::MAX);
        loop {
            let message = match told.recv_timeout(INTERVAL) {
                Ok(Ok(compiled)) => {
                    return Ok(Attempt::Done(compiled.map_err(|error| {
                        GuestError::Compile {
                            message: format!("{error:#}"),
                        }
                    })));
                }
                Ok(Err(panic)) if panic.is::<Stopped>() => return Ok(Attempt::Interrupted),
                // The panic hook has reported it.
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                    "the compiler failed".to_owned()
                }
                // It is behind a compilation that was abandoned, and may be for long.
                Err(RecvTimeoutError::Timeout)
                    if begun.get().is_none() && crew.stop.load(Ordering::Relaxed) =>
                {
                    return Ok(Attempt::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let took = begun.get().map_or(Duration::ZERO, Instant::elapsed);
                    let message = if took > limit {
                        format!("it took longer than {} s", limit.as_secs())
                    } else if took > PATIENCE && is_cancelled() {
                        "a newer version came".to_owned()
                    } else {
                        continue;
                    };
                    self.abandoned.fetch_add(1, Ordering::AcqRel);
                    if is_left.swap(true, Ordering::AcqRel) {
                        // It ended just now.
                        self.abandoned.fetch_sub(1, Ordering::AcqRel);
                    }
                    self.dismiss(&crew);
                    message
                }
            };
            return Ok(Attempt::Done(Err(GuestError::Compile { message })));
        }
    }

    /// Returns the threads for the next compilation.
    fn crew(&self) -> Result<Arc<Crew>, GuestError> {
        let running = self.abandoned.load(Ordering::Acquire);
        if running >= MOST_ABANDONED {
            return Err(GuestError::Compile {
                message: format!(
                    "{running} earlier versions are still being compiled; try again later, or start the host again"
                ),
            });
        }
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(crew) = &*current {
            return Ok(Arc::clone(crew));
        }
        let crew = Arc::new(Crew::start(self.gives_way)?);
        *current = Some(Arc::clone(&crew));
        Ok(crew)
    }

    /// Stops threads. They end after the function that each of them compiles now.
    fn dismiss(&self, crew: &Arc<Crew>) {
        crew.stop.store(true, Ordering::Relaxed);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|current| Arc::ptr_eq(current, crew));
    }
}

impl Crew {
    fn start(gives_way: bool) -> Result<Self, GuestError> {
        let stop = Arc::<AtomicBool>::default();
        let flag = Arc::clone(&stop);
        let threads = rayon::ThreadPoolBuilder::new()
            .thread_name(|i| format!("compile-{i}"))
            .start_handler(move |_| {
                if !gives_way {
                    lower_priority();
                }
                STOP.set(Some(Arc::clone(&flag)));
            })
            .spawn_handler(|thread| {
                let name = thread.name().unwrap_or("compile").to_owned();
                start_with_stack(&name, DEEP_STACK, || thread.run()).map(drop)
            })
            .build()
            .map_err(|error| GuestError::Engine(error.to_string()))?;
        Ok(Self { threads, stop })
    }
}
