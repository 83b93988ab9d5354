//! The compiler: wasmtime, its threads, the caches of compiled code, and the clock
//! for time limits. Knows no world and no grants.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, WasmBacktraceDetails};

use super::cache::{Cache, CacheOptions};
#[cfg(feature = "cranelift")]
use super::compile_pool::CompilePool;
use super::frame_gate::FrameGate;
#[cfg(feature = "cranelift")]
use super::function_cache::FunctionCache;
use super::limits::TICK;
use super::profiler::Profiler;
use crate::error::GuestError;
use crate::thread;

/// The part of an engine that all engines of a host share.
pub(super) struct Compiler {
    pub(super) wasm: wasmtime::Engine,
    /// Interval at which the epoch advances; the grain of every time limit.
    pub(super) tick: Duration,
    pub(super) cache: Cache,
    #[cfg(feature = "cranelift")]
    pool: CompilePool,
}

impl Compiler {
    /// Sets up WebAssembly, a thread pool, and the clock for time limits.
    ///
    /// # Errors
    /// When the system starts no thread, or wasmtime does not support the processor.
    pub(super) fn new(
        deterministic: bool,
        cache: Option<&CacheOptions>,
        profiler: Option<&Profiler>,
        frames: Option<&Arc<FrameGate>>,
    ) -> Result<Self, GuestError> {
        let failed = |error: wasmtime::Error| GuestError::Engine(format!("{error:#}"));
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            // Switched off, since a call into a component is then four times cheaper.
            .concurrency_support(false)
            .epoch_interruption(true)
            // Source locations are looked up off the frame, in the file before stripping.
            .wasm_backtrace_details(WasmBacktraceDetails::Disable);
        #[cfg(feature = "cranelift")]
        config
            .cranelift_nan_canonicalization(deterministic)
            .enable_incremental_compilation(Arc::new(FunctionCache::new(frames.cloned())))
            .map_err(failed)?;
        let wasm = wasmtime::Engine::new(&config).map_err(failed)?;
        #[cfg(feature = "cranelift")]
        let pool = CompilePool::start(frames.is_some())?;
        #[cfg(not(feature = "cranelift"))]
        let _ = frames;
        let tick = profiler.map_or(TICK, Profiler::every);
        start_clock(&wasm, tick)?;
        Ok(Self {
            cache: Cache::open(deterministic, cache),
            wasm,
            tick,
            #[cfg(feature = "cranelift")]
            pool,
        })
    }

    /// Compiles a component, on the thread pool.
    ///
    /// # Errors
    /// When the component does not compile or takes too long, or this build has no compiler.
    pub(super) fn compile(&self, component: &[u8]) -> Result<Component, GuestError> {
        #[cfg(feature = "cranelift")]
        return self.pool.compile(&self.wasm, component);
        #[cfg(not(feature = "cranelift"))]
        {
            let _ = component;
            Err(GuestError::Compile {
                message: "this build has no compiler (feature `cranelift`); it runs only code that was compiled before".to_owned(),
            })
        }
    }
}

/// Starts the thread that advances the epoch, until the engine is gone.
fn start_clock(wasm: &wasmtime::Engine, tick: Duration) -> Result<(), GuestError> {
    let wasm = wasm.weak();
    let tick_on = move || {
        while let Some(wasm) = wasm.upgrade() {
            wasm.increment_epoch();
            drop(wasm);
            std::thread::sleep(tick);
        }
    };
    thread::start("guest-clock", tick_on)
        .map_err(|error| GuestError::Engine(format!("no thread for the clock: {error}")))?;
    Ok(())
}
