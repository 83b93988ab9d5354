//! The instance of one version: a store of its own, and typed calls into it. Knows no supervisor.
//!
//! After a trap the store cannot be called again: every later call traps too. The lent state can still be
//! read.

use std::sync::Arc;
use std::time::Duration;

use vblank_state::{ParcelRef, Schema};
use wasmtime::component::InstancePre;
use wasmtime::{Store, Trap as Cause};

use super::account::Account;
use super::backtrace::backtrace;
use super::bindings::Plugin;
use super::bindings::exports::vblank::guest::state::{Parcel, Swapped};
use super::component::Code;
use super::context::{Context, Parts};
use super::engine::{Engine, EngineOptions};
use super::lent::PagedList;
use super::limits::{Limits, ticks};
use super::program::Program;
use super::provide::ProviderError;
use super::recorded_replies::RecordedReplies;
use super::types::CallResult;
use super::world::{GuestExports, World};
use super::{handoff, pages};
use crate::error::{Binary, GuestError, Trap};

/// A running guest.
pub struct Instance {
    store: Store<Context>,
    world: Arc<World>,
    /// The exports that every guest has.
    plugin: Plugin,
    /// Exports that only guests of this world have.
    exports: GuestExports,
    limits: Limits,
    /// [`Limits::call`] in ticks. Computed once, since it takes a division of 128 bits.
    call_ticks: u64,
    /// Interval at which the epoch advances.
    tick: Duration,
    /// True if a profiler takes a sample at each tick.
    is_watched: bool,
}

impl Instance {
    /// Instantiates a program. Takes about 20 µs. Of the guest's own code only the data initialisers run.
    ///
    /// # Errors
    /// When the initial memory of the guest exceeds its limit.
    pub fn new(engine: &Engine, program: &Program) -> Result<Self, GuestError> {
        Self::from_pre(engine, &program.pre, &program.binary)
    }

    /// Returns the schema of a guest's state. If the file does not declare it, the guest is asked in an
    /// instance whose imports all trap. The former takes microseconds, the latter compiles the guest.
    ///
    /// # Errors
    /// When the code is no guest, or its schema is malformed.
    pub fn schema_of(code: &Code) -> Result<Schema, GuestError> {
        if let Some(schema) = code.declared_schema()? {
            return Ok(schema);
        }
        let engine = Engine::new(World::common(), EngineOptions::default())?;
        let pre = engine.compile_isolated(&code.componentise()?)?;
        Self::from_pre(&engine, &pre, &code.binary)?.schema()
    }

    fn from_pre(
        engine: &Engine,
        pre: &InstancePre<Context>,
        binary: &Arc<Binary>,
    ) -> Result<Self, GuestError> {
        let options = engine.options();
        let limits = options.limits;
        let world = engine.world();
        let context = Context::new(Parts {
            account: Account::new(&limits),
            call_limit: limits.call,
            binary: Arc::clone(binary),
            log: world.log(),
            data: world.data(),
            granted: engine.granted_wasi()?,
        });
        let mut store = Store::new(engine.wasm(), context);
        store.limiter(|context| &mut context.account);
        let profiler = options.profiler.as_ref();
        match profiler {
            Some(profiler) => profiler.watch(&mut store),
            None => store.epoch_deadline_trap(),
        }
        let tick = engine.tick();
        let call_ticks = ticks(limits.call, tick);
        allow(&mut store, call_ticks, profiler.is_some());
        let instance = pre.instantiate(&mut store).map_err(|error| {
            GuestError::from(trap(&mut store, "instantiate", limits.call, &error))
        })?;
        store.data_mut().exports = Some(instance);
        // wasmtime compares the types of the functions only here.
        let mut bind = || {
            let plugin = Plugin::new(&mut store, &instance)?;
            let exports = world.bind(&mut store, &instance)?;
            Ok((plugin, exports))
        };
        let bound = bind();
        let (plugin, exports) =
            bound.map_err(|error: wasmtime::Error| engine.does_not_fit(pre.component(), &error))?;
        engine.fits(pre.component());
        Ok(Self {
            store,
            world: Arc::clone(world),
            plugin,
            exports,
            limits,
            call_ticks,
            tick,
            is_watched: profiler.is_some(),
        })
    }

    /// Asks the guest for the type of its state.
    ///
    /// # Errors
    /// When the guest traps or its answer is malformed.
    pub fn schema(&mut self) -> Result<Schema, GuestError> {
        let bytes = self.ask("schema", self.limits.swap, |plugin, store| {
            plugin.vblank_guest_state().call_schema(store)
        })?;
        Schema::decode(&bytes).map_err(|error| GuestError::Malformed {
            what: "schema",
            message: error.to_string(),
        })
    }

    /// Asks the guest for the default values of its state's fields, encoded.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn defaults(&mut self) -> Result<Vec<u8>, Trap> {
        self.ask("defaults", self.limits.swap, |plugin, store| {
            plugin.vblank_guest_state().call_defaults(store)
        })
    }

    /// Makes the guest lend its state, which [`Instance::parcel`] then reads.
    ///
    /// # Errors
    /// When the guest traps, or lends nothing.
    pub fn save(&mut self) -> Result<(), Trap> {
        self.store.data_mut().lent.open();
        let done = self.with_lists(|instance| {
            instance.ask("save", instance.limits.swap, |plugin, store| {
                plugin.vblank_guest_state().call_save(store)
            })
        });
        self.store.data_mut().lent.close();
        done?;
        if handoff::parcel(&self.store).is_none() {
            return Err(Trap::new("save", "returned without lending a state"));
        }
        Ok(())
    }

    /// Lets the guest name lists as large as its memory during these calls. wasmtime allows 128 MiB a call
    /// otherwise, which also bounds what other imports copy to the host.
    fn with_lists<T>(&mut self, calls: impl FnOnce(&mut Self) -> T) -> T {
        let usual = self.store.hostcall_fuel();
        self.store.set_hostcall_fuel(usual.max(self.limits.memory));
        let done = calls(self);
        self.store.set_hostcall_fuel(usual);
        done
    }

    /// Returns the state that [`Instance::save`] lent, in place. Valid until the next call of the guest.
    ///
    /// # Panics
    /// When no state was saved.
    #[must_use]
    pub fn parcel(&self) -> ParcelRef<'_> {
        handoff::parcel(&self.store).expect("save was called and succeeded")
    }

    /// Makes the guest touch so many bytes of its memory, off the frame.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn prewarm(&mut self, bytes: u64) -> Result<(), Trap> {
        self.ask("prewarm", self.limits.swap, |plugin, store| {
            plugin.vblank_guest_state().call_prewarm(store, bytes)
        })
    }

    /// Copies a state into the guest's memory, from which it continues. The inner error is the guest's own
    /// refusal.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn migrate(
        &mut self,
        parcel: &ParcelRef<'_>,
        leftovers: &[u8],
    ) -> Result<Result<(), String>, Trap> {
        let state = Parcel {
            tree: parcel.tree,
            bytes: &parcel.w8,
            halves: &parcel.w16,
            words: &parcel.w32,
            longs: &parcel.w64,
        };
        self.ask("migrate", self.limits.swap, |plugin, store| {
            plugin
                .vblank_guest_state()
                .call_migrate(store, state, leftovers)
        })
    }

    /// Returns the number of lent bytes in pages that can be moved to another instance. 0 if the system
    /// cannot move pages.
    #[must_use]
    pub fn movable(&self) -> usize {
        if !pages::can_move() {
            return 0;
        }
        let lists = self.store.data().lent.own_pages().iter();
        lists
            .map(|list| handoff::list(&self.store, *list).len())
            .sum()
    }

    /// Copies a state into the guest's memory, except the lists that lie in pages of their own. For these
    /// the guest only names the places where it wants them. If the result is `Ok`, [`Instance::take_pages`]
    /// must be called next, and puts the lists there.
    ///
    /// The inner error is the guest's refusal of pages. The whole state must then be copied with
    /// [`Instance::migrate`].
    ///
    /// # Errors
    /// When the guest traps.
    pub fn migrate_but_pages(&mut self, from: &Instance) -> Result<Result<(), String>, Trap> {
        let mut parcel = from.parcel();
        let paged = from.store.data().lent.own_pages();
        for list in paged {
            handoff::leave_out(&mut parcel, *list);
        }
        self.store.data_mut().lent.open_places();
        let migrated = self.with_lists(|instance| instance.migrate(&parcel, &[]));
        self.store.data_mut().lent.close();
        let fits = |list: &PagedList| {
            let target = handoff::target(&self.store, *list);
            target.is_some_and(|target| pages::fit(handoff::list(&from.store, *list), target))
        };
        if matches!(migrated, Ok(Ok(()))) && !paged.iter().all(fits) {
            return Ok(Err("it has no pages for them".to_owned()));
        }
        migrated
    }

    /// Moves the pages that [`Instance::migrate_but_pages`] left out. The other instance loses its state.
    /// Its [`Program`] stays usable.
    ///
    /// # Errors
    /// When the kernel refuses. Some pages may have been moved already.
    pub fn take_pages(self, from: &mut Instance) -> Result<Self, GuestError> {
        let lists = from.store.data().lent.own_pages();
        let moves: Vec<_> = lists
            .iter()
            .filter_map(|list| {
                let target = handoff::target(&self.store, *list)?;
                let list = handoff::list(&from.store, *list);
                pages::fit(list, target).then(|| (list.into(), target.into()))
            })
            .collect();
        for (list, target) in moves {
            // SAFETY: both stores are borrowed for this call alone, by value and by `&mut`, and the
            // slices that the ranges were made of are gone.
            if let Err(error) = unsafe { pages::move_pages(list, target) } {
                // Required by invariant 4 of `pages`.
                std::mem::forget(self);
                return Err(GuestError::Pages(error));
            }
        }
        Ok(self)
    }

    /// Tells the guest that it has taken over.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn resume(&mut self, frame: u64, identical: bool) -> Result<(), Trap> {
        self.ask("resume", self.limits.swap, |plugin, store| {
            let swapped = Swapped { frame, identical };
            plugin.vblank_guest_state().call_resume(store, swapped)
        })
    }

    /// Tells the world's data that this instance will not be shown again ([`Hooks::retire`](super::Hooks)).
    pub(crate) fn retire(&self) {
        self.world.retire(self.store.data());
    }

    /// Tells the world's data to free whatever no instance holds ([`Hooks::sweep`](super::Hooks)).
    pub(crate) fn sweep(&self) {
        self.world.sweep(self.store.data());
    }

    /// The store, to read lists where they lie in the guest's memory.
    #[must_use]
    pub fn store(&self) -> &Store<Context> {
        &self.store
    }

    /// The world's data of this instance.
    ///
    /// # Panics
    /// When the world has data of another type.
    pub fn data_mut<D: 'static>(&mut self) -> &mut D {
        self.store.data_mut().data_mut()
    }

    /// Everything that belongs to the instance beside its memory.
    pub fn context_mut(&mut self) -> &mut Context {
        self.store.data_mut()
    }

    /// Linear memory in use, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.store.data().account.memory()
    }

    /// Replays calls that another instance made before, for their effect on the state. Their pictures and
    /// sounds must not appear again.
    pub(crate) fn replay<T>(&mut self, calls: impl FnOnce(&mut Self) -> T) -> T {
        self.store.data_mut().is_replay = true;
        let done = calls(self);
        let context = self.store.data_mut();
        context.is_replay = false;
        self.world.after_replay(context);
        done
    }

    /// Records the replies of other plugins from now on. A reply that is already recorded is returned
    /// without a call.
    pub(crate) fn record_replies(&mut self, replies: Option<Arc<RecordedReplies>>) {
        if let Some(replies) = &replies {
            replies.begin();
        }
        self.store.data_mut().replies = replies;
    }

    /// Calls an export that the guest's world defines. `F` is the type that `bind` of [`World::new`]
    /// returns.
    ///
    /// # Errors
    /// When the guest traps or exceeds its time limit.
    ///
    /// # Panics
    /// When `F` belongs to another world.
    pub fn call<F: 'static, T>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(&mut F, &mut Store<Context>) -> CallResult<T>,
    ) -> Result<T, Trap> {
        allow(&mut self.store, self.call_ticks, self.is_watched);
        let exports = self.exports.downcast_mut().expect("it is of this world");
        call(exports, &mut self.store)
            .map_err(|error| trap(&mut self.store, name, self.limits.call, &error))
    }

    /// Calls an export that every guest has.
    fn ask<T>(
        &mut self,
        name: &'static str,
        limit: Duration,
        call: impl FnOnce(&Plugin, &mut Store<Context>) -> wasmtime::Result<T>,
    ) -> Result<T, Trap> {
        let ticks = ticks(limit, self.tick);
        allow(&mut self.store, ticks, self.is_watched);
        call(&self.plugin, &mut self.store)
            .map_err(|error| trap(&mut self.store, name, limit, &error))
    }
}

/// Sets the time limit of the next call.
#[inline]
fn allow(store: &mut Store<Context>, ticks: u64, is_watched: bool) {
    store.data_mut().ticks_left = ticks;
    store.set_epoch_deadline(if is_watched { 1 } else { ticks });
}

/// Describes a failure. The guest's panic message is preferred, if there is one.
fn trap(
    store: &mut Store<Context>,
    call: &'static str,
    limit: Duration,
    error: &wasmtime::Error,
) -> Trap {
    let context = store.data_mut();
    let backtrace = backtrace(error, &context.binary);
    if let Some(panic) = context.panic.take() {
        let (location, message) = split_panic(&panic);
        let mut trap = Trap::new(call, format!("panicked: {message}"));
        (trap.location, trap.backtrace) = (location, backtrace);
        return trap;
    }
    let cause = match error.downcast_ref::<Cause>() {
        Some(Cause::Interrupt) => format!("ran longer than {} ms", limit.as_millis()),
        _ if context.account.has_refused() => format!(
            "wanted more memory than allowed ({} MiB in use)",
            context.account.held() >> 20
        ),
        Some(cause) => {
            let cause = cause.to_string();
            let cause = cause.trim_start_matches("wasm trap: ");
            format!("trapped: {}", cause.trim_start_matches("wasm "))
        }
        None => format!("failed: {}", error.root_cause()),
    };
    let mut trap = Trap::new(call, cause);
    trap.backtrace = backtrace;
    trap.is_provider_failure = error.is::<ProviderError>();
    trap
}

/// Splits a message of Rust's panic hook, `panicked at src/lib.rs:3:9:\nmessage`, into location and
/// message.
fn split_panic(panic: &str) -> (Option<String>, &str) {
    let (head, message) = panic.split_once('\n').unwrap_or(("", panic));
    let location = head
        .strip_prefix("panicked at ")
        .map(|location| location.trim_end_matches(':').to_owned());
    (location, message)
}
