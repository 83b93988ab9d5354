//! The session of one game, from its first version to its end. It walks the frames and swaps the code
//! between them.
//!
//! The session knows no window and no command line. Its clock and its renderer are passed in, so a test
//! can play a whole session without either.

mod autosave;
mod commands;
mod edits;
mod guest_slot;
mod images;
mod outputs;
mod phases;
mod record_queue;
mod requests;
mod source_state;
mod status;
mod timeline;
mod versions;

use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime};

use vblank_input::{Input, InputEvent};
#[cfg(feature = "overlay")]
use vblank_render::Layer;
use vblank_render::Renderer;
use vblank_render::assets::{AssetInfo, Assets};
use vblank_render::sound::Speaker;
use vblank_runtime::build::CandidateSource;
use vblank_runtime::error::{SwapError, Trap};
use vblank_runtime::guest::{CodeHash, Engine, FrameGate};
use vblank_runtime::history::History;
use vblank_runtime::supervisor::{Candidate, ExpectedState, SupervisorOptions};

use crate::clock::Clock;
use crate::config::SessionOptions;
use crate::event::Event;
use crate::frame::{Phase, Timings};
use crate::game::{Game, Step};
use crate::report::{Observer, ReportEvent};

pub use commands::SPEEDS;
pub use edits::{Edit, EditError};
pub use status::{RunState, Source, Status};

use autosave::Autosave;
use edits::Edits;
use guest_slot::GuestSlot;
use images::Images;
use outputs::Outputs;
use record_queue::RecordQueue;
use source_state::SourceState;
use timeline::Timeline;

/// Result of a turn: whether another frame follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Another frame follows.
    Continue,
    /// No frame follows, and the session has reported its end.
    Exit,
}

/// The parts that a session is made of.
pub struct Parts {
    /// Compiles and links guests.
    pub engine: Arc<Engine>,
    /// The guest's assets.
    pub assets: Assets,
    /// Loads assets from files while it is alive. Without it, only assets that the guest makes exist.
    pub asset_loader: Option<Box<dyn Any>>,
    /// Produces candidates. Without it, only scripted swaps happen.
    pub pipeline: Option<Box<dyn CandidateSource>>,
    /// Image interval and reaper of the guest's supervisor.
    pub supervisor: SupervisorOptions,
    /// Draws the pictures.
    pub renderer: Box<dyn Renderer>,
    /// Plays sounds. Without it, the game is silent.
    pub speaker: Option<Speaker>,
    /// Measures time and waits.
    pub clock: Box<dyn Clock>,
    /// Events of other threads, such as Ctrl-C.
    pub outside: Receiver<Event>,
    /// Receive every record.
    pub observers: Vec<Box<dyn Observer>>,
    /// Scripted swaps. The key is the number of the update that follows the swap.
    pub script: BTreeMap<u64, ScriptedSwap>,
}

/// A scripted swap.
pub enum ScriptedSwap {
    /// The candidate.
    Ready(Box<Candidate>),
    /// The file is no guest, or wants a capability that is not granted. Reported when its swap is due.
    Refused {
        /// The file.
        file: PathBuf,
        /// Hash of the file.
        to: Option<CodeHash>,
        /// The reason.
        refused: SwapError,
    },
}

/// A game that runs or waits for its first version.
pub struct Session {
    parts: Parts,
    options: SessionOptions,
    /// Time at which the session began.
    since: SystemTime,
    /// Due times of updates and turns.
    timeline: Timeline,
    /// The game, the candidate that waits for it, and its history.
    slot: GuestSlot,
    /// The newest source, as the pipeline's news describe it.
    source: SourceState,
    /// The records that are still to be reported.
    records: RecordQueue,

    // The input and the picture of the running frame.
    input: Input,
    step: Step,
    title: String,
    /// True while sounds are held because the game stands still.
    sounds_held: bool,

    // Edits, images and outputs that a person requested.
    edits: Edits,
    images: Images,
    outputs: Outputs,
    autosave: Option<Autosave>,

    // Figures.
    timings: Timings,
    first_frame: Option<FirstFrame>,
    /// Bytes of assets that went to the GPU.
    asset_bytes: u64,

    /// The exit code, set when the session is to end.
    exit: Option<u8>,
    has_ended: bool,
}

/// A version that has taken over and has not been drawn yet.
struct FirstFrame {
    hash: CodeHash,
    /// Time at which its candidate was ready.
    ready: Instant,
    /// Time between the file's saving and `ready`.
    before: Duration,
}

impl Session {
    /// Makes a session, ready for its first turn.
    #[must_use]
    pub fn new(mut parts: Parts, options: SessionOptions) -> Self {
        parts.renderer.use_assets(parts.assets.clone());
        let now = parts.clock.now();
        let observers = std::mem::take(&mut parts.observers);
        let mut records = RecordQueue::new(observers, options.folder.clone());
        let autosave = options.autosave.clone().map(Autosave::start).transpose();
        let autosave = autosave.unwrap_or_else(|error| {
            let message = format!("the state is not autosaved: no thread to write it: {error}");
            records.report(ReportEvent::Notice { message }, 0);
            None
        });
        Self {
            timeline: Timeline::new(options.hz, now),
            slot: GuestSlot::new(History::open(options.history.as_deref())),
            source: SourceState::new(),
            records,
            input: Input::default(),
            step: Step {
                dt: (1.0 / options.hz) as f32,
                seed: options.seed,
                size: options.size,
                scale: 1.0,
                ..Step::default()
            },
            title: String::new(),
            sounds_held: false,
            edits: Edits::default(),
            images: Images::default(),
            outputs: Outputs::new(&options),
            autosave,
            timings: Timings::default(),
            first_frame: None,
            asset_bytes: 0,
            exit: None,
            has_ended: false,
            since: SystemTime::now(),
            parts,
            options,
        }
    }

    /// Runs one frame: every phase once, in order.
    pub fn turn(&mut self) -> Flow {
        if self.has_ended {
            // A window may request one more turn while it closes.
            return Flow::Exit;
        }
        self.timeline.begin_turn(self.parts.clock.now());
        let mut presenting = Duration::ZERO;
        let mut updates = 0;
        let engine = Arc::clone(&self.parts.engine);
        let mut frame = engine.options().frames.as_deref().map(FrameGate::begin);
        for phase in Phase::ORDER {
            match phase {
                Phase::Begin => updates = self.begin(),
                Phase::Update => self.update(updates),
                Phase::Draw => self.draw(),
                Phase::Submit => self.submit(),
                Phase::Present => {
                    // It may wait for the screen.
                    drop(frame.take());
                    presenting = self.present();
                }
                Phase::Boundary => self.boundary(),
            }
            if self.exit.is_some() {
                self.end();
                self.has_ended = true;
                return Flow::Exit;
            }
        }
        if updates > 0 {
            let frame = self.timeline.turn_took().saturating_sub(presenting);
            self.timings.frame.record(frame);
            self.timings.recent.record(frame);
        }
        Flow::Continue
    }

    /// Waits until the next frame is due. A candidate that becomes ready meanwhile is let in, and its
    /// first frame is then due at once.
    pub fn wait(&mut self) {
        let due = self.next_turn();
        loop {
            let left = self.parts.clock.left(due);
            let pipeline = self.parts.pipeline.as_ref().filter(|_| !left.is_zero());
            match pipeline.and_then(|pipeline| pipeline.wait(left)) {
                Some(news) => {
                    self.handle(Event::News(news));
                    if self.look_for_news() {
                        return;
                    }
                }
                None => return self.parts.clock.wait_until(due),
            }
        }
    }

    /// Handles the pipeline's news, and swaps if a candidate or a rollback is ready. To be called
    /// between two frames only. Returns true if a new version is to be drawn.
    pub fn look_for_news(&mut self) -> bool {
        while let Some(news) = self
            .parts
            .pipeline
            .as_ref()
            .and_then(|source| source.poll())
        {
            self.handle(Event::News(news));
        }
        if let Some(candidate) = self.slot.candidate.take() {
            self.let_in(*candidate);
        }
        self.roll_back_if_ready();
        self.first_frame.is_some()
    }

    /// Sets the interval at which a screen shows pictures. If updates are clearly rarer, pictures
    /// follow the screen and fall between updates as well. Otherwise, and without a screen, there is
    /// one picture for each update.
    pub fn show_for(&mut self, interval: Option<Duration>) {
        self.timeline.show_every(interval);
    }

    /// Time at which the next frame is due, on the session's clock.
    #[must_use]
    pub fn next_turn(&self) -> Duration {
        self.timeline.next_turn(self.slot.motion())
    }

    /// Time until the next frame is due.
    #[must_use]
    pub fn until_next_turn(&self) -> Duration {
        self.next_turn().saturating_sub(self.parts.clock.now())
    }

    /// Returns the exit code of the process. It is 0 at a natural end. It is 1 when the guest could not
    /// be started, when it broke and nobody was there to repair it, or when a requested file could not be
    /// written.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit.unwrap_or(0)
    }

    /// The window's title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Returns true if a version runs and is not broken.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.slot.motion() == timeline::Motion::Moving
    }

    /// Returns true while a build tool writes to the terminal itself, which the first build does.
    #[must_use]
    pub fn is_building_aloud(&self) -> bool {
        self.source.is_building_aloud()
    }

    /// Number of updates made.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.slot.updates_made()
    }

    /// The number of the next update.
    #[must_use]
    pub fn next_update(&self) -> u64 {
        self.slot.next_update()
    }

    /// The assets that the host holds for the guest.
    #[must_use]
    pub fn assets(&self) -> Vec<AssetInfo> {
        self.parts.assets.list()
    }

    /// The capabilities that the guest was granted.
    #[must_use]
    pub fn granted(&self) -> Vec<String> {
        let granted = self.parts.engine.allowed();
        granted.iter().map(ToString::to_string).collect()
    }

    /// Share of the time that went into images for recovery: 0 to 1. At most about 2%, see
    /// `docs/report.md`.
    #[must_use]
    pub fn image_share(&self) -> f64 {
        self.timings.image.sum().as_secs_f64() / self.slot.began.elapsed().as_secs_f64()
    }

    /// Code that the newest source was built to, if another version runs. That version was refused,
    /// failed, or was rolled back by a person.
    #[must_use]
    pub fn newer_source(&self) -> Option<CodeHash> {
        self.source.newer_than(self.slot.hash()?)
    }

    /// Restarts the measurement of frame times.
    pub fn forget_timings(&mut self) {
        self.timings = Timings::default();
        self.slot.began = Instant::now();
    }

    /// State that the next candidate will be given, as far as it is known now.
    #[must_use]
    pub fn expected_state(&self) -> ExpectedState {
        let game = self.slot.game.as_ref();
        game.map(Game::expected_state).unwrap_or_default()
    }

    /// Swaps to a candidate. To be called between two frames only. A refusal is reported, and the
    /// running version continues.
    pub fn swap_now(&mut self, candidate: Candidate) {
        self.let_in(candidate);
    }

    /// Times of the frames so far.
    #[must_use]
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// The guest's linear memory in bytes.
    #[must_use]
    pub fn guest_memory(&mut self) -> usize {
        self.slot
            .game
            .as_mut()
            .map_or(0, |game| game.instance().memory())
    }

    /// The renderer.
    #[must_use]
    pub fn renderer(&self) -> &dyn Renderer {
        &*self.parts.renderer
    }

    /// Lays a layer over the window from now on.
    #[cfg(feature = "overlay")]
    pub fn lay_over(&mut self, layer: Layer) {
        self.parts.renderer.lay_over(layer);
    }

    /// Handles an event from outside.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Input(event) => self.apply(event),
            Event::Resized(size) => {
                self.parts.renderer.resize(size);
                self.step.size = self.parts.renderer.size();
            }
            Event::Scaled(scale) => self.step.scale = scale,
            Event::Close | Event::Interrupt => self.exit = Some(0),
            Event::Command(command) => self.obey(command),
            Event::News(news) => self.hear(news),
            Event::Ask(request, reply) => self.answer(request, reply),
        }
    }
}

impl Session {
    /// Applies an input event of the window. Positions are converted to those of the picture.
    fn apply(&mut self, event: InputEvent) {
        let placement = self.parts.renderer.placement();
        match event {
            InputEvent::PointerMoved { x, y } => {
                let ([x, y], is_inside) = placement.to_picture([x, y]);
                self.input.apply(InputEvent::PointerMoved { x, y });
                if !is_inside {
                    self.input.apply(InputEvent::PointerLeft);
                }
            }
            InputEvent::Touch { id, finger, x, y } => {
                let ([x, y], _) = placement.to_picture([x, y]);
                self.input.apply(InputEvent::Touch { id, finger, x, y });
            }
            other => self.input.apply(other),
        }
    }

    fn report(&mut self, event: ReportEvent) {
        self.records.report(event, self.slot.next_update());
    }

    /// Reports an event that a trap caused, once the trap's location is known.
    fn report_located(&mut self, event: ReportEvent, trap: Option<&Trap>) {
        let frame = self.slot.next_update();
        match trap {
            Some(trap) => self.records.report_located(event, frame, trap),
            None => self.records.report(event, frame),
        }
    }

    fn notice(&mut self, message: impl Into<String>) {
        let message = message.into();
        self.report(ReportEvent::Notice { message });
    }

    /// Reports a notice that every frame would repeat, once for each cause.
    fn notice_once(&mut self, kind: &'static str, cause: impl std::fmt::Display) {
        let frame = self.slot.next_update();
        self.records.notice_once(kind, cause, frame);
    }
}
