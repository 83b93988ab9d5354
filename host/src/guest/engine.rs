//! The engine: one for the whole host. It compiles components, on a thread pool of its own at lower
//! priority, and links them to what the host offers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rayon::ThreadPool;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{CacheStore, Config, WasmBacktraceDetails};

use super::api::Context;
use super::cache::{Cache, CacheOptions};
use super::capability::{self, Capability};
use super::component::{Code, CodeHash};
use super::limits::{Limits, TICK};
use super::profiler::Profiler;
use super::provide::{self, Gives, Need};
use super::wants::Want;
use super::world::World;
use crate::error::{Binary, GuestError};
use crate::render::assets::Assets;

/// What the user decides about all guests of a host.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Granted from the start; [`Engine::allow`] grants more.
    pub allow: Vec<Capability>,
    /// The same bits of a NaN on every machine, for replays across machines; floating-point code is
    /// 3 to 8 times slower.
    pub deterministic: bool,
    /// Time and memory.
    pub limits: Limits,
    /// Keep compiled code between runs. Without it, only the last versions are kept, in memory.
    pub cache: Option<CacheOptions>,
    /// Look at intervals where guests stand. A time limit is then measured in these.
    pub profiler: Option<Arc<Profiler>>,
}

/// Compiles and links the guests of a world.
pub struct Engine {
    compiler: Arc<Compiler>,
    pub(super) options: EngineOptions,
    world: Arc<World>,
    grants: RwLock<Grants>,
    /// The last one that exported what the world wants.
    fitting: Mutex<Option<Component>>,
}

/// What all engines of a host share.
struct Compiler {
    wasm: wasmtime::Engine,
    /// How often the epoch advances; the grain of every time limit.
    tick: Duration,
    pool: ThreadPool,
    cache: Cache,
    assets: Assets,
}

/// What is granted, and a linker that offers just that. What is granted stays granted: a guest that
/// was linked to it may be instantiated at any time.
struct Grants {
    allow: Vec<Capability>,
    linker: Linker<Context>,
}

/// A guest's compiled code, linked: an instance of it is some 20 µs away.
#[derive(Clone)]
pub struct Program {
    /// Of the file that it came from.
    pub hash: CodeHash,
    /// For the places of a trap.
    pub(super) binary: Arc<Binary>,
    pub(super) pre: InstancePre<Context>,
    /// What of it is to come from other plugins.
    needs: Arc<[Need]>,
}

impl Program {
    /// The file that it came from.
    #[must_use]
    pub fn binary(&self) -> &Arc<Binary> {
        &self.binary
    }

    /// What it imports of other plugins.
    pub(crate) fn needs(&self) -> Arc<[Need]> {
        Arc::clone(&self.needs)
    }

    /// What it exports. Takes some microseconds.
    pub(crate) fn gives(&self) -> Gives {
        Gives::of(self.pre.component())
    }
}

impl Compiler {
    /// Set up WebAssembly, a compiler's thread pool, and the clock that guests are held to.
    ///
    /// # Errors
    /// When the machine gives no threads, or wasmtime does not know the processor.
    fn new(options: &EngineOptions) -> Result<Self, GuestError> {
        let failed = |error: wasmtime::Error| GuestError::Engine(format!("{error:#}"));
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            // Without it a call into a component is four times cheaper (DESIGN §5).
            .concurrency_support(false)
            .epoch_interruption(true)
            // Places are looked up off the frame, in the file that was not stripped.
            .wasm_backtrace_details(WasmBacktraceDetails::Disable)
            .cranelift_nan_canonicalization(options.deterministic)
            .enable_incremental_compilation(Arc::new(FunctionCache::default()))
            .map_err(failed)?;
        let wasm = wasmtime::Engine::new(&config).map_err(failed)?;
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|i| format!("compile-{i}"))
            .start_handler(|_| lower_priority())
            .build()
            .map_err(|error| GuestError::Engine(error.to_string()))?;
        let profiler = options.profiler.as_ref();
        let tick = profiler.map_or(TICK, |profiler| profiler.every());
        start_clock(&wasm, tick)?;
        Ok(Self {
            cache: Cache::open(&wasm, options.cache.as_ref()),
            wasm,
            tick,
            pool,
            assets: Assets::default(),
        })
    }

    fn compile(&self, component: &[u8]) -> Result<Component, GuestError> {
        let compile = || Component::from_binary(&self.wasm, component);
        self.pool
            .install(compile)
            .map_err(|error| GuestError::Compile {
                message: format!("{error:#}"),
            })
    }
}

impl Engine {
    /// Set up WebAssembly for games: a compiler with a thread pool, and the clock that guests are held to.
    ///
    /// # Errors
    /// When the machine gives no threads, or wasmtime does not know the processor.
    pub fn new(options: EngineOptions) -> Result<Self, GuestError> {
        Self::of_world(World::game(), options)
    }

    /// The same for guests of another world.
    ///
    /// # Errors
    /// As for [`Engine::new`].
    pub fn of_world(world: World, options: EngineOptions) -> Result<Self, GuestError> {
        let compiler = Arc::new(Compiler::new(&options)?);
        Self::of(compiler, Arc::new(world), options)
    }

    /// The same compiler, with all that it knows, for guests of another world or with other options.
    /// Takes some microseconds. `deterministic`, `cache` and how often samples are taken are those of the first
    /// engine.
    ///
    /// # Errors
    /// When what is allowed cannot be offered.
    pub fn with(&self, world: Arc<World>, options: EngineOptions) -> Result<Self, GuestError> {
        Self::of(Arc::clone(&self.compiler), world, options)
    }

    fn of(
        compiler: Arc<Compiler>,
        world: Arc<World>,
        options: EngineOptions,
    ) -> Result<Self, GuestError> {
        let grants = Grants::new(&compiler.wasm, &world, options.allow.clone())?;
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

    /// As it was set up.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// What its guests are offered.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Grant something to all guests that are linked from now on. Whether it was not granted before.
    /// Takes a millisecond.
    ///
    /// # Errors
    /// When it cannot be offered.
    pub fn allow(&self, capability: Capability) -> Result<bool, GuestError> {
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        if grants.allow.contains(&capability) {
            return Ok(false);
        }
        let mut allow = grants.allow.clone();
        allow.push(capability);
        *grants = Grants::new(self.wasm(), &self.world, allow)?;
        Ok(true)
    }

    /// What all guests of this engine draw with.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.compiler.assets
    }

    /// What is granted.
    #[must_use]
    pub fn allowed(&self) -> Vec<Capability> {
        self.granted(|grants| grants.allow.clone())
    }

    /// Whether something that is granted has this import linked.
    fn links(&self, import: &str) -> bool {
        self.granted(|grants| grants.allow.iter().any(|one| one.covers(import)))
    }

    fn granted<T>(&self, look: impl FnOnce(&Grants) -> T) -> T {
        look(&self.grants.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The code of a guest that was compiled before, in this run or an earlier one, linked anew: what
    /// is granted may have changed. `None` where it has to be compiled.
    ///
    /// # Errors
    /// When it wants what is not granted, or is of another world.
    pub fn recall(&self, code: &Code) -> Result<Option<Program>, GuestError> {
        let known = self.compiler.cache.get(self.wasm(), code);
        known
            .map(|component| self.link(code, &component))
            .transpose()
    }

    /// The code of one of the versions that were linked last, from memory.
    #[must_use]
    pub fn code_of(&self, hash: CodeHash) -> Option<Code> {
        self.compiler.cache.recall(hash).map(|(code, _)| code)
    }

    /// Compile a component and link it. 20 to 100 ms for a small game, a third of that when most
    /// functions are as they were in an earlier version. [`Engine::recall`] knows it from now on.
    ///
    /// # Errors
    /// When the component is of another world, wants what was not granted, or does not compile.
    pub fn compile(&self, code: &Code, component: &[u8]) -> Result<Program, GuestError> {
        let component = self.compiler.compile(component)?;
        // Also what is refused below: the user may grant what it wants.
        self.compiler.cache.keep(code, &component);
        self.link(code, &component)
    }

    fn link(&self, code: &Code, component: &Component) -> Result<Program, GuestError> {
        self.check_wants(code)?;
        self.check_world(component)?;
        let (pre, needs) = self.granted(|grants| self.link_to(&grants.linker, component))?;
        Ok(Program {
            hash: code.hash,
            binary: Arc::clone(&code.binary),
            pre,
            needs,
        })
    }

    /// Where the linker has not all that the component wants, the rest is for other plugins to give.
    fn link_to(
        &self,
        linker: &Linker<Context>,
        component: &Component,
    ) -> Result<(InstancePre<Context>, Arc<[Need]>), GuestError> {
        let unfit = |error: wasmtime::Error| self.wrong_world(vec![format!("{error:#}")]);
        let missing = match linker.instantiate_pre(component) {
            Ok(pre) => return Ok((pre, Arc::default())),
            Err(error) => error,
        };
        let mut linker = linker.clone();
        let providers = self.world.providers();
        let needs = provide::link(component, &mut linker, providers).map_err(unfit)?;
        if needs.is_empty() {
            return Err(unfit(missing));
        }
        if providers.is_empty() {
            let problem = |need: &Need| {
                let interface = need.interface();
                format!("it imports `{interface}`, which this application does not offer")
            };
            return Err(self.wrong_world(needs.iter().map(problem).collect()));
        }
        let pre = linker.instantiate_pre(component).map_err(unfit)?;
        Ok((pre, needs))
    }

    /// An instance that is only to be asked pure questions: whatever it imports traps.
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

    /// Name all that it wants and is not granted.
    fn check_wants(&self, code: &Code) -> Result<(), GuestError> {
        let is_granted = |want: &&Want| {
            self.granted(|grants| grants.allow.iter().any(|one| one.gives(&want.capability)))
        };
        let denied: Vec<&Want> = code.wants.iter().filter(|want| !is_granted(want)).collect();
        if denied.is_empty() {
            return Ok(());
        }
        Err(GuestError::Wanting {
            wants: denied.iter().map(|want| want.to_string()).collect(),
            grants: denied.iter().map(|want| want.grant()).collect(),
        })
    }

    /// Name everything that does not fit, not only the first thing.
    fn check_world(&self, component: &Component) -> Result<(), GuestError> {
        let kind = component.component_type();
        let imports: Vec<&str> = kind.imports(self.wasm()).map(|(name, _)| name).collect();
        let needy = imports.iter().copied();
        let needy = needy.filter(|import| Capability::needed_for(import).is_some());
        let denied: Vec<&str> = needy.filter(|import| !self.links(import)).collect();
        if let Some((import, capability)) = capability::enough_for(&denied) {
            return Err(GuestError::NotAllowed {
                import: import.to_owned(),
                capability,
            });
        }
        let granted = |name: &&str| Capability::needed_for(name).is_some();
        let imports = imports.into_iter().filter(|name| !granted(name));
        let exports = kind.exports(self.wasm()).map(|(name, _)| name);
        let problems = self.world.problems(imports, exports);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(self.wrong_world(problems))
        }
    }

    /// What a component exports is what the world wants.
    pub(super) fn fits(&self, component: &Component) {
        let mut fitting = self.fitting.lock().unwrap_or_else(PoisonError::into_inner);
        *fitting = Some(component.clone());
    }

    /// What a component exports is not what the world wants. wasmtime does not say which function it means, so those
    /// are named that have changed since it was.
    pub(super) fn does_not_fit(
        &self,
        component: &Component,
        error: &wasmtime::Error,
    ) -> GuestError {
        let fitting = self.fitting.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = fitting.as_ref().map_or(Vec::new(), |fitting| {
            Gives::of(component).changes_since(&Gives::of(fitting))
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

impl Grants {
    fn new(
        wasm: &wasmtime::Engine,
        world: &World,
        allow: Vec<Capability>,
    ) -> Result<Self, GuestError> {
        let linker = || {
            let mut linker = world.linker(wasm)?;
            if !allow.is_empty() {
                wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
                #[cfg(feature = "http")]
                wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker)?;
            }
            Ok(linker)
        };
        let linker =
            linker().map_err(|error: wasmtime::Error| GuestError::Engine(format!("{error:#}")))?;
        Ok(Self { allow, linker })
    }
}

/// The thread that makes time pass for guests, until the engine is gone.
fn start_clock(wasm: &wasmtime::Engine, tick: Duration) -> Result<(), GuestError> {
    let wasm = wasm.weak();
    std::thread::Builder::new()
        .name("guest-clock".to_owned())
        .spawn(move || {
            while let Some(wasm) = wasm.upgrade() {
                wasm.increment_epoch();
                drop(wasm);
                std::thread::sleep(tick);
            }
        })
        .map_err(|error| GuestError::Engine(format!("no thread for the clock: {error}")))?;
    Ok(())
}

/// Compiling must not make a frame late.
pub(crate) fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // On Linux the nice value belongs to the thread. If it is not granted, frames may be late
        // and nothing else is wrong.
        let _ = rustix::process::nice(10);
    }
}

/// Cranelift's results, function by function, for the next build of the same guest.
#[derive(Debug, Default)]
struct FunctionCache {
    functions: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
}

/// Some fifty versions of a small game. When it is full, it begins anew.
const CACHED_FUNCTIONS: usize = 100_000;

impl CacheStore for FunctionCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        functions.get(key).map(|code| Cow::Owned(code.clone()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let mut functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if functions.len() >= CACHED_FUNCTIONS {
            functions.clear();
        }
        functions.insert(key.to_owned(), code);
        true
    }
}
