//! The engine: compiles the guests of one world and links them to what the world offers and the user
//! grants. Engines of one host share a [`Compiler`]. Knows no state and no swap.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use wasmtime::component::{Component, InstancePre, Linker};

use super::cache::CacheOptions;
use super::capability::{Capability, GrantedWasi};
use super::compiler::Compiler;
use super::component::Code;
use super::context::Context;
use super::frame_gate::FrameGate;
use super::grants::Grants;
use super::hash::CodeHash;
use super::limits::Limits;
use super::profiler::Profiler;
use super::program::Program;
use super::provide::{self, ExportTypes, ImportedInterface};
use super::world::World;
use crate::error::GuestError;

/// The options that the user chooses for all guests of a host.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Capabilities granted from the start; [`Engine::allow`] grants more.
    pub allow: Vec<Capability>,
    /// Makes NaNs equal on every machine, for replays across machines. Floating-point code is 3 to 8 times
    /// slower.
    pub deterministic: bool,
    /// Limits of time and memory.
    pub limits: Limits,
    /// Keeps compiled code between runs. Without it, only the last versions are kept, in memory.
    pub cache: Option<CacheOptions>,
    /// The frames of a game, to which compilation gives way. Without them, compilation has lower priority than
    /// everything else on the machine.
    pub frames: Option<Arc<FrameGate>>,
    /// Takes stack samples of guests at intervals. Time limits are then counted in these intervals.
    pub profiler: Option<Arc<Profiler>>,
}

/// Compiles and links the guests of a world.
pub struct Engine {
    compiler: Arc<Compiler>,
    options: EngineOptions,
    world: Arc<World>,
    grants: RwLock<Grants>,
    /// The last component whose exports fitted the world.
    fitting: Mutex<Option<Component>>,
}

impl Engine {
    /// Sets up WebAssembly for guests of a world: a compiler with a thread pool, and the clock for their
    /// time limits.
    ///
    /// # Errors
    /// When the system starts no thread, or wasmtime does not support the processor.
    pub fn new(world: World, options: EngineOptions) -> Result<Self, GuestError> {
        let compiler = Compiler::new(
            options.deterministic,
            options.cache.as_ref(),
            options.profiler.as_deref(),
            options.frames.as_ref(),
        )?;
        Self::with_compiler(Arc::new(compiler), Arc::new(world), options)
    }

    /// Makes an engine for another world or other options that shares this one's compiler and caches.
    /// Takes some microseconds. `deterministic`, `cache`, `frames` and the interval of samples stay those of the
    /// first engine.
    ///
    /// # Errors
    /// When a capability cannot be offered.
    pub fn with(&self, world: Arc<World>, options: EngineOptions) -> Result<Self, GuestError> {
        Self::with_compiler(Arc::clone(&self.compiler), world, options)
    }

    fn with_compiler(
        compiler: Arc<Compiler>,
        world: Arc<World>,
        options: EngineOptions,
    ) -> Result<Self, GuestError> {
        let grants = Grants::new(&compiler.wasm, &world, &options.allow)?;
        Ok(Self {
            compiler,
            options,
            world,
            grants: RwLock::new(grants),
            fitting: Mutex::default(),
        })
    }

    pub(super) fn wasm(&self) -> &wasmtime::Engine {
        &self.compiler.wasm
    }

    pub(super) fn tick(&self) -> Duration {
        self.compiler.tick
    }

    /// The options that the engine was made with.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// The world of its guests.
    #[must_use]
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Grants a capability to all guests that are linked from now on. Returns false if it was granted
    /// already. Takes a millisecond.
    ///
    /// # Errors
    /// When it cannot be offered, as a folder that is missing. Nothing is granted then.
    pub fn allow(&self, capability: Capability) -> Result<bool, GuestError> {
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        let Some(with) = grants.with(self.wasm(), &self.world, capability)? else {
            return Ok(false);
        };
        *grants = with;
        Ok(true)
    }

    /// Takes a capability back: no instance that is made from now on has it. A running instance keeps it until
    /// it is replaced. Returns false if it was not granted.
    pub fn revoke(&self, capability: &Capability) -> bool {
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        grants.withdraw(capability)
    }

    /// The capabilities granted so far.
    #[must_use]
    pub fn allowed(&self) -> Vec<Capability> {
        self.granted(|grants| grants.all().cloned().collect())
    }

    /// Returns what a new instance is granted.
    pub(super) fn granted_wasi(&self) -> Result<Option<GrantedWasi>, GuestError> {
        self.granted(|grants| grants.context(self.options.limits.call))
    }

    fn granted<T>(&self, look: impl FnOnce(&Grants) -> T) -> T {
        look(&self.grants.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds a guest that was compiled before, in this run or an earlier one, and links it again, since the
    /// grants may have changed. Returns `None` if the guest has to be compiled.
    ///
    /// # Errors
    /// When the guest wants a capability that is not granted, or belongs to another world.
    pub fn recall(&self, code: &Code) -> Result<Option<Program>, GuestError> {
        let known = self.compiler.cache.get(self.wasm(), code);
        known
            .map(|component| self.link(code, &component))
            .transpose()
    }

    /// Returns the code of one of the last linked versions, from memory.
    #[must_use]
    pub fn code_of(&self, hash: CodeHash) -> Option<Code> {
        self.compiler.cache.recall(hash).map(|(code, _)| code)
    }

    /// Compiles and links a component. Takes 20 to 100 ms for a small game, and a third of that if most
    /// functions are unchanged since an earlier version. [`Engine::recall`] finds it from now on.
    ///
    /// # Errors
    /// When the component is of another world, wants what was not granted, or does not compile.
    pub fn compile(&self, code: &Code, component: &[u8]) -> Result<Program, GuestError> {
        let component = self.compiler.compile(component)?;
        // The cache keeps the code even if linking fails, since the user may grant the missing capability.
        self.compiler.cache.keep(code, &component);
        self.link(code, &component)
    }

    fn link(&self, code: &Code, component: &Component) -> Result<Program, GuestError> {
        self.granted(|grants| grants.check_wants(&code.wants))?;
        self.check_world(component)?;
        let (pre, imports) = self.granted(|grants| self.link_to(&grants.linker, component))?;
        Ok(Program {
            hash: code.hash,
            binary: Arc::clone(&code.binary),
            pre,
            imports,
        })
    }

    /// Links a component. Imports that the linker lacks are left to other plugins.
    fn link_to(
        &self,
        linker: &Linker<Context>,
        component: &Component,
    ) -> Result<(InstancePre<Context>, Arc<[ImportedInterface]>), GuestError> {
        let unfit = |error: wasmtime::Error| self.wrong_world(vec![format!("{error:#}")]);
        let missing = match linker.instantiate_pre(component) {
            Ok(pre) => return Ok((pre, Arc::default())),
            Err(error) => error,
        };
        let mut linker = linker.clone();
        let providers = self.world.providers();
        let imports = provide::link(component, &mut linker, providers).map_err(unfit)?;
        if imports.is_empty() {
            return Err(unfit(missing));
        }
        if providers.is_empty() {
            let problem = |import: &ImportedInterface| {
                let interface = import.interface();
                format!("it imports `{interface}`, which this application does not offer")
            };
            return Err(self.wrong_world(imports.iter().map(problem).collect()));
        }
        let pre = linker.instantiate_pre(component).map_err(unfit)?;
        Ok((pre, imports))
    }

    /// Compiles a component for an instance that is only asked pure questions: every import traps.
    ///
    /// # Errors
    /// When it does not compile, or is of another world.
    pub(super) fn compile_isolated(
        &self,
        component: &[u8],
    ) -> Result<InstancePre<Context>, GuestError> {
        let component = self.compiler.compile(component)?;
        let mut linker = Linker::new(self.wasm());
        linker
            .define_unknown_imports_as_traps(&component)
            .and_then(|()| linker.instantiate_pre(&component))
            .map_err(|error| self.wrong_world(vec![format!("{error:#}")]))
    }

    /// Checks imports and exports, and names everything that does not fit, not only the first thing.
    fn check_world(&self, component: &Component) -> Result<(), GuestError> {
        let kind = component.component_type();
        let imports: Vec<&str> = kind.imports(self.wasm()).map(|(name, _)| name).collect();
        self.granted(|grants| grants.check_imports(&imports))?;
        let is_granted = |name: &&str| Capability::needed_for(name).is_some();
        let imports = imports.into_iter().filter(|name| !is_granted(name));
        let exports = kind.exports(self.wasm()).map(|(name, _)| name);
        let problems = self.world.problems(imports, exports);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(self.wrong_world(problems))
        }
    }

    /// Remembers a component whose exports fit the world.
    pub(super) fn fits(&self, component: &Component) {
        let mut fitting = self.fitting.lock().unwrap_or_else(PoisonError::into_inner);
        *fitting = Some(component.clone());
    }

    /// The error for a component whose exports do not fit the world. wasmtime does not say which function
    /// it means, so the functions that changed since the last fitting component are named.
    pub(super) fn does_not_fit(
        &self,
        component: &Component,
        error: &wasmtime::Error,
    ) -> GuestError {
        let fitting = self.fitting.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = fitting.as_ref().map_or(Vec::new(), |fitting| {
            ExportTypes::of(component).changes_since(&ExportTypes::of(fitting))
        });
        let mut problems = vec![format!("its exports do not fit: {error:#}")];
        problems.extend(changed);
        self.wrong_world(problems)
    }

    pub(super) fn wrong_world(&self, problems: Vec<String>) -> GuestError {
        GuestError::WrongWorld {
            world: self.world.name().to_owned(),
            problems,
        }
    }
}
