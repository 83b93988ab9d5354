//! A candidate: a version of the guest made ready while nobody waits. It is read, checked, compiled
//! and instantiated in a store of its own, and its memory is warm.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::{Comparison, Schema};

use crate::error::SwapError;
use crate::guest::{Code, CodeHash, Engine, Instance, Program};

/// A version of the guest that has an instance.
pub struct Version {
    /// Its compiled code, from which another instance can be made.
    pub program: Program,
    /// The type of its state.
    pub schema: Arc<Schema>,
    /// The encoded default values of its fields.
    pub defaults: Arc<[u8]>,
    /// The guest.
    pub instance: Instance,
}

impl Version {
    /// Of the file that it came from.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        self.program.hash
    }

    /// An instance of compiled code, with no state yet.
    ///
    /// # Errors
    /// When the guest traps while it says what its state is.
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

    /// Another instance of the same code, with no state yet.
    ///
    /// # Errors
    /// When the guest may not have the memory.
    pub fn another_instance(&self, engine: &Engine) -> Result<Self, SwapError> {
        Ok(Self {
            program: self.program.clone(),
            schema: Arc::clone(&self.schema),
            defaults: Arc::clone(&self.defaults),
            instance: Instance::new(engine, &self.program)?,
        })
    }
}

/// How long each stage took. Zero where a stage was not needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// From the file's time of writing until the change was quiet.
    pub watch: Duration,
    /// cargo.
    pub build: Duration,
    /// Read, look over, hash.
    pub read: Duration,
    /// From core module to component.
    pub componentise: Duration,
    /// Cranelift, or finding what it made before.
    pub compile: Duration,
    /// Instantiate, ask for the schema.
    pub instantiate: Duration,
    /// Touch the memory that the state will need.
    pub prewarm: Duration,
    /// Whether the compiled code was known, and nothing was componentised or compiled.
    pub cached: bool,
}

impl Stages {
    /// Everything after the build.
    #[must_use]
    pub fn prepare(&self) -> Duration {
        self.read + self.componentise + self.compile + self.instantiate + self.prewarm
    }
}

/// A version that waits for the boundary.
pub struct Candidate {
    /// The version, ready to take the state over.
    pub version: Version,
    /// The comparison of its schema with that of the version which ran while it was prepared.
    pub comparison: Option<Comparison>,
    /// Times of the stages of its preparation.
    pub stages: Stages,
    /// Since when it waits.
    pub ready: Instant,
}

impl Candidate {
    /// A candidate of a version that is ready without any preparation.
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

/// The state that a candidate is going to be given, as far as it is known while it is prepared.
#[derive(Clone, Debug, Default)]
pub struct ExpectedState {
    /// Size in bytes, as far as it will be copied: so much memory is touched beforehand.
    pub bytes: u64,
    /// Type of the state: it is compared with the candidate's beforehand.
    pub schema: Option<Arc<Schema>>,
}

/// Prepares a guest's code: compiles and instantiates it, warms its memory and compares the schemas.
///
/// # Errors
/// With all that can be wrong about a guest before it is given a state.
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
