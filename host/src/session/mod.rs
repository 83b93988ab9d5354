//! A session: one game, from its first version to its end. It walks the frames and swaps the code
//! between them.
//!
//! It knows neither window nor command line; a clock and a renderer are handed to it, so that a test
//! can play a whole session without either.

mod asked;
mod autosave;
mod control;
mod edits;
mod images;
mod outputs;
mod phases;
mod status;
mod telling;
mod versions;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use vblank_input::{Input, InputEvent};
use vblank_render::{Layer, Renderer};
use vblank_render::assets::AssetInfo;
use vblank_render::sound::Speaker;
use vblank_runtime::build::Pipeline;
use vblank_runtime::error::SwapError;
use vblank_runtime::guest::{CodeHash, Engine};
use vblank_runtime::history::History;
use vblank_runtime::supervisor::{Candidate, Supervisor};

use crate::clock::{Clock, FixedStep, Pace};
use crate::config::SessionOptions;
use crate::control::Answer;
use crate::event::Event;
use crate::frame::{Phase, Timings};
use crate::game::Step;
use crate::report::Observer;

pub use control::{Command, SPEEDS};
pub use edits::{Edit, EditError};
pub use status::{RunState, Source, Status};

use asked::Wish;
use autosave::Autosave;
use edits::Edits;
use images::Images;
use outputs::Outputs;
use status::Told;
use telling::PendingRecord;

/// Whether there is another frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// There is.
    Continue,
    /// There is not; the session has told its end.
    Exit,
}

/// What the session is made of.
pub struct Parts {
    /// For all guests of the host.
    pub engine: Arc<Engine>,
    /// Makes candidates. Without it only scripted swaps happen.
    pub pipeline: Option<Pipeline>,
    /// Makes pictures.
    pub renderer: Box<dyn Renderer>,
    /// Plays sounds. Without it, there are none.
    pub speaker: Option<Speaker>,
    /// Tells the time.
    pub clock: Box<dyn Clock>,
    /// Ctrl-C and the like, from other threads.
    pub outside: Receiver<Event>,
    /// Who hears of what happens.
    pub observers: Vec<Box<dyn Observer>>,
    /// ScriptedSwap swaps, by the update that they happen just before.
    pub script: BTreeMap<u64, ScriptedSwap>,
}

/// A scripted swap.
pub enum ScriptedSwap {
    /// Ready for it.
    Ready(Box<Candidate>),
    /// Its file is no guest, or wants what is not granted. Told when it would be let in.
    Refused {
        /// The file.
        file: PathBuf,
        /// Of the file.
        to: Option<CodeHash>,
        /// Why.
        refused: SwapError,
    },
}

/// One game, running or waiting to.
pub struct Session {
    parts: Parts,
    options: SessionOptions,
    fixed: FixedStep,
    /// How the game's time, which the fixed step goes by, follows the clock's.
    pace: Pace,
    /// Updates that somebody wants made while the game stands still.
    steps: u32,
    input: Input,
    step: Step,
    game: Option<Supervisor>,
    /// Ready for the boundary.
    candidate: Option<Box<Candidate>>,
    history: History,
    /// How many there were.
    swaps: u64,
    /// The rollback that somebody waits for.
    wish: Option<Wish>,
    /// What became of the rollback that was wished for by a command.
    answer: Option<Receiver<Answer>>,
    edits: Edits,
    images: Images,
    /// What the pipeline told last about the source.
    told: Told,
    /// When the version that runs took over.
    came_in: Instant,
    /// The code that the source last came to.
    newest: Option<CodeHash>,
    first_frame: Option<FirstFrame>,
    turn_begun: Instant,
    /// The same by the session's clock.
    turn_at: Duration,
    /// How far pictures lie apart, where that is less than updates do.
    picture_every: Option<Duration>,
    timings: Timings,
    /// Bytes of assets that went to the GPU.
    asset_bytes: u64,
    title: String,
    /// Whether sounds stand still, as the game does.
    sounds_held: bool,
    /// The frame that this session began at: 0, or that of the image.
    began_at: u64,
    /// When its first version took over.
    began: Instant,
    outputs: Outputs,
    autosave: Option<Autosave>,
    /// What is to be told, and waits for its place in the source or behind such a record.
    untold: VecDeque<PendingRecord>,
    /// What was last told of each kind that would be told with each frame.
    last_notices: BTreeMap<&'static str, String>,
    exit: Option<u8>,
    has_ended: bool,
}

/// A version that has come in and not been seen yet.
struct FirstFrame {
    hash: String,
    /// When its candidate was ready.
    ready: Instant,
    /// Between the file's saving and `ready`.
    before: Duration,
}

/// Most updates in one frame, when the clock has run ahead.
const MOST_CATCH_UP: u32 = 5;
/// How often to look for a first candidate.
const WAITING: Duration = Duration::from_millis(5);

impl Session {
    /// Ready for its first turn.
    #[must_use]
    pub fn new(mut parts: Parts, options: SessionOptions) -> Self {
        parts.renderer.use_assets(parts.engine.assets().clone());
        Self {
            fixed: FixedStep::new(options.hz, MOST_CATCH_UP, parts.clock.now()),
            pace: Pace::new(parts.clock.now()),
            steps: 0,
            input: Input::default(),
            step: Step {
                dt: (1.0 / options.hz) as f32,
                seed: options.seed,
                size: options.size,
                scale: 1.0,
                ..Step::default()
            },
            game: None,
            candidate: None,
            history: History::open(options.history.as_deref()),
            swaps: 0,
            wish: None,
            answer: None,
            edits: Edits::default(),
            images: Images::default(),
            told: Told::Nothing,
            came_in: Instant::now(),
            newest: None,
            first_frame: None,
            turn_begun: Instant::now(),
            turn_at: parts.clock.now(),
            picture_every: None,
            timings: Timings::default(),
            asset_bytes: 0,
            title: String::new(),
            sounds_held: false,
            began_at: 0,
            began: Instant::now(),
            outputs: Outputs::new(&options),
            autosave: options
                .autosave
                .clone()
                .and_then(|options| Autosave::start(options).ok()),
            untold: VecDeque::new(),
            last_notices: BTreeMap::new(),
            exit: None,
            has_ended: false,
            parts,
            options,
        }
    }

    /// One frame: every phase once, in order.
    pub fn turn(&mut self) -> Flow {
        if self.has_ended {
            // A window may ask once more while it closes.
            return Flow::Exit;
        }
        self.turn_begun = Instant::now();
        self.turn_at = self.parts.clock.now();
        let mut presenting = Duration::ZERO;
        let mut updates = 0;
        for phase in Phase::ORDER {
            match phase {
                Phase::Begin => updates = self.begin(),
                Phase::Update => self.update(updates),
                Phase::Draw => self.draw(),
                Phase::Submit => self.submit(),
                Phase::Present => presenting = self.present(),
                Phase::Boundary => self.boundary(),
            }
            if self.exit.is_some() {
                self.end();
                self.has_ended = true;
                return Flow::Exit;
            }
        }
        if updates > 0 {
            let frame = self.turn_begun.elapsed().saturating_sub(presenting);
            self.timings.frame.record(frame);
            self.timings.recent.record(frame);
        }
        Flow::Continue
    }

    /// Wait until the next frame is due. A candidate that becomes ready meanwhile is let in, and then
    /// the next frame, its first, is due at once.
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

    /// What the pipeline has to tell, and the swap if it has a candidate. To be called between two
    /// frames only. Whether there is a new version, which wants to be seen.
    pub fn look_for_news(&mut self) -> bool {
        while let Some(news) = self.parts.pipeline.as_ref().and_then(Pipeline::poll) {
            self.handle(Event::News(news));
        }
        if let Some(candidate) = self.candidate.take() {
            self.let_in(*candidate);
        }
        self.grant_wish();
        self.first_frame.is_some()
    }

    /// A screen shows each picture for so long: where updates are clearly rarer, pictures come at
    /// its pace, between two updates as well. Otherwise, and without a screen, there is one for each update.
    pub fn show_for(&mut self, interval: Option<Duration>) {
        let step = self.fixed.step();
        self.picture_every = interval.filter(|interval| *interval < step.mul_f64(0.9));
    }

    /// When the next frame is due, by the session's clock.
    #[must_use]
    pub fn next_turn(&self) -> Duration {
        match (&self.game, self.picture_every) {
            (Some(game), Some(interval)) if !game.is_broken() => self.turn_at + interval,
            (Some(game), None) if !game.is_broken() => match self.pace.clock_time(self.fixed.due())
            {
                Some(due) if self.pace.speed() == 1.0 => due,
                // The picture goes on, whatever the game does.
                _ => self.turn_at + self.fixed.step(),
            },
            (Some(_), _) => self.turn_at + self.fixed.step(),
            (None, _) => self.turn_at + WAITING,
        }
    }

    /// How long until then.
    #[must_use]
    pub fn until_next_turn(&self) -> Duration {
        self.next_turn().saturating_sub(self.parts.clock.now())
    }

    /// What the process ends with: 0 at its natural end, 1 when the guest could not be started or
    /// broke with nobody there to mend it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit.unwrap_or(0)
    }

    /// The window's title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether there is a version that moves on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.game.as_ref().is_some_and(|game| !game.is_broken())
    }

    /// Updates made.
    #[must_use]
    pub fn frames(&self) -> u64 {
        let now = self.game.as_ref().map_or(self.began_at, Supervisor::frame);
        now - self.began_at
    }

    /// The number of the next update.
    #[must_use]
    pub fn next_update(&self) -> u64 {
        self.game.as_ref().map_or(0, Supervisor::frame)
    }

    /// What the host holds for the guest.
    #[must_use]
    pub fn assets(&self) -> Vec<AssetInfo> {
        self.parts.engine.assets().list()
    }

    /// What the guest was granted.
    #[must_use]
    pub fn granted(&self) -> Vec<String> {
        let granted = self.parts.engine.allowed();
        granted.iter().map(ToString::to_string).collect()
    }

    /// The share of the time that went into keeping images of the state: what it costs to be able to go
    /// back. At most some 2%, see `docs/report.md`.
    #[must_use]
    pub fn image_share(&self) -> f64 {
        self.timings.image.sum().as_secs_f64() / self.began.elapsed().as_secs_f64()
    }

    /// The code that the source last came to, where another version runs: it was refused, it failed, or
    /// somebody wanted an older one.
    #[must_use]
    pub fn newer_source(&self) -> Option<CodeHash> {
        let running = self.game.as_ref()?.hash();
        self.newest.filter(|newest| *newest != running)
    }

    /// Begin to measure here: what came before counts for nothing.
    pub fn forget_timings(&mut self) {
        self.timings = Timings::default();
        self.began = Instant::now();
    }

    /// How large the state is, as far as it would be copied at a swap, in bytes.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.game.as_ref().map_or(0, Supervisor::bytes_to_copy)
    }

    /// Let a version in. To be called between two frames only; what is refused is told, and the version that
    /// runs goes on.
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
        self.game
            .as_mut()
            .map_or(0, |game| game.instance().memory())
    }

    /// Who makes the pictures.
    #[must_use]
    pub fn renderer(&self) -> &dyn Renderer {
        &*self.parts.renderer
    }

    /// Lay this over the window from now on.
    pub fn lay_over(&mut self, layer: Layer) {
        self.parts.renderer.lay_over(layer);
    }

    /// Something happened outside.
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
            Event::Ask(request, reply) => self.asked(request, reply),
        }
    }
}

impl Session {
    /// Input from the window, whose places become those of the picture.
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
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
