//! A candidate: a version of the guest made ready while nobody waits. It is read, checked, compiled
//! and instantiated in a store of its own, and its memory is warm.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_state::Schema;

use crate::error::Refused;
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
    pub fn new(engine: &Engine, program: Program) -> Result<Self, Refused> {
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
    pub fn again(&self, engine: &Engine) -> Result<Self, Refused> {
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
    /// Ready to take the state over.
    pub version: Version,
    /// What it took to make ready.
    pub stages: Stages,
    /// Since when it waits.
    pub ready: Instant,
}

/// Make a guest's code ready to run. `state_bytes` is the size of the state that it will be given.
///
/// # Errors
/// With all that can be wrong about a guest before it is given a state.
pub fn prepare(engine: &Engine, code: &Code, state_bytes: u64) -> Result<Candidate, Refused> {
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
    stages.instantiate = lap();
    if state_bytes > 0 {
        let warmed = version.instance.prewarm(state_bytes);
        warmed.map_err(crate::error::GuestError::from)?;
        stages.prewarm = lap();
    }
    Ok(Candidate {
        version,
        stages,
        ready: Instant::now(),
    })
}

/// The same from a file.
///
/// # Errors
/// As for [`prepare`], and when the file cannot be read.
pub fn prepare_file(engine: &Engine, path: &Path, state_bytes: u64) -> Result<Candidate, Refused> {
    let begun = Instant::now();
    let code = Code::read(path)?;
    let read = begun.elapsed();
    let mut candidate = prepare(engine, &code, state_bytes)?;
    candidate.stages.read = read;
    Ok(candidate)
}
