//! The builder of a slot: its world, grants, limits and first version.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::path::Path;
#[cfg(feature = "build")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::bindings::Plugin;
#[cfg(feature = "build")]
use super::change::Change;
use super::dependencies::Dependencies;
use super::error::StartError;
use super::health::RestartPolicy;
use super::intake::Intake;
use super::provider::Provider;
use super::shared::{Settings, Shared};
use super::slot::{Parts, Slot};
#[cfg(feature = "build")]
use crate::build::{CandidateSource, News, Pipeline, PipelineOptions, Source};
use crate::error::SwapError;
use crate::guest::{Capability, Code, EngineOptions, Limits, Log, LogLine, Provide, World};
use crate::image::Image;
use crate::supervisor::{Candidate, ExpectedState, prepare};

/// The builder of a [`Slot`].
///
/// ```no_run
/// # use vblank_runtime::plugin::{Host, Plugin, Slot, StartError};
/// use vblank_runtime::guest::Limits;
/// use vblank_runtime::plugin::RestartPolicy;
///
/// # fn start<P: Plugin<Data: Default>>(host: &Host) -> Result<Slot<P>, StartError> {
/// let slot = host
///     .slot::<P>("spelling")
///     .limits(Limits { memory: 16 << 20, ..Limits::default() })
///     .restart_policy(RestartPolicy { failures: 3, ..RestartPolicy::default() })
///     .load("plugins/spelling.wasm")?;
/// # Ok(slot) }
/// ```
pub struct SlotBuilder<P> {
    host: Arc<Shared>,
    name: String,
    world: World,
    log: Log,
    uses: Vec<(Arc<dyn Provide>, Arc<Dependencies>)>,
    state: Option<Image>,
    options: EngineOptions,
    settings: Settings,
    _plugin: PhantomData<fn() -> P>,
}

impl<P: Plugin> SlotBuilder<P> {
    pub(super) fn new(host: Arc<Shared>, name: String, world: World) -> Self {
        Self {
            log: Log::Plugin(name.as_str().into()),
            name,
            world,
            uses: Vec::new(),
            options: host.engine.options().clone(),
            settings: Settings::default(),
            state: None,
            host,
            _plugin: PhantomData,
        }
    }

    /// Grants a capability.
    #[must_use]
    pub fn allow(mut self, capability: Capability) -> Self {
        self.options.allow.push(capability);
        self
    }

    /// Sets the limits of time and memory for one instance.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sends the plugin's log lines to `sink` instead of `tracing`, where they have the target `guest` and
    /// the field `plugin`. The sink runs inside the plugin's calls, on the thread that makes them. An
    /// instance may log 10,000 lines a second; the rest is left out.
    ///
    /// ```no_run
    /// # use vblank_runtime::plugin::{Host, Plugin, SlotBuilder};
    /// # fn logged<P: Plugin<Data: Default>>(host: &Host) -> SlotBuilder<P> {
    /// host.slot("spelling").log(|line| eprintln!("{} {line}", line.level))
    /// # }
    /// ```
    #[must_use]
    pub fn log(mut self, sink: impl Fn(LogLine<'_>) + Send + Sync + 'static) -> Self {
        self.log = Log::Sink(Arc::new(sink));
        self
    }

    /// Lets the plugin import the exports of another plugin. Imports of the application take precedence. If
    /// several providers export the same interface, the first one is used.
    #[must_use]
    pub fn uses<Q: Plugin>(mut self, provider: &Provider<Q>) -> Self {
        self.uses.push(provider.used());
        self
    }

    /// Sets the number of failures that the slot accepts, and the rests after them.
    #[must_use]
    pub fn restart_policy(mut self, restart_policy: RestartPolicy) -> Self {
        self.settings.restart_policy = restart_policy;
        self
    }

    /// Refuses a version whose state has no field for an existing value.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.settings.is_strict = true;
        self
    }

    /// Lets new versions in only by [`commit`](super::commit), together with those of other slots.
    #[must_use]
    pub fn waits_for_commit(mut self) -> Self {
        self.settings.waits_for_commit = true;
        self
    }

    /// Sets the shortest time between two images that boundaries take. The plugin continues from an image
    /// after a failure. Images are taken less often if they would cost more than 2% of the time. Default 10
    /// ms.
    #[must_use]
    pub fn keep_every(mut self, interval: Duration) -> Self {
        self.settings.keep_every = interval;
        self
    }

    /// Starts the plugin with this state instead of its default state. An earlier run may have saved it
    /// ([`Slot::image`](super::Slot::image)). If the state's type is another one, the first boundary returns the
    /// changes as a notice.
    #[must_use]
    pub fn state(mut self, image: Image) -> Self {
        self.state = Some(image);
        self
    }

    /// Starts this code. Compiles it if it is not in the cache.
    ///
    /// # Errors
    /// When the code is no plugin of this world, needs a capability that is not granted, or traps at the
    /// start.
    pub fn start(self, code: &Code) -> Result<Slot<P>, StartError> {
        let parts = self.parts()?;
        let candidate = prepare(&parts.engine, code, &ExpectedState::default());
        let candidate = candidate.map_err(|refused| refuse(parts.name.clone(), refused))?;
        fill(parts, candidate)
    }

    /// Starts the code in a file. The file is read once; [`SlotBuilder::watch`] watches it.
    ///
    /// # Errors
    /// When it cannot be read, and as for [`SlotBuilder::start`].
    pub fn load(self, file: impl AsRef<Path>) -> Result<Slot<P>, StartError> {
        let code = Code::read(file.as_ref());
        let code = code.map_err(|error| refuse(self.name.clone(), error.into()))?;
        self.start(&code)
    }

    #[cfg(feature = "build")]
    /// Starts the code in a file, or builds the guest crate in a folder and starts the result. Whenever the
    /// file or the crate changes, a new version is prepared.
    ///
    /// Watching takes two threads, and a folder is built with cargo, so this is meant for authors of
    /// plugins. If the system cannot watch more files for this user, the files are checked twice a second,
    /// and the first boundary says so. On Linux the limit is 128 slots, unless
    /// `fs.inotify.max_user_instances` is larger.
    ///
    /// # Errors
    /// When there is no first version, and as for [`SlotBuilder::start`].
    pub fn watch(self, path: impl Into<PathBuf>) -> Result<Slot<P>, StartError> {
        let path = path.into();
        let source = if path.is_dir() {
            Source::Folder(path)
        } else {
            Source::File(path)
        };
        self.watch_source(source, PipelineOptions::default())
    }

    #[cfg(feature = "build")]
    /// Starts a source like [`SlotBuilder::watch`], with all options for watching and building.
    ///
    /// # Errors
    /// As for [`SlotBuilder::watch`].
    pub fn watch_source(
        self,
        source: Source,
        options: PipelineOptions,
    ) -> Result<Slot<P>, StartError> {
        let mut parts = self.parts()?;
        let (engine, waker) = (Arc::clone(&parts.engine), parts.intake.waker());
        let name = parts.name.clone();
        let plugin = || name.clone();
        let pipeline = Pipeline::start(engine, source, options, waker);
        let pipeline = pipeline.map_err(|error| StartError::Machine {
            plugin: plugin(),
            message: error.to_string(),
        })?;
        let candidate = loop {
            // The pipeline sends news of every file and every build, and it lives as long as its handle. So
            // this loop ends.
            match pipeline.wait(Duration::from_secs(1)) {
                Some(News::Ready(candidate)) => break *candidate,
                Some(News::Refused { refused, .. }) => return Err(refuse(plugin(), refused)),
                Some(News::BuildFailed { error, .. }) => {
                    return Err(StartError::Build {
                        plugin: plugin(),
                        why: error,
                    });
                }
                // For example that the system cannot watch the files. The first boundary returns it.
                Some(News::Notice(message)) => parts.changes.push_back(Change::Notice {
                    plugin: plugin(),
                    message,
                }),
                _ => {}
            }
        };
        parts.intake.watch(pipeline);
        fill(parts, candidate)
    }

    /// Everything that a slot needs except its code.
    fn parts(self) -> Result<Parts, StartError> {
        let (providers, tied): (Vec<_>, Vec<_>) = self.uses.into_iter().unzip();
        let dependencies = (!tied.is_empty()).then(|| Dependencies::new(&self.name, tied));
        let world = Arc::new(self.world.using(providers.into()).logging(self.log));
        let engine = self.host.engine.with(world, self.options);
        let engine = engine.map_err(|error| refuse(self.name.clone(), error.into()))?;
        Ok(Parts {
            name: self.name,
            engine: Arc::new(engine),
            intake: Intake::new(),
            settings: self.settings,
            state: self.state,
            reaper: self.host.reaper.clone(),
            host: self.host,
            changes: VecDeque::new(),
            dependencies,
        })
    }
}

fn fill<P: Plugin>(parts: Parts, candidate: Candidate) -> Result<Slot<P>, StartError> {
    let name = parts.name.clone();
    Slot::fill(parts, candidate).map_err(|refused| refuse(name, refused))
}

fn refuse(plugin: String, refused: SwapError) -> StartError {
    StartError::Refused {
        plugin,
        why: Box::new(refused),
    }
}
