//! Lane: a measured game, which is a session without a window whose updates are counted and timed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::bail;
use vblank_input::Size;
use vblank_render::RendererChoice;
use vblank_render::assets::Assets;
use vblank_runtime::build::{CargoFlags, PipelineOptions, Source};
use vblank_runtime::guest::{Engine, EngineOptions, Limits, Profiler};

use super::figures::{Figures, Measured};
use crate::cli::folders;
use crate::clock::{FreeClock, RealClock};
use crate::config::SessionOptions;
use crate::event::Event;
use crate::frame::Timings;
use crate::game::{self, GamePipeline};
use crate::report::{Observer, Record, ReportEvent};
use crate::session::{Flow, Parts, Session};
use crate::terminal::Terminal;

/// Options of a lane. Both lanes of a comparison have the same ones.
pub(super) struct LaneOptions<'a> {
    /// Updates a second. `None` means as fast as possible.
    pub(super) hz: Option<f64>,
    pub(super) seed: u64,
    pub(super) size: Size,
    pub(super) renderer: RendererChoice,
    pub(super) limits: Limits,
    pub(super) cargo: CargoFlags,
    pub(super) assets: Option<&'a Path>,
    /// True if each swap is shown. Swaps that the benchmark makes itself are summed up at the end.
    pub(super) shows_swaps: bool,
}

/// One measured game.
pub(super) struct Lane {
    guest: PathBuf,
    pub(super) session: Session,
    pub(super) engine: Arc<Engine>,
    state_hash: Receiver<String>,
    /// Times of all slices before the current one.
    times: Timings,
    spent: Duration,
    counted: u64,
    memory_before: usize,
}

impl Lane {
    /// Starts a session with a game. `profiler` samples the guest.
    pub(super) fn start(
        options: &LaneOptions<'_>,
        guest: &Path,
        profiler: Option<Arc<Profiler>>,
        terminal: &Terminal,
    ) -> anyhow::Result<Self> {
        let source = if guest.is_dir() {
            Source::Folder(guest.to_owned())
        } else if guest.exists() {
            Source::File(guest.to_owned())
        } else {
            bail!("no such file or folder: {}", guest.display());
        };
        let with_lines = profiler.is_some();
        // Each lane has its own assets, because two games may use the same keys.
        let assets = Assets::default();
        let engine_options = EngineOptions {
            limits: options.limits,
            cache: folders::compiled(),
            profiler,
            ..EngineOptions::default()
        };
        let engine = Arc::new(game::engine(&assets, engine_options)?);
        let (renderer, notice) = vblank_render::headless(options.renderer, options.size)?;
        if let Some(notice) = notice {
            terminal.say(&notice);
        }
        let pipeline_options = PipelineOptions {
            cargo: options.cargo.clone(),
            with_lines,
            ..PipelineOptions::default()
        };
        let asset_folder = Some(folders::assets_of(guest, options.assets));
        let (_tell, outside) = channel();
        let (sender, state_hash) = channel();
        let GamePipeline {
            candidates,
            asset_loader,
        } = game::start_pipeline(
            &engine,
            &assets,
            source,
            pipeline_options,
            asset_folder,
            || (),
        )?;
        let parts = Parts {
            engine: Arc::clone(&engine),
            assets,
            asset_loader,
            pipeline: Some(candidates),
            supervisor: game::supervisor_options()?,
            renderer,
            speaker: None,
            clock: match options.hz {
                Some(_) => Box::new(RealClock::default()),
                None => Box::new(FreeClock::default()),
            },
            outside,
            observers: vec![Box::new(Watch {
                state_hash: sender,
                terminal: terminal.clone(),
                shows_swaps: options.shows_swaps,
            })],
            script: Default::default(),
        };
        let session_options = SessionOptions {
            hz: options.hz.unwrap_or(60.0),
            seed: options.seed,
            size: options.size,
            waits_for_assets: true,
            ..SessionOptions::default()
        };
        Ok(Self {
            guest: guest.to_owned(),
            session: Session::new(parts, session_options),
            engine,
            state_hash,
            times: Timings::default(),
            spent: Duration::ZERO,
            counted: 0,
            memory_before: 0,
        })
    }

    /// Runs one turn of the session. Returns false if the game ended by itself.
    fn turn(&mut self) -> bool {
        let goes_on = self.session.turn() == Flow::Continue;
        if goes_on {
            self.session.wait();
        }
        goes_on
    }

    /// Waits until the game has started and runs `updates` updates, which are not measured. Returns false if
    /// the game ended by itself.
    pub(super) fn warm_up(&mut self, updates: u64) -> bool {
        while !self.session.is_running() || self.session.frames() < updates {
            if !self.turn() {
                return false;
            }
        }
        self.session.forget_timings();
        self.memory_before = self.session.guest_memory();
        true
    }

    /// Runs the game up to `until` and calls `after` after each turn. Returns the time that this took, or
    /// `None` if the game ended by itself.
    pub(super) fn run(
        &mut self,
        until: Until,
        mut after: impl FnMut(&mut Session) -> anyhow::Result<()>,
    ) -> anyhow::Result<Option<Duration>> {
        let (begun, first) = (Instant::now(), self.session.frames());
        while !until.is_over(self.session.frames() - first, begun) {
            if !self.turn() {
                return Ok(None);
            }
            after(&mut self.session)?;
        }
        let took = begun.elapsed();
        self.spent += took;
        self.counted += self.session.frames() - first;
        Ok(Some(took))
    }

    /// Discards all measurements so far.
    pub(super) fn forget(&mut self) {
        self.session.forget_timings();
        self.spent = Duration::ZERO;
        self.counted = 0;
    }

    /// Returns the medians since the last slice, and starts the next slice.
    pub(super) fn take_slice(&mut self) -> Slice {
        let times = self.session.timings();
        let p50 = |times: &crate::frame::Times| times.percentiles().p50;
        let medians = [&times.update, &times.draw, &times.submit, &times.frame].map(p50);
        self.times.add(times);
        self.session.forget_timings();
        Slice { medians }
    }

    /// Exit code of a game that ended by itself.
    pub(super) fn exit_code(&self) -> u8 {
        self.session.exit_code()
    }

    /// Ends the game and returns its figures.
    pub(super) fn finish(mut self) -> Figures {
        self.times.add(self.session.timings());
        let measured = Measured {
            seconds: self.spent.as_secs_f64(),
            frames: self.counted,
            memory_before: self.memory_before,
        };
        let mut figures = Figures::of(&self.guest, &mut self.session, &self.times, &measured);
        self.session.handle(Event::Close);
        self.session.turn();
        figures.state_hash = self.state_hash.try_iter().last();
        figures
    }
}

/// Medians of `update`, `draw`, `submit` and `frame`, in microseconds.
pub(super) struct Slice {
    pub(super) medians: [f64; 4],
}

/// End of a measurement.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// Number of updates.
    Updates(u64),
    /// Time since the start of the measurement.
    Time(Duration),
}

impl Until {
    fn is_over(self, updates: u64, begun: Instant) -> bool {
        match self {
            Self::Updates(most) => updates >= most,
            Self::Time(most) => begun.elapsed() >= most,
        }
    }
}

/// Observer that shows events on the terminal and sends the final hash of the state to the lane. The start,
/// the first frame and the end are not shown.
struct Watch {
    state_hash: Sender<String>,
    terminal: Terminal,
    shows_swaps: bool,
}

impl Observer for Watch {
    fn observe(&mut self, record: &Record) {
        match &record.event {
            ReportEvent::End { state_hash, .. } => {
                if let Some(hash) = state_hash {
                    // Sending fails only if the lane is gone, and then nobody needs the hash.
                    let _ = self.state_hash.send(hash.clone());
                }
            }
            ReportEvent::Start { .. } | ReportEvent::FirstFrame { .. } => {}
            ReportEvent::Swap { .. } if !self.shows_swaps => {}
            _ => self.terminal.observe(record),
        }
    }
}
