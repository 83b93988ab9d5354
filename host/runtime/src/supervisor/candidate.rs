//! A candidate: a version of the guest that was prepared while nobody waits. It is read, checked, compiled
//! and instantiated in a store of its own, and its memory is warm. Knows no supervisor.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::{Comparison, Schema, explain};

use crate::error::SwapError;
use crate::guest::{Code, CodeHash, Engine, Instance, Program};

/// A version of the guest, with an instance.
pub struct Version {
    /// Compiled code, from which further instances can be made.
    pub program: Program,
    /// Type of the state.
    pub schema: Arc<Schema>,
    /// Default values of the state's fields, encoded.
    pub defaults: Arc<[u8]>,
    /// The guest.
    pub instance: Instance,
}

impl Version {
    /// Hash of the guest's file.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        self.program.hash
    }

    /// Instantiates compiled code. The instance has no state yet.
    ///
    /// # Errors
    /// When the guest traps while it returns its schema or its defaults.
    pub fn new(engine: &Engine, program: Program) -> Result<Self, SwapError> {
        let mut instance = Instance::new(engine, &program)?;
        let schema = Arc::new(instance.schema()?);
        let defaults = instance
            .defaults()
            .map_err(crate::error::GuestError::from)?;
        Ok(Self {
            program,
            schema,
            defaults: defaults.into(),
            instance,
        })
    }

    /// Makes another instance of the same code. The instance has no state yet.
    ///
    /// # Errors
    /// When the initial memory of the guest exceeds its limit.
    pub fn another_instance(&self, engine: &Engine) -> Result<Self, SwapError> {
        Ok(Self {
            program: self.program.clone(),
            schema: Arc::clone(&self.schema),
            defaults: Arc::clone(&self.defaults),
            instance: Instance::new(engine, &self.program)?,
        })
    }
}

/// Durations of the stages of a preparation. Zero for a stage that was not needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// Time from the write of the file until no further change followed.
    pub watch: Duration,
    /// Time of the build.
    pub build: Duration,
    /// Time to read, check and hash the file.
    pub read: Duration,
    /// Time to convert a core module to a component.
    pub componentise: Duration,
    /// Time to compile, or to find compiled code in the cache.
    pub compile: Duration,
    /// Time to instantiate and to ask for the schema.
    pub instantiate: Duration,
    /// Time to touch the memory that the state will need.
    pub prewarm: Duration,
    /// True if the compiled code was in the cache.
    pub cached: bool,
}

impl Stages {
    /// Sum of the stages after the build.
    #[must_use]
    pub fn prepare(&self) -> Duration {
        self.read + self.componentise + self.compile + self.instantiate + self.prewarm
    }
}

/// A version that waits for the boundary.
pub struct Candidate {
    /// The version, ready to take the state over.
    pub version: Version,
    /// Comparison of its schema with that of the version that ran during the preparation.
    pub comparison: Option<Comparison>,
    /// Durations of the stages of its preparation.
    pub stages: Stages,
    /// Time since which it waits.
    pub ready: Instant,
}

impl Candidate {
    /// Makes a candidate of a version that needs no preparation.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self {
            version,
            comparison: None,
            stages: Stages::default(),
            ready: Instant::now(),
        }
    }
}

/// The state that a candidate will take over, as far as it is known during the preparation.
#[derive(Clone, Debug, Default)]
pub struct ExpectedState {
    /// Size of the part that will be copied, in bytes. The candidate touches that much memory in advance.
    pub bytes: u64,
    /// Type of the state, which is compared with the candidate's in advance.
    pub schema: Option<Arc<Schema>>,
}

/// Prepares a guest's code: compiles and instantiates it, warms its memory and compares the schemas.
///
/// # Errors
/// When the code is no guest of this world, needs a capability that is not granted, does not compile, or
/// traps.
pub fn prepare(
    engine: &Engine,
    code: &Code,
    expected: &ExpectedState,
) -> Result<Candidate, SwapError> {
    let mut stages = Stages::default();
    let mut last = Instant::now();
    let mut lap = || {
        let took = last.elapsed();
        last = Instant::now();
        took
    };
    let program = match engine.recall(code)? {
        Some(program) => {
            stages.cached = true;
            program
        }
        None => {
            let component = code.componentise()?;
            stages.componentise = lap();
            engine.compile(code, &component)?
        }
    };
    stages.compile = lap();
    let mut version = Version::new(engine, program)?;
    let changed = expected.schema.as_ref();
    let changed = changed.filter(|schema| ***schema != *version.schema);
    let comparison = changed.map(|schema| Comparison::new(schema, &version.schema));
    if let Some(comparison) = &comparison
        && let Err(needed) = comparison.plan()
    {
        // Made here, so that no frame waits for it.
        let _ = explain(comparison.old_schema(), comparison.new_schema(), needed);
    }
    stages.instantiate = lap();
    if expected.bytes > 0 {
        let warmed = version.instance.prewarm(expected.bytes);
        warmed.map_err(crate::error::GuestError::from)?;
        stages.prewarm = lap();
    }
    Ok(Candidate {
        comparison,
        stages,
        ..Candidate::of(version)
    })
}

/// Prepares a guest's code from a file.
///
/// # Errors
/// As for [`prepare`], and when the file cannot be read.
pub fn prepare_file(
    engine: &Engine,
    path: &Path,
    expected: &ExpectedState,
) -> Result<Candidate, SwapError> {
    let begun = Instant::now();
    let code = Code::read(path)?;
    let read = begun.elapsed();
    let mut candidate = prepare(engine, &code, expected)?;
    candidate.stages.read = read;
    Ok(candidate)
}
