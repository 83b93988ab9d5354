//! `host run`: runs a game, in a window or without one, and replaces its code when it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use vblank_input::{Script, Size};
use vblank_render::assets::Assets;
use vblank_render::sound::Speaker;
use vblank_render::{Fit, Renderer, RendererChoice};
use vblank_runtime::build::{GuestCrate, PipelineOptions, Source};
use vblank_runtime::error::GuestError;
use vblank_runtime::files::Lock;
use vblank_runtime::guest::{Capability, Code, Engine, EngineOptions};
use vblank_runtime::image::{Image, ImageError};
use vblank_runtime::supervisor::{ExpectedState, prepare};

use super::features::FeatureArgs;
use super::folders;
use super::limits::LimitArgs;
use super::log::start_log;
use super::parse::parse_hz;
use crate::clock::{Clock, FreeClock, RealClock};
use crate::config::{AutosaveOptions, Output, SessionOptions, SwapAt};
use crate::control::Control;
use crate::event::Event;
use crate::game::GamePipeline;
use crate::overlay::{LogRing, Overlay, OverlayLog};
use crate::report::{JsonLines, Observer};
use crate::session::{Parts, ScriptedSwap, Session};
use crate::terminal::{self, Terminal};
use crate::{app, game, headless};

/// Run a game, and replace its code when it changes
#[derive(Args)]
pub(super) struct Run {
    /// A component, a core module, or the folder of a guest crate (built and watched)
    guest: PathBuf,
    /// Open no window
    #[arg(long)]
    headless: bool,
    /// Play no sounds; a run without a window plays none
    #[arg(long)]
    mute: bool,
    /// With --headless: run as fast as possible, instead of --hz updates a second of the wall clock
    #[arg(long, requires = "headless")]
    fast: bool,
    /// Stop after N updates
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Updates a second
    #[arg(long, default_value_t = 60.0, value_parser = parse_hz)]
    hz: f64,
    /// Size of the picture in pixels
    #[arg(long, default_value = "1280x720", value_name = "WxH")]
    size: Size,
    /// Fit of the picture into a window of another size: resize (the picture gets the window's size), stretch,
    /// letterbox or integer (whole multiples); with the last three the picture keeps --size
    #[arg(long, default_value_t, value_name = "FIT")]
    fit: Fit,
    /// The guest's random seed
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Do not build; use the file of an earlier build, and watch that file
    #[arg(long)]
    no_build: bool,
    /// Build the guest with optimisations
    #[arg(long)]
    release: bool,
    /// When nothing has changed for SECONDS (default 10), build the guest crate once more, with optimisations
    /// and at lower priority, and swap to that
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "10",
        value_parser = parse_interval, conflicts_with_all = ["release", "no_build", "build"])]
    optimise: Option<Duration>,
    #[command(flatten)]
    features: FeatureArgs,
    /// Make GUEST, a .wasm file, with this shell command; it runs in the file's folder whenever something
    /// changes in the files and folders of --watch
    #[arg(long, value_name = "COMMAND", requires = "watch", conflicts_with_all = ["no_build", "release", "features", "no_default_features"])]
    build: Option<String>,
    /// Further files and folders to watch
    #[arg(long, value_name = "PATH")]
    watch: Vec<PathBuf>,
    /// Time without further changes before a change counts, in milliseconds
    #[arg(long, default_value_t = 10, value_name = "MS")]
    debounce: u64,
    /// Look for changes at this interval instead of waiting for the system's notifications
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..))]
    poll: Option<u64>,
    /// Refuse a swap that would park a value
    #[arg(long)]
    strict: bool,
    /// Compute the same floating-point bits on every machine; slower
    #[arg(long)]
    deterministic: bool,
    /// Grant a capability beyond the guest's world: wasi, clock, random, random=SEED, read=DIR, write=DIR, env=NAME, http=HOST
    #[arg(long, value_name = "CAPABILITY")]
    allow: Vec<Capability>,
    /// Swap to GUEST just before update FRAME
    #[arg(long, value_name = "FRAME=GUEST")]
    swap_at: Vec<SwapAt>,
    /// Input as JSON lines, such as {"frame": 30, "key": "Space", "down": true}
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Write the picture, at the end or after update FRAME
    #[arg(long, value_name = "FILE.png[@FRAME]")]
    screenshot: Vec<Output>,
    /// Start with this state
    #[arg(long, value_name = "IMAGE")]
    state_in: Option<PathBuf>,
    /// Go on from the last autosaved state of this guest, also after the host was killed
    #[arg(long, conflicts_with = "state_in")]
    resume: bool,
    /// Save the state for --resume every SECONDS and at the end; 0 for never
    #[arg(long, default_value = "2", value_name = "SECONDS", value_parser = parse_interval)]
    autosave: Duration,
    /// Write the state, at the end or after update FRAME
    #[arg(long, value_name = "IMAGE[@FRAME]")]
    state_out: Vec<Output>,
    /// Write everything that happens, as JSON lines
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Renderer of the pictures: auto, gpu, software or null
    #[arg(long, default_value_t = RendererChoice::Auto)]
    renderer: RendererChoice,
    /// The folder of the guest's pictures and fonts, instead of `assets` in or beside GUEST
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    /// Exit with 1 when the guest breaks or does not build, even if a save could fix it
    #[arg(long)]
    exit_on_break: bool,
    #[command(flatten)]
    limits: LimitArgs,
    /// Report every stage with its time
    #[arg(short, long)]
    verbose: bool,
}

impl Run {
    pub(super) fn execute(self) -> u8 {
        let terminal = Terminal::new(self.verbose);
        let log = LogRing::default();
        let ring = (!self.headless).then(|| log.clone());
        start_log(&terminal, self.verbose, ring);
        let code = self.run(&terminal, log);
        terminal.finish();
        code.unwrap_or_else(|error| {
            terminal.error(&format!("{error:#}"));
            1
        })
    }

    fn run(&self, terminal: &Terminal, log: LogRing) -> anyhow::Result<u8> {
        if let Some(missing) = self.watch.iter().find(|path| !path.exists()) {
            terminal.error(&format!(
                "--watch: no such file or folder: {}",
                missing.display()
            ));
            return Ok(2);
        }
        let source = self.source()?;
        let display = if self.headless {
            None
        } else {
            let display = app::Display::open();
            if let Err(why) = &display {
                terminal.say(&format!("{why}; running without a window"));
            }
            display.ok()
        };
        let assets = Assets::default();
        let options = EngineOptions {
            allow: self.allow.clone(),
            deterministic: self.deterministic,
            limits: self.limits.limits(),
            cache: folders::compiled(),
            profiler: None,
            ..EngineOptions::default()
        };
        let engine = Arc::new(game::engine(&assets, options)?);
        let script = self.script(&engine)?;
        let autosave = self.autosave_options(terminal);
        let options = self.options(&source, display.is_some(), autosave)?;
        let mut observers = self.observers(terminal)?;
        let overlay_log = OverlayLog::default();
        if display.is_some() {
            observers.push(Box::new(overlay_log.clone()));
        }
        let pipeline = PipelineOptions {
            debounce: Duration::from_millis(self.debounce),
            poll: self.poll.map(Duration::from_millis),
            watch: self.watch.clone(),
            with_lines: false,
            optimise: self.optimise,
            cargo: self.features.flags(self.release),
            outputs: self.outputs(),
        };
        let asset_folder = Some(folders::assets_of(&self.guest, self.assets.as_deref()));
        let waker = display.as_ref().map(app::Display::waker);
        let wake = move || waker.iter().for_each(|wake| wake());
        let GamePipeline {
            candidates,
            asset_loader,
        } = game::start_pipeline(&engine, &assets, source, pipeline, asset_folder, wake)
            .context("cannot start the thread that prepares candidates")?;
        let supervisor = game::supervisor_options()?;
        let (tell, outside) = channel();
        let _control = self.listen(tell.clone());
        #[cfg(unix)]
        let _keys = terminal::Keys::read(terminal, tell.clone());
        stop_on_signal(tell)?;
        let clock: Box<dyn Clock> = if self.fast {
            Box::new(FreeClock::default())
        } else {
            Box::new(RealClock::default())
        };
        let has_sound = display.is_some() && !self.mute;
        let speaker = has_sound
            .then(|| Speaker::start(assets.clone()))
            .transpose()
            .context("cannot start the thread that plays sounds")?;
        let session = move |renderer: Box<dyn Renderer>| {
            let parts = Parts {
                engine,
                assets,
                asset_loader,
                pipeline: Some(candidates),
                supervisor,
                renderer,
                speaker,
                clock,
                outside,
                observers,
                script,
            };
            Session::new(parts, options)
        };
        if let Some(display) = display {
            let overlay = Overlay::new(overlay_log, log, folders::overlay());
            let notice = |notice: String| terminal.say(&notice);
            let shown = app::Shown {
                size: self.size,
                fit: self.fit,
                choice: self.renderer,
                overlay,
                progress: progress(terminal),
            };
            return app::run(display, shown, session, notice).map_err(|error| anyhow!("{error}"));
        }
        let (renderer, notice) = vblank_render::headless(self.renderer, self.size)?;
        if let Some(notice) = notice {
            terminal.say(&notice);
        }
        terminal.show_progress();
        Ok(headless::run(&mut session(renderer), terminal.progress()))
    }

    /// Returns what this run writes, which is never an input of the guest.
    fn outputs(&self) -> Vec<PathBuf> {
        let images = self.screenshot.iter().chain(&self.state_out);
        let images = images.map(|output| output.path.clone());
        images.chain(self.report.clone()).collect()
    }

    /// Returns the kind of GUEST: a folder, a file, or a file that a command makes.
    fn source(&self) -> anyhow::Result<Source> {
        let guest = &self.guest;
        if let Some(command) = &self.build {
            if guest.is_dir() {
                bail!(
                    "--build makes a .wasm file, and {} is a folder",
                    guest.display()
                );
            }
            return Ok(Source::Command {
                file: guest.clone(),
                command: command.clone(),
            });
        }
        if guest.is_dir() {
            if !guest.join("Cargo.toml").is_file() {
                bail!(
                    "{} has no Cargo.toml; give the folder of a guest crate, or a .wasm file",
                    guest.display()
                );
            }
            if self.no_build {
                let guest = GuestCrate::open(guest, &self.features.flags(self.release))?;
                let file = guest.artifact();
                if !file.is_file() {
                    bail!("--no-build: {} has not been built yet", file.display());
                }
                return Ok(Source::File(file));
            }
            return Ok(Source::Folder(guest.clone()));
        }
        if self.optimise.is_some() {
            bail!(
                "--optimise builds a guest crate, and {} is no folder",
                guest.display()
            );
        }
        if !guest.exists() {
            bail!("no such file or folder: {}", guest.display());
        }
        self.features.check(guest)?;
        Ok(Source::File(guest.clone()))
    }

    /// Prepares the scripted swaps before the game starts. A file that is no guest is refused at its frame, as
    /// if it had been saved then. A file that cannot be read is an error.
    fn script(&self, engine: &Engine) -> anyhow::Result<BTreeMap<u64, ScriptedSwap>> {
        let mut script = BTreeMap::new();
        for swap in &self.swap_at {
            let refused = |to, refused| ScriptedSwap::Refused {
                file: swap.guest.clone(),
                to,
                refused,
            };
            let scripted = match Code::read(&swap.guest) {
                Err(error @ GuestError::Read { .. }) => {
                    return Err(anyhow!("--swap-at {}: {error}", swap.frame));
                }
                Err(error) => refused(None, error.into()),
                Ok(code) => match prepare(engine, &code, &ExpectedState::default()) {
                    Ok(candidate) => ScriptedSwap::Ready(Box::new(candidate)),
                    Err(error) => refused(Some(code.hash), error),
                },
            };
            if script.insert(swap.frame, scripted).is_some() {
                bail!("--swap-at: two swaps at frame {}", swap.frame);
            }
        }
        Ok(script)
    }

    /// Returns the file for this run's autosaved state: the guest's, or one with a number if another host has
    /// that. `None` if nothing is to be saved.
    fn autosave_options(&self, terminal: &Terminal) -> Option<AutosaveOptions> {
        /// Limit of the hosts that save the state of one guest.
        const MOST: usize = 100;
        // A run that does not wait for the clock belongs to a script, which can repeat it.
        if self.fast || self.autosave.is_zero() {
            return None;
        }
        let own = folders::autosave_of(&self.guest)?;
        for number in 1..=MOST {
            let path = match number {
                1 => own.clone(),
                number => own.with_extension(format!("{number}.vbs")),
            };
            let lock = match Lock::attempt(&path.with_extension("lock")) {
                Ok(Some(lock)) => Some(Arc::new(lock)),
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!("autosave: {} is not locked: {error}", path.display());
                    None
                }
            };
            if number > 1 {
                terminal.say(&format!(
                    "another host runs this guest; this one saves its state in {} (--state-in starts from it)",
                    path.display()
                ));
            }
            let every = self.autosave;
            return Some(AutosaveOptions { path, lock, every });
        }
        terminal.say(&format!(
            "{MOST} hosts run this guest; this one does not save its state"
        ));
        None
    }

    fn options(
        &self,
        source: &Source,
        has_window: bool,
        autosave: Option<AutosaveOptions>,
    ) -> anyhow::Result<SessionOptions> {
        // A guest that is built here can be mended by its author. A file that runs headless belongs to
        // a script.
        let mendable = has_window || !matches!(source, Source::File(_));
        Ok(SessionOptions {
            guest: std::fs::canonicalize(&self.guest).unwrap_or_else(|_| self.guest.clone()),
            hz: self.hz,
            seed: self.seed,
            size: self.size,
            frames: self.frames,
            strict: self.strict,
            mendable: mendable && !self.exit_on_break,
            folder: self.guest.is_dir().then(|| self.guest.clone()),
            waits_for_assets: !has_window,
            input: self
                .input
                .as_deref()
                .map_or(Ok(Script::default()), read_script)?,
            state_in: self.start_image()?,
            autosave,
            history: folders::history_of(&self.guest),
            images: folders::images_of(&self.guest),
            state_out: self.state_out.clone(),
            screenshots: self.screenshot.clone(),
        })
    }

    /// Reads the state to start from, before anything is built.
    fn start_image(&self) -> anyhow::Result<Option<Image>> {
        let autosave = folders::autosave_of(&self.guest);
        let path = if self.resume {
            let Some(path) = autosave.as_deref() else {
                bail!(
                    "--resume: the folder of saved states cannot be used; is HOME or XDG_DATA_HOME a folder that you may write in?"
                );
            };
            if !path.is_file() {
                bail!("--resume: {} has not run before", self.guest.display());
            }
            Some(path)
        } else {
            self.state_in.as_deref()
        };
        let Some(path) = path else { return Ok(None) };
        let cannot = |cause: String| anyhow!("cannot start from {}: {cause}", path.display());
        let image = Image::read(path).map_err(|error| match error {
            ImageError::NotAnImage(_) => cannot("it is not a state image (.vbs)".to_owned()),
            ImageError::Damaged { cause, .. } => cannot(format!("the image is damaged: {cause}")),
            ImageError::Io { cause, .. } => cannot(cause.to_string()),
            other => anyhow!(other),
        });
        image.map(Some)
    }

    /// Opens the control socket, which `host history`, `host rollback` and other commands connect to. Without
    /// a socket, the game runs all the same.
    fn listen(&self, tell: Sender<Event>) -> Option<Control> {
        let name = folders::name_of(&self.guest)?;
        // A session that has ended receives no requests.
        let deliver = move |request, reply| drop(tell.send(Event::Ask(request, reply)));
        Control::open(&folders::sockets()?, &name, deliver)
            .inspect_err(|error| tracing::warn!("this host cannot be asked anything: {error}"))
            .ok()
    }

    fn observers(&self, terminal: &Terminal) -> anyhow::Result<Vec<Box<dyn Observer>>> {
        let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(terminal.clone())];
        if let Some(path) = &self.report {
            let report = JsonLines::create(path)
                .with_context(|| format!("cannot write the report {}", path.display()))?;
            observers.push(Box::new(report));
        }
        Ok(observers)
    }
}

/// Returns the progress display of a run with a window: a status line on a terminal, nothing in a pipe.
fn progress(terminal: &Terminal) -> Box<dyn FnMut(&mut Session)> {
    if !terminal.is_live() {
        return Box::new(|_| {});
    }
    terminal.show_progress();
    Box::new(terminal.progress())
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    const DAY: f64 = 86_400.0;
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=DAY).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("expected a number of seconds from 0 to 86400".to_owned()),
    }
}

/// Installs the handler of Ctrl-C and of requests to terminate. The first signal ends the game in order.
/// The second one ends the process.
fn stop_on_signal(tell: Sender<Event>) -> anyhow::Result<()> {
    let mut is_first = true;
    ctrlc::set_handler(move || {
        let was_first = std::mem::replace(&mut is_first, false);
        if !was_first || tell.send(Event::Interrupt).is_err() {
            #[cfg(unix)]
            terminal::restore();
            std::process::exit(130);
        }
    })
    .context("cannot listen for Ctrl-C")
}

fn read_script(path: &Path) -> anyhow::Result<Script> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the input {}", path.display()))?;
    Script::parse(&text).with_context(|| format!("the input {}", path.display()))
}
