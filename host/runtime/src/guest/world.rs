//! A world: what guests of one kind may import, and how the host finds their exports.
//!
//! The runtime knows only the part that all worlds have in common (`vblank:guest/plugin`). The world of
//! games is in `vblank-host`. An application brings its own, with bindings that it generates.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, Linker};

use super::bindings::vblank::guest as imports;
use super::context::Context;
use super::handoff;
use super::log::Log;
use super::provide::Providers;
use super::types::CallResult;

/// An instance's exports in the bindings of its world. Only the world's maker knows the type.
pub(super) type GuestExports = Box<dyn Any + Send>;

type Link = dyn Fn(&mut Linker<Context>) -> wasmtime::Result<()> + Send + Sync;
type Bind = dyn Fn(&mut Store<Context>, &Instance) -> wasmtime::Result<GuestExports> + Send + Sync;
type Data = dyn Fn() -> Box<dyn Any + Send> + Send + Sync;
type Hook = Box<dyn Fn(&Context) + Send + Sync>;
type HookMut = Box<dyn Fn(&mut Context) + Send + Sync>;

/// A kind of guest: its imports, its exports and the data that its imports work on. Every world includes
/// `vblank:guest/plugin`, so each guest has a state that its next version takes over.
pub struct World {
    name: String,
    /// Interfaces of `vblank:guest` that its guests may import beyond `log` and `lend`.
    offers: &'static [&'static str],
    /// Interfaces of `vblank:guest` that its guests must export beyond `state`.
    requires: &'static [&'static str],
    link: Box<Link>,
    bind: Box<Bind>,
    data: Box<Data>,
    retire: Option<Hook>,
    sweep: Option<Hook>,
    after_replay: Option<HookMut>,
    /// Plugins whose exports its guests may import.
    providers: Providers,
    log: Log,
}

/// Callbacks for events in the life of an instance, for the world's data. They must not fail.
pub struct Hooks<D> {
    /// The instance will not be shown again, so other instances may have what it holds.
    pub retire: fn(&D),
    /// Everything that no instance holds may be freed now.
    pub sweep: fn(&D),
    /// Calls were replayed for their effect on the state, so their pictures and sounds must be discarded.
    pub after_replay: fn(&mut D),
}

impl World {
    /// Creates a world. `link` adds its imports to a linker, `bind` looks up the exports of an instance,
    /// and `data` makes the data that the imports of one instance work on.
    ///
    /// Imports reach their data with [`Context::data_mut`].
    pub fn new<P: Send + 'static, D: Send + 'static>(
        name: &str,
        link: impl Fn(&mut Linker<Context>) -> CallResult<()> + Send + Sync + 'static,
        bind: impl Fn(&mut Store<Context>, &Instance) -> CallResult<P> + Send + Sync + 'static,
        data: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            offers: &[],
            requires: &[],
            link: Box::new(link),
            bind: Box::new(move |store, instance| Ok(Box::new(bind(store, instance)?))),
            data: Box::new(move || Box::new(data())),
            retire: None,
            sweep: None,
            after_replay: None,
            providers: Arc::default(),
            log: Log::Guest,
        }
    }

    /// The part that all worlds have in common, for a guest that is only asked about its state.
    pub(crate) fn common() -> Self {
        Self::new("vblank:guest/plugin", |_| Ok(()), |_, _| Ok(()), || ())
    }

    /// Names the interfaces of `vblank:guest` that guests of this world may import beyond `log` and `lend`,
    /// and those that they must export beyond `state`. If there is a required export, guests may import
    /// only interfaces of the contract.
    #[must_use]
    pub fn with_contract(
        mut self,
        offers: &'static [&'static str],
        requires: &'static [&'static str],
    ) -> Self {
        self.offers = offers;
        self.requires = requires;
        self
    }

    /// Adds hooks. `D` is the type that `data` makes.
    #[must_use]
    pub fn with_hooks<D: 'static>(mut self, hooks: Hooks<D>) -> Self {
        let Hooks {
            retire,
            sweep,
            after_replay,
        } = hooks;
        self.retire = Some(Box::new(move |context| retire(context.data())));
        self.sweep = Some(Box::new(move |context| sweep(context.data())));
        self.after_replay = Some(Box::new(move |context| after_replay(context.data_mut())));
        self
    }

    /// Lets its guests import the exports of these plugins.
    pub(crate) fn using(mut self, providers: Providers) -> Self {
        self.providers = providers;
        self
    }

    /// Sets the destination of its guests' log lines.
    pub(crate) fn logging(mut self, log: Log) -> Self {
        self.log = log;
        self
    }

    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }

    pub(super) fn providers(&self) -> &Providers {
        &self.providers
    }

    /// The world's name, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a linker with all imports of the world, and without WASI.
    pub(super) fn linker(&self, wasm: &wasmtime::Engine) -> wasmtime::Result<Linker<Context>> {
        let mut linker = Linker::new(wasm);
        imports::log::add_to_linker::<_, HasSelf<Context>>(&mut linker, |context| context)?;
        handoff::add_to_linker(&mut linker)?;
        (self.link)(&mut linker)?;
        Ok(linker)
    }

    pub(super) fn bind(
        &self,
        store: &mut Store<Context>,
        instance: &Instance,
    ) -> wasmtime::Result<GuestExports> {
        (self.bind)(store, instance)
    }

    pub(super) fn data(&self) -> Box<dyn Any + Send> {
        (self.data)()
    }

    pub(super) fn retire(&self, context: &Context) {
        if let Some(hook) = &self.retire {
            hook(context);
        }
    }

    pub(super) fn sweep(&self, context: &Context) {
        if let Some(hook) = &self.sweep {
            hook(context);
        }
    }

    pub(super) fn after_replay(&self, context: &mut Context) {
        if let Some(hook) = &self.after_replay {
            hook(context);
        }
    }

    /// Lists the misfits with the contract: each import that is not offered, and each export that is
    /// missing. An application's own imports and exports are checked by linking.
    pub(super) fn problems<'a>(
        &self,
        imports: impl Iterator<Item = &'a str>,
        exports: impl Iterator<Item = &'a str>,
    ) -> Vec<String> {
        let is_closed = !self.requires.is_empty();
        let offered = |name: &str| match ours(name) {
            Some("log" | "lend") => true,
            Some(name) => self.offers.contains(&name),
            None => !is_closed,
        };
        let exports: Vec<&str> = exports.filter_map(ours).collect();
        if is_closed && exports.contains(&"state") && !exports.contains(&"lifecycle") {
            return vec![IS_PLUGIN.to_owned()];
        }
        let not_offered = imports
            .filter(|name| !offered(name))
            .map(|name| format!("it imports `{name}`, which this host does not offer"));
        let required = self.requires.iter().chain(&["state"]);
        let missing = required
            .filter(|name| !exports.contains(name))
            .map(|name| format!("it does not export `vblank:guest/{name}`"));
        not_offered.chain(missing).collect()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The message for a guest that has a state and no lifecycle.
const IS_PLUGIN: &str = "it is a plugin; only the application that it was written for can run it (docs/embedding.md). \
     `host inspect` describes it. A game has a `game!`";

/// Returns the interface's name: `draw` of `vblank:guest/draw@0.1.0`.
fn ours(name: &str) -> Option<&str> {
    let name = name.strip_prefix("vblank:guest/")?;
    Some(name.split('@').next().unwrap_or(name))
}
