//! A world: what guests of one kind are offered, and how the host finds what they give.
//!
//! Games have theirs here. An application brings its own, with bindings that it generates.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, Linker};

use super::CallResult;
use super::api::log::Log;
use super::api::{self, Context};
use super::bindings::vblank::guest as imports;
use super::provide::Providers;
use super::{game, handoff};

/// What an instance gives, in the bindings of its world. Whoever made the world knows the type.
pub(super) type Face = Box<dyn Any + Send>;

type Link = dyn Fn(&mut Linker<Context>) -> wasmtime::Result<()> + Send + Sync;
type Bind = dyn Fn(&mut Store<Context>, &Instance) -> wasmtime::Result<Face> + Send + Sync;
type Data = dyn Fn() -> Box<dyn Any + Send> + Send + Sync;

/// What guests of one kind meet the host by. All worlds include `vblank:guest/plugin`: a guest has a
/// state that goes on in its next version.
pub struct World {
    name: String,
    /// Interfaces of `vblank:guest` beyond `log` and `lend`.
    offers: &'static [&'static str],
    /// The same, wanted beyond `state`.
    wants: &'static [&'static str],
    link: Box<Link>,
    bind: Box<Bind>,
    data: Box<Data>,
    /// Whose exports its guests may import.
    providers: Providers,
    log: Log,
}

impl World {
    /// An application's world. `link` adds what it offers, `bind` finds in an instance what it calls,
    /// and `data` makes what its imports work on, anew for each instance.
    ///
    /// The imports get at their data with [`Context::data`].
    pub fn new<P: Send + 'static, D: Send + 'static>(
        name: &str,
        link: impl Fn(&mut Linker<Context>) -> CallResult<()> + Send + Sync + 'static,
        bind: impl Fn(&mut Store<Context>, &Instance) -> CallResult<P> + Send + Sync + 'static,
        data: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            offers: &[],
            wants: &[],
            link: Box::new(link),
            bind: Box::new(move |store, instance| Ok(Box::new(bind(store, instance)?))),
            data: Box::new(move || Box::new(data())),
            providers: Arc::default(),
            log: Log::Guest,
        }
    }

    /// The world of games, `vblank:guest/game`.
    #[must_use]
    pub fn game() -> Self {
        Self {
            name: "vblank:guest/game".to_owned(),
            offers: &["assets", "audio", "draw", "input", "window"],
            wants: &["lifecycle"],
            link: Box::new(|linker| {
                imports::audio::add_to_linker::<_, HasSelf<Context>>(linker, |context| context)?;
                imports::window::add_to_linker::<_, HasSelf<Context>>(linker, |context| context)?;
                // Linked by hand: generated bindings would copy each list.
                api::draw::add_to_linker(linker)?;
                api::assets::add_to_linker(linker)
            }),
            bind: Box::new(|store, instance| Ok(Box::new(game::Face::new(store, instance)?))),
            data: Box::new(|| Box::new(())),
            providers: Arc::default(),
            log: Log::Guest,
        }
    }

    /// What all worlds have in common, for a guest that is only asked about its state.
    pub(super) fn any() -> Self {
        Self::new("vblank:guest/plugin", |_| Ok(()), |_, _| Ok(()), || ())
    }

    /// The same world for guests that may import what these give.
    pub(crate) fn using(mut self, providers: Providers) -> Self {
        self.providers = providers;
        self
    }

    /// The same world for guests whose lines go there.
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

    /// For messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A linker with all that the world offers, and no WASI.
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
    ) -> wasmtime::Result<Face> {
        (self.bind)(store, instance)
    }

    pub(super) fn data(&self) -> Box<dyn Any + Send> {
        (self.data)()
    }

    /// What of our own contract does not fit: every import that is not offered, every export that is
    /// missing. What is an application's own is found out when it is linked.
    pub(super) fn problems<'a>(
        &self,
        imports: impl Iterator<Item = &'a str>,
        exports: impl Iterator<Item = &'a str>,
    ) -> Vec<String> {
        let is_games = !self.wants.is_empty();
        let offered = |name: &str| match ours(name) {
            Some("log" | "lend") => true,
            Some(name) => self.offers.contains(&name),
            None => !is_games,
        };
        let exports: Vec<&str> = exports.filter_map(ours).collect();
        if is_games && exports.contains(&"state") && !exports.contains(&"lifecycle") {
            return vec![IS_PLUGIN.to_owned()];
        }
        let not_offered = imports
            .filter(|name| !offered(name))
            .map(|name| format!("it imports `{name}`, which this host does not offer"));
        let wanted = self.wants.iter().chain(&["state"]);
        let missing = wanted
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

/// What a state without a lifecycle is.
const IS_PLUGIN: &str = "it is a plugin, which the application runs that it was written for (docs/embedding.md); \
     `host inspect` says what it is. A game has a `game!`";

/// `draw` of `vblank:guest/draw@0.1.0`.
fn ours(name: &str) -> Option<&str> {
    let name = name.strip_prefix("vblank:guest/")?;
    Some(name.split('@').next().unwrap_or(name))
}
