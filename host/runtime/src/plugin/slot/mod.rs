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
/// It is `Send`: where several threads call the same plugin, they share it behind a lock. A plugin whose
/// calls are long, or that may block in WASI, is called where an async runtime allows that
/// (`tokio::task::spawn_blocking`, or `block_in_place`).
///
/// ```no_run
/// # use vblank_runtime::plugin::{Plugin, Slot};
/// use vblank_runtime::guest::Code;
///
/// # fn change<P: Plugin>(slot: &mut Slot<P>) -> Result<(), Box<dyn std::error::Error>> {
/// // Now, whatever it takes; `offer` would have it made ready in the background.
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
    /// Ready, and waiting for a commit.
    candidate: Option<Candidate>,
    /// What the next boundaries tell.
    told: VecDeque<Change>,
    /// Shared with the slots that were swapped together with this one: whether one of them went back.
    bond: Option<Arc<AtomicBool>>,
    /// What was refused last for want of a capability.
    denied: Option<Code>,
    /// Those that its plugin uses and that use it, where there are any.
    dependencies: Option<Arc<Dependencies>>,
    figures: Figures,
    host: Arc<Shared>,
    _plugin: PhantomData<fn() -> P>,
}

/// What a slot has done.
///
/// ```no_run
/// # fn show<P: vblank_runtime::plugin::Plugin>(slot: &mut vblank_runtime::plugin::Slot<P>) {
/// let figures = slot.figures();
/// println!("{} calls, {} of them failed", figures.calls, figures.failures);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that gave something.
    pub calls: u64,
    /// Calls that failed, also where another version then gave something.
    pub failures: u64,
    /// Versions that were let in.
    pub swaps: u64,
    /// Versions that were let in and undone.
    pub rollbacks: u64,
    /// Versions that were not let in.
    pub refused: u64,
    /// For how long the last swap kept the plugin from being called.
    pub pause: Duration,
    /// Linear memory of the instance, in bytes.
    pub memory: usize,
}

/// What a slot is made of.
pub(in crate::plugin) struct Parts {
    pub(in crate::plugin) name: String,
    pub(in crate::plugin) engine: Arc<Engine>,
    pub(in crate::plugin) intake: Intake,
    pub(in crate::plugin) settings: Settings,
    pub(in crate::plugin) reaper: Reaper,
    pub(in crate::plugin) host: Arc<Shared>,
    pub(in crate::plugin) state: Option<Image>,
    pub(in crate::plugin) dependencies: Option<Arc<Dependencies>>,
    pub(in crate::plugin) told: VecDeque<Change>,
}

impl<P: Plugin> Slot<P> {
    pub(in crate::plugin) fn fill(parts: Parts, candidate: Candidate) -> Result<Self, SwapError> {
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
            Some(image) => Supervisor::from_image(candidate, options, image, settings.is_strict)?,
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
            told: parts.told,
            bond: None,
            denied: None,
            dependencies: parts.dependencies,
            figures: Figures::default(),
            host: parts.host,
            _plugin: PhantomData,
        })
    }

    /// The name, as in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The slot's dependencies, for other plugins that use this one.
    pub(in crate::plugin) fn share_dependencies(&mut self) -> Arc<Dependencies> {
        let dependencies = self.dependencies.get_or_insert_with(|| {
            let dependencies = Dependencies::new(&self.name, Vec::new());
            dependencies.expect(self.supervisor.program());
            dependencies.settle();
            dependencies
        });
        Arc::clone(dependencies)
    }

    /// The code that runs.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        self.supervisor.hash()
    }

    /// What it has done so far.
    #[must_use]
    pub fn figures(&mut self) -> Figures {
        Figures {
            memory: self.supervisor.instance().memory(),
            ..self.figures
        }
    }

    /// Call the plugin. Costs some nanoseconds more than the call itself.
    ///
    /// If it fails while the version is still in its first calls, the version before takes over again and
    /// `call` is made once more, of that one. Otherwise the plugin goes on from its last image, which the
    /// boundaries take ([`SlotBuilder::keep_every`](super::SlotBuilder::keep_every)): what calls since then
    /// did to the state is lost. What must not be lost is called with [`Slot::record`].
    ///
    /// # Errors
    /// When the plugin fails, or is left alone after failures. A panic of the application's own in an
    /// import is such a failure.
    pub fn call<T>(
        &mut self,
        call: impl Fn(&P, &mut Store) -> CallResult<T>,
    ) -> Result<T, CallError> {
        self.attempt(&call, None, self.replies())
    }

    /// Call the plugin, and keep the call until the next image: the state after a failure is that of all
    /// recorded calls that gave something. Costs an allocation beyond [`Slot::call`]. Boundaries take the
    /// images: an application that records and has no boundaries keeps all its calls.
    ///
    /// A call that is made again is for the state's sake: imports can ask
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

    /// For what other plugins give in a call, so that none is asked twice when the call is made again.
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
                // Each round takes one version away.
                Err(trap) => self.fail(trap)?,
            }
        }
    }

    /// The plugin failed. `Ok` where the version before has taken over.
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
                // Another's failures are not counted as its own.
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

    /// The same where no call can tell of it: a boundary does.
    fn fail_between_calls(&mut self, trap: Trap) {
        if let Err(error) = self.fail(trap) {
            self.told.push_back(Change::Notice {
                plugin: self.name.clone(),
                message: error.to_string(),
            });
        }
    }

    fn rolled_back(&mut self, from: CodeHash, trap: Trap) {
        self.figures.rollbacks += 1;
        self.health.forgive();
        self.told.push_back(Change::RolledBack {
            plugin: self.name.clone(),
            from,
            to: self.supervisor.hash(),
            trap,
        });
        if let Some(dependencies) = &self.dependencies {
            dependencies.expect(self.supervisor.program());
            dependencies.settle();
            for misfit in dependencies.misfits() {
                self.told.push_back(Change::Notice {
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

    /// Where code may be replaced: between two messages, two blocks, two requests. Lets in the newest version
    /// that is ready, and takes an image of the state where one is due. Tells what became of versions, one
    /// thing a call. With nothing to do it costs some nanoseconds.
    pub fn boundary(&mut self) -> Option<Change> {
        let is_idle =
            self.told.is_empty() && !self.intake.has_news() && !self.supervisor.is_dirty();
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
        self.told.pop_front()
    }

    /// Take an image now: what has been done to the state so far is not lost by a failure.
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

    /// Have another version made ready, in the background. A boundary lets it in, or tells why not. Of
    /// several the newest counts.
    pub fn offer(&mut self, code: &Code) {
        let expected = self.supervisor.expected_state();
        let host = Arc::clone(&self.host);
        self.intake
            .offer(&host.preparer, &self.engine, code.clone(), expected);
    }

    /// Replace the code now, and wait for it: [`Slot::offer`] and a boundary in one.
    ///
    /// # Errors
    /// Why it was not let in. The version before runs on.
    pub fn swap(&mut self, code: &Code) -> Result<Swap, SwapError> {
        let expected = self.supervisor.expected_state();
        let candidate = prepare(&self.engine, code, &expected)?;
        self.replace(candidate)
    }

    /// Grant something from now on. A version that was refused for want of it is made ready again.
    ///
    /// # Errors
    /// When it cannot be offered.
    pub fn allow(&mut self, capability: Capability) -> Result<(), GuestError> {
        #[cfg(feature = "build")]
        if let Some(pipeline) = self.intake.pipeline() {
            // The outcome is told at a boundary.
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

    /// Call a plugin again that was taken out.
    pub fn revive(&mut self) {
        self.health.forgive();
    }

    /// The state as it is now.
    ///
    /// # Errors
    /// When the plugin cannot save.
    pub fn image(&mut self) -> Result<Image, CallError> {
        self.keep().map(|image| Image::clone(&image))
    }

    /// What the state is known by.
    ///
    /// # Errors
    /// When the plugin cannot save.
    pub fn state_hash(&mut self) -> Result<String, CallError> {
        match self.supervisor.state_hash() {
            Ok(hash) => Ok(hash),
            Err(trap) => self.fail(trap).and_then(|()| self.state_hash()),
        }
    }

    /// Everything that has come since the last time; of candidates the newest.
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
            self.told.push_back(change);
        }
    }

    fn let_in(&mut self, candidate: Candidate) {
        let to = candidate.version.hash();
        if let Err(refused) = self.replace(candidate) {
            self.figures.refused += 1;
            self.told.push_back(Change::Refused {
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

    /// This version is about to come.
    fn expect(&self, program: &Program) {
        if let Some(dependencies) = &self.dependencies {
            dependencies.expect(program);
        }
    }

    /// It does not come, after all.
    fn forget(&self) {
        if let Some(dependencies) = &self.dependencies {
            dependencies.forget();
        }
    }

    /// Whether what is expected fits.
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
        self.told.push_back(Change::Swapped {
            plugin: self.name.clone(),
            from,
            to,
            swap: Box::new(swap.clone()),
        });
    }

    /// If a version that came together with this one has been undone, so is this one.
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

/// Call a guest, also where an import of the application panics. What a panic may have left half done is
/// the instance, which is not used again.
fn guarded<T>(call: impl FnOnce() -> Result<T, Trap>) -> Result<T, Trap> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// A panic of the application's own, in an import that the plugin called.
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
