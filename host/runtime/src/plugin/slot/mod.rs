//! A slot: a named place that holds one running plugin.

mod member;

use std::any::Any;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[cfg(feature = "build")]
use crate::build::{CandidateSource, News};
use crate::error::{GuestError, SwapError, Trap};
use crate::guest::{
    CallResult, Capability, Code, CodeHash, Engine, Instance, Program, RecordedReplies, Store,
};
use crate::image::Image;
use crate::plugin::bindings::Plugin;
use crate::plugin::change::Change;
use crate::plugin::dependencies::Dependencies;
use crate::plugin::error::CallError;
use crate::plugin::health::{Health, Unavailable};
use crate::plugin::intake::{Intake, IntakeNews, OfferOutcome};
use crate::plugin::recorded_call::RecordedCall;
use crate::plugin::shared::{Settings, Shared};
use crate::supervisor::{
    Candidate, FailureOutcome, Reaper, Supervisor, SupervisorOptions, Swap, prepare,
};

/// A named place that holds one running plugin, whose code can be replaced between two calls.
///
/// A slot is `Send`: several threads that call the same plugin share it behind a lock. A plugin whose calls
/// are long, or that may block in WASI, must be called where an async runtime allows blocking
/// (`tokio::task::spawn_blocking`, or `block_in_place`).
///
/// ```no_run
/// # use vblank_runtime::plugin::{Plugin, Slot};
/// use vblank_runtime::guest::Code;
///
/// # fn change<P: Plugin>(slot: &mut Slot<P>) -> Result<(), Box<dyn std::error::Error>> {
/// // Waits for the swap; `offer` would prepare the version in the background.
/// let swap = slot.swap(&Code::read("new.wasm".as_ref())?)?;
/// println!("{} bytes of state in {:?}", swap.state_bytes, swap.pause);
/// # Ok(()) }
/// ```
pub struct Slot<P> {
    name: String,
    engine: Arc<Engine>,
    supervisor: Supervisor<RecordedCall>,
    intake: Intake,
    settings: Settings,
    health: Health,
    /// A candidate that waits for a boundary or a commit.
    candidate: Option<Candidate>,
    /// Changes that the next boundaries return.
    changes: VecDeque<Change>,
    /// Flag shared with the slots that were swapped together with this one: true once one of them went
    /// back.
    bond: Option<Arc<AtomicBool>>,
    /// The last version that was refused because a capability was not granted.
    denied: Option<Code>,
    /// The providers and users of this plugin, if there are any.
    dependencies: Option<Arc<Dependencies>>,
    figures: Figures,
    host: Arc<Shared>,
    _plugin: PhantomData<fn() -> P>,
}

/// Counters of a slot.
///
/// ```no_run
/// # fn show<P: vblank_runtime::plugin::Plugin>(slot: &mut vblank_runtime::plugin::Slot<P>) {
/// let figures = slot.figures();
/// println!("{} calls, {} of them failed", figures.calls, figures.failures);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that returned a value.
    pub calls: u64,
    /// Calls that failed, including those that the previous version then answered.
    pub failures: u64,
    /// Versions that took over.
    pub swaps: u64,
    /// Versions that took over and were undone.
    pub rollbacks: u64,
    /// Versions that were refused.
    pub refused: u64,
    /// Time for which the last swap kept the plugin from being called.
    pub pause: Duration,
    /// Linear memory of the instance, in bytes.
    pub memory: usize,
}

/// The parts that a slot is built from.
pub(in crate::plugin) struct Parts {
    pub(in crate::plugin) name: String,
    pub(in crate::plugin) engine: Arc<Engine>,
    pub(in crate::plugin) intake: Intake,
    pub(in crate::plugin) settings: Settings,
    pub(in crate::plugin) reaper: Reaper,
    pub(in crate::plugin) host: Arc<Shared>,
    pub(in crate::plugin) state: Option<Image>,
    pub(in crate::plugin) dependencies: Option<Arc<Dependencies>>,
    pub(in crate::plugin) changes: VecDeque<Change>,
}

/// Returns the news that a saved state was converted, for the first boundary.
fn conversion(swap: &Swap) -> String {
    let changes: Vec<_> = swap.changes.iter().map(ToString::to_string).collect();
    let verdict = swap.outcome();
    format!(
        "the saved state was converted ({verdict}): {}",
        changes.join("; ")
    )
}

impl<P: Plugin> Slot<P> {
    pub(in crate::plugin) fn fill(
        mut parts: Parts,
        candidate: Candidate,
    ) -> Result<Self, SwapError> {
        let settings = parts.settings;
        if let Some(dependencies) = &parts.dependencies {
            dependencies.expect(&candidate.version.program);
            dependencies.check()?;
        }
        let options = SupervisorOptions {
            image_every: settings.keep_every,
            reaper: parts.reaper,
        };
        let supervisor = match &parts.state {
            None => Supervisor::fresh(candidate, options, |_| Ok(()))?,
            Some(image) => {
                let strict = settings.is_strict;
                let (supervisor, swap) = Supervisor::from_image(candidate, options, image, strict)?;
                if !swap.is_identical() {
                    let plugin = parts.name.clone();
                    let message = conversion(&swap);
                    parts.changes.push_back(Change::Notice { plugin, message });
                }
                supervisor
            }
        };
        if let Some(dependencies) = &parts.dependencies {
            dependencies.settle();
        }
        Ok(Self {
            name: parts.name,
            engine: parts.engine,
            supervisor,
            intake: parts.intake,
            settings,
            health: Health::new(settings.restart_policy),
            candidate: None,
            changes: parts.changes,
            bond: None,
            denied: None,
            dependencies: parts.dependencies,
            figures: Figures::default(),
            host: parts.host,
            _plugin: PhantomData,
        })
    }

    /// The slot's name, as in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the slot's dependencies, for other plugins that use this one.
    pub(in crate::plugin) fn share_dependencies(&mut self) -> Arc<Dependencies> {
        let dependencies = self.dependencies.get_or_insert_with(|| {
            let dependencies = Dependencies::new(&self.name, Vec::new());
            dependencies.expect(self.supervisor.program());
            dependencies.settle();
            dependencies
        });
        Arc::clone(dependencies)
    }

    /// The hash of the running code.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        self.supervisor.hash()
    }

    /// The counters up to now.
    #[must_use]
    pub fn figures(&mut self) -> Figures {
        Figures {
            memory: self.supervisor.instance().memory(),
            ..self.figures
        }
    }

    /// Calls the plugin. Costs some nanoseconds more than the call itself.
    ///
    /// If the plugin fails during its probation, the previous version takes over, and `call` is made once
    /// more on that version. Otherwise the plugin continues from its last image, which boundaries take
    /// ([`SlotBuilder::keep_every`](super::SlotBuilder::keep_every)). Changes that calls made to the state
    /// since that image are lost. [`Slot::record`] is for calls whose effect must not be lost.
    ///
    /// # Errors
    /// When the plugin fails, or rests after failures. A panic of the application in an import counts as a
    /// failure of the plugin.
    pub fn call<T>(
        &mut self,
        call: impl Fn(&P, &mut Store) -> CallResult<T>,
    ) -> Result<T, CallError> {
        self.attempt(&call, None, self.replies())
    }

    /// Calls the plugin and keeps the call until the next image. After a failure, the state contains the
    /// effect of all recorded calls that returned a value. Costs an allocation more than [`Slot::call`].
    ///
    /// Boundaries take the images. An application that records calls without passing boundaries keeps all
    /// of them in memory.
    ///
    /// A replayed call is made for its effect on the state. Imports can ask
    /// [`Context::is_replay`](crate::guest::Context::is_replay).
    ///
    /// # Errors
    /// As for [`Slot::call`].
    pub fn record<T>(
        &mut self,
        call: impl Fn(&P, &mut Store) -> CallResult<T> + Send + Sync + 'static,
    ) -> Result<T, CallError> {
        let call = Arc::new(call);
        let noted = Arc::clone(&call);
        let replies = self.replies();
        let given = replies.clone();
        let entry = RecordedCall::new(move |instance: &mut Instance| {
            instance.record_replies(given.clone());
            let done = guarded(|| {
                instance.call("call", |plugin: &mut P, store| {
                    noted(plugin, store).map(drop)
                })
            });
            instance.record_replies(None);
            done
        });
        self.attempt(&*call, Some(&entry), replies)
    }

    /// Returns storage for the replies of other plugins, so that a replay does not call them a second time.
    fn replies(&self) -> Option<Arc<RecordedReplies>> {
        let dependencies = self.dependencies.as_ref()?;
        dependencies.uses_any().then(Arc::default)
    }

    fn attempt<T>(
        &mut self,
        call: &impl Fn(&P, &mut Store) -> CallResult<T>,
        entry: Option<&RecordedCall>,
        replies: Option<Arc<RecordedReplies>>,
    ) -> Result<T, CallError> {
        self.keep_bond();
        if let Some(why) = self.health.unavailable() {
            return Err(self.unavailable_error(why));
        }
        loop {
            if replies.is_some() {
                self.supervisor.instance().record_replies(replies.clone());
            }
            let done = guarded(|| {
                self.supervisor
                    .call(|plugin: &mut P, store| call(plugin, store), entry)
            });
            match done {
                Ok(given) => {
                    if replies.is_some() {
                        self.supervisor.instance().record_replies(None);
                    }
                    self.figures.calls += 1;
                    self.health.did_well();
                    return Ok(given);
                }
                // The loop ends, since each rollback removes one version.
                Err(trap) => self.fail(trap)?,
            }
        }
    }

    /// Handles a failure of the plugin. `Ok` if the previous version has taken over.
    fn fail(&mut self, trap: Trap) -> Result<(), CallError> {
        self.figures.failures += 1;
        if trap.is_provider_failure && self.supervisor.restart(&self.engine) {
            return Err(self.failed(trap));
        }
        match self.supervisor.fail(&self.engine, trap.clone(), None) {
            FailureOutcome::RolledBack { from } => {
                if let Some(bond) = self.bond.take() {
                    bond.store(true, Ordering::Release);
                }
                self.rolled_back(from, trap);
                Ok(())
            }
            FailureOutcome::Broken(trap) => {
                self.supervisor.go_on();
                // A failure of a provider does not count against this plugin.
                if !trap.is_provider_failure {
                    self.health.failed(&trap, Instant::now());
                }
                Err(self.failed(trap))
            }
        }
    }

    fn failed(&self, trap: Trap) -> CallError {
        CallError::Failed {
            plugin: self.name.clone(),
            trap: Box::new(trap),
        }
    }

    /// Handles a failure outside a call. The next boundary reports it.
    fn fail_between_calls(&mut self, trap: Trap) {
        if let Err(error) = self.fail(trap) {
            self.changes.push_back(Change::Notice {
                plugin: self.name.clone(),
                message: error.to_string(),
            });
        }
    }

    fn rolled_back(&mut self, from: CodeHash, trap: Trap) {
        self.figures.rollbacks += 1;
        self.health.forgive();
        self.changes.push_back(Change::RolledBack {
            plugin: self.name.clone(),
            from,
            to: self.supervisor.hash(),
            trap,
        });
        if let Some(dependencies) = &self.dependencies {
            dependencies.expect(self.supervisor.program());
            dependencies.settle();
            for misfit in dependencies.misfits() {
                self.changes.push_back(Change::Notice {
                    plugin: self.name.clone(),
                    message: format!("{misfit}, now that a version was undone"),
                });
            }
        }
    }

    fn unavailable_error(&self, why: Unavailable) -> CallError {
        let plugin = self.name.clone();
        match why {
            Unavailable::Resting(after) => CallError::Resting { plugin, after },
            Unavailable::Out { failures, trap } => CallError::TakenOut {
                plugin,
                failures,
                trap: Box::new(trap),
            },
        }
    }

    /// Marks a point where code may be replaced: between two messages, two blocks or two requests. Lets in
    /// the newest version that is ready, and takes an image of the state when one is due. Returns the
    /// changes one at a time, oldest first, those of [`Slot::swap`] included; a rollback is one of them. Costs
    /// some nanoseconds if there is nothing to do.
    pub fn boundary(&mut self) -> Option<Change> {
        let is_idle =
            self.changes.is_empty() && !self.intake.has_news() && !self.supervisor.is_dirty();
        if is_idle && self.bond.is_none() {
            return None;
        }
        self.keep_bond();
        if self.intake.has_news() {
            self.take_in();
        }
        if !self.settings.waits_for_commit
            && let Some(candidate) = self.candidate.take()
        {
            self.let_in(candidate);
        }
        self.keep_image();
        self.changes.pop_front()
    }

    /// Takes an image now. A later failure does not lose the changes that were made to the state so far.
    ///
    /// # Errors
    /// When the plugin cannot save.
    pub fn keep(&mut self) -> Result<Arc<Image>, CallError> {
        match self.supervisor.keep_image(true) {
            Ok(Some(kept)) => Ok(kept.image),
            Ok(None) => match self.supervisor.image() {
                Ok(image) => Ok(Arc::new(image)),
                Err(trap) => self.fail(trap).and_then(|()| self.keep()),
            },
            Err(trap) => self.fail(trap).and_then(|()| self.keep()),
        }
    }

    fn keep_image(&mut self) {
        if self.supervisor.is_dirty()
            && let Err(trap) = self.supervisor.keep_image(false)
        {
            self.fail_between_calls(trap);
        }
    }

    /// Has another version prepared in the background. A boundary lets it in, or returns the reason why
    /// not. Only the newest of several offers counts.
    pub fn offer(&mut self, code: &Code) {
        let expected = self.supervisor.expected_state();
        let host = Arc::clone(&self.host);
        self.intake
            .offer(&host.preparer, &self.engine, code.clone(), expected);
    }

    /// Replaces the code now and waits until it is done, like [`Slot::offer`] and a boundary together.
    ///
    /// # Errors
    /// When the version is refused. The running version is unchanged.
    pub fn swap(&mut self, code: &Code) -> Result<Swap, SwapError> {
        let expected = self.supervisor.expected_state();
        let candidate = prepare(&self.engine, code, &expected)?;
        self.replace(candidate)
    }

    /// Grants a capability from now on. A version that was refused because it lacked it is prepared again.
    ///
    /// # Errors
    /// When the host cannot offer the capability.
    pub fn allow(&mut self, capability: Capability) -> Result<(), GuestError> {
        #[cfg(feature = "build")]
        if let Some(pipeline) = self.intake.pipeline() {
            // A boundary returns the outcome.
            pipeline.allow(capability, Box::new(drop));
        } else {
            self.engine.allow(capability)?;
        }
        #[cfg(not(feature = "build"))]
        self.engine.allow(capability)?;
        if let Some(code) = self.denied.take() {
            self.offer(&code);
        }
        Ok(())
    }

    /// Takes a capability back: no instance that is made from now on has it. The running version keeps it until
    /// it is replaced. Returns false if it was not granted.
    pub fn revoke(&mut self, capability: &Capability) -> bool {
        self.engine.revoke(capability)
    }

    /// Calls a plugin again that was taken out.
    pub fn revive(&mut self) {
        self.health.forgive();
    }

    /// Copies the current state.
    ///
    /// # Errors
    /// When the plugin cannot save.
    pub fn image(&mut self) -> Result<Image, CallError> {
        self.keep().map(|image| Image::clone(&image))
    }

    /// Hash of the current state: equal states of equal types have equal hashes.
    ///
    /// # Errors
    /// When the plugin cannot save.
    pub fn state_hash(&mut self) -> Result<String, CallError> {
        match self.supervisor.state_hash() {
            Ok(hash) => Ok(hash),
            Err(trap) => self.fail(trap).and_then(|()| self.state_hash()),
        }
    }

    /// Takes in all news since the last call. Only the newest candidate is kept.
    pub(in crate::plugin) fn take_in(&mut self) {
        let plugin = || self.name.clone();
        while let Some(news) = self.intake.next() {
            let change = match news {
                IntakeNews::Offer(OfferOutcome::Ready(candidate)) => {
                    self.candidate = Some(*candidate);
                    continue;
                }
                IntakeNews::Offer(OfferOutcome::Refused(code, refused)) => {
                    if let SwapError::Guest(error) = &refused
                        && error.waits_for_consent()
                    {
                        self.denied = Some(code.clone());
                    }
                    self.figures.refused += 1;
                    Change::Refused {
                        plugin: plugin(),
                        to: Some(code.hash),
                        why: Box::new(refused),
                    }
                }
                #[cfg(feature = "build")]
                IntakeNews::Pipeline(news) => match news {
                    News::Ready(candidate) => {
                        self.candidate = Some(*candidate);
                        continue;
                    }
                    News::Refused { to, refused, .. } => {
                        self.figures.refused += 1;
                        Change::Refused {
                            plugin: plugin(),
                            to,
                            why: Box::new(refused),
                        }
                    }
                    News::BuildFailed { error, .. } => Change::NotBuilt {
                        plugin: plugin(),
                        error,
                    },
                    News::SameCode(hash) => Change::Same {
                        plugin: plugin(),
                        hash,
                    },
                    News::Notice(message) => Change::Notice {
                        plugin: plugin(),
                        message,
                    },
                    _ => continue,
                },
            };
            self.changes.push_back(change);
        }
    }

    fn let_in(&mut self, candidate: Candidate) {
        let to = candidate.version.hash();
        if let Err(refused) = self.replace(candidate) {
            self.figures.refused += 1;
            self.changes.push_back(Change::Refused {
                plugin: self.name.clone(),
                to: Some(to),
                why: Box::new(refused),
            });
        }
    }

    fn replace(&mut self, candidate: Candidate) -> Result<Swap, SwapError> {
        let (from, to) = (self.hash(), candidate.version.hash());
        self.expect(&candidate.version.program);
        let swapped = self.fits().and_then(|()| {
            self.supervisor
                .swap(&self.engine, candidate, self.settings.is_strict)
        });
        let swap = swapped.inspect_err(|_| self.forget())?;
        self.bond = None;
        self.swapped(from, to, &swap);
        Ok(swap)
    }

    /// Notes that this version is about to take over.
    fn expect(&self, program: &Program) {
        if let Some(dependencies) = &self.dependencies {
            dependencies.expect(program);
        }
    }

    /// Drops the version that was expected.
    fn forget(&self) {
        if let Some(dependencies) = &self.dependencies {
            dependencies.forget();
        }
    }

    /// Checks that the expected version fits its providers and users.
    fn fits(&self) -> Result<(), SwapError> {
        self.dependencies
            .as_ref()
            .map_or(Ok(()), |dependencies| dependencies.check())
    }

    fn swapped(&mut self, from: CodeHash, to: CodeHash, swap: &Swap) {
        if let Some(dependencies) = &self.dependencies {
            dependencies.settle();
        }
        self.figures.swaps += 1;
        self.figures.pause = swap.pause;
        self.health.forgive();
        self.changes.push_back(Change::Swapped {
            plugin: self.name.clone(),
            from,
            to,
            swap: Box::new(swap.clone()),
        });
    }

    /// Goes back if a version that was swapped together with this one has been undone.
    #[inline]
    fn keep_bond(&mut self) {
        if self.bond.is_some() {
            self.follow_bond();
        }
    }

    fn follow_bond(&mut self) {
        let Some(bond) = &self.bond else {
            return;
        };
        if self.supervisor.probation_left().is_none() {
            self.bond = None;
        } else if bond.load(Ordering::Acquire) {
            self.bond = None;
            let cause = "was undone, since a version that came with it failed";
            self.fail_between_calls(Trap::new("commit", cause));
        }
    }
}

/// Calls a guest and turns a panic in an import of the application into a trap. A panic may leave the
/// instance half changed, but the instance is not used again.
fn guarded<T>(call: impl FnOnce() -> Result<T, Trap>) -> Result<T, Trap> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Makes a trap of a panic of the application in an import that the plugin called.
fn panicked(panic: &(dyn Any + Send)) -> Trap {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    let message = message.as_deref().unwrap_or("of an unknown kind");
    Trap::new(
        "call",
        format!("ended in a panic of the application: {message}"),
    )
}
