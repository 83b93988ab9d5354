//! A session: one game, from its first version to its end. It walks the frames and swaps the code
//! between them.
//!
//! It knows neither window nor command line; a clock and a renderer are handed to it, so that a test
//! can play a whole session without either.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::clock::{Clock, FixedStep};
use crate::config::{Due, SessionOptions, sort_outputs};
use crate::error::{GuestError, Refused, Trap};
use crate::event::Event;
use crate::frame::{Phase, Timings};
use crate::guest::{Engine, Step};
use crate::image::Image;
use crate::input::Input;
use crate::reload::report::{Observer, Record, StageTimes, What};
use crate::reload::{Aftermath, Candidate, News, Pipeline, Running, Setup, Stages};
use crate::render::Renderer;

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
    /// Tells the time.
    pub clock: Box<dyn Clock>,
    /// Ctrl-C and the like, from other threads.
    pub outside: Receiver<Event>,
    /// Who hears of what happens.
    pub observers: Vec<Box<dyn Observer>>,
    /// Scripted swaps, by the update that they happen just before.
    pub script: BTreeMap<u64, Candidate>,
}

/// One game, running or waiting to.
pub struct Session {
    parts: Parts,
    options: SessionOptions,
    fixed: FixedStep,
    input: Input,
    step: Step,
    game: Option<Running>,
    /// Ready for the boundary.
    candidate: Option<Box<Candidate>>,
    first_frame: Option<FirstFrame>,
    turn_begun: Instant,
    timings: Timings,
    title: String,
    /// The frame that this session began at: 0, or that of the image.
    began_at: u64,
    shots: Due,
    shots_at_end: Vec<PathBuf>,
    images: Due,
    images_at_end: Vec<PathBuf>,
    last_notice: String,
    exit: Option<u8>,
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
    pub fn new(parts: Parts, options: SessionOptions) -> Self {
        let (shots, shots_at_end) = sort_outputs(&options.screenshots);
        let (images, images_at_end) = sort_outputs(&options.state_out);
        Self {
            fixed: FixedStep::new(options.hz, MOST_CATCH_UP, parts.clock.now()),
            input: Input::default(),
            step: Step {
                dt: (1.0 / options.hz) as f32,
                seed: options.seed,
                size: options.size,
                ..Step::default()
            },
            game: None,
            candidate: None,
            first_frame: None,
            turn_begun: Instant::now(),
            timings: Timings::default(),
            title: String::new(),
            began_at: 0,
            shots,
            shots_at_end,
            images,
            images_at_end,
            last_notice: String::new(),
            exit: None,
            parts,
            options,
        }
    }

    /// One frame: every phase once, in order.
    pub fn turn(&mut self) -> Flow {
        self.turn_begun = Instant::now();
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
                return Flow::Exit;
            }
        }
        if updates > 0 {
            let frame = self.turn_begun.elapsed().saturating_sub(presenting);
            self.timings.frame.record(frame);
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
        self.first_frame.is_some()
    }

    /// When the next frame is due, by the session's clock.
    #[must_use]
    pub fn next_turn(&self) -> Duration {
        match &self.game {
            Some(game) if !game.is_broken() => self.fixed.due(),
            _ => self.parts.clock.now() + WAITING,
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
        let now = self.game.as_ref().map_or(self.began_at, Running::frame);
        now - self.began_at
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

    /// Something happened outside.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Input(event) => self.input.apply(event),
            Event::Resized(size) => {
                self.parts.renderer.resize(size);
                self.step.size = self.parts.renderer.size();
            }
            Event::Close | Event::Interrupt => self.exit = Some(0),
            Event::News(news) => self.hear(news),
        }
    }

    // The phases.

    fn begin(&mut self) -> u32 {
        while let Ok(event) = self.parts.outside.try_recv() {
            self.handle(event);
        }
        let now = self.parts.clock.now();
        match &self.game {
            Some(game) if !game.is_broken() => self.fixed.take(now),
            _ => 0,
        }
    }

    /// The input of the next update: what the window told, and what the script says for it.
    fn take_input(&mut self, frame: u64) {
        for event in self.options.input.events_at(frame) {
            self.input.apply(event);
        }
        self.step.number = frame;
        self.input.take(&mut self.step.input);
    }

    fn update(&mut self, updates: u32) {
        for left in (0..updates).rev() {
            self.scripted_swap();
            let Some(frame) = self.moving().map(|game| game.frame()) else {
                return;
            };
            self.take_input(frame);
            let begun = Instant::now();
            let done = self
                .game
                .as_mut()
                .map_or(Ok(()), |game| game.update(&self.step));
            self.timings.update.record_since(begun);
            self.hear_title();
            if let Err(trap) = done {
                return self.failed(trap, true);
            }
            if self.is_output_due() {
                // It wants a picture of just this frame: the other updates wait for the next one.
                (0..left).for_each(|_| self.fixed.put_back());
                return;
            }
        }
    }

    fn draw(&mut self) {
        let alpha = self.fixed.alpha(self.parts.clock.now());
        let size = self.step.size;
        let Some(game) = self.moving() else { return };
        let begun = Instant::now();
        let done = game.instance().draw(size, alpha);
        self.timings.draw.record_since(begun);
        self.hear_title();
        if let Err(trap) = done {
            self.failed(trap, false);
        }
    }

    fn submit(&mut self) {
        let Some(game) = self.game.as_mut().filter(|game| !game.is_broken()) else {
            return;
        };
        let begun = Instant::now();
        game.instance().replay(self.parts.renderer.begin());
        let done = self.parts.renderer.submit();
        self.timings.submit.record_since(begun);
        if let Err(error) = done {
            self.notice_once(format!("no picture: {error}"));
        }
        if let Some(first) = self.first_frame.take() {
            self.tell(What::FirstFrame {
                hash: first.hash,
                frame_ms: millis(self.turn_begun.elapsed()),
                since_saved_ms: millis(first.before + first.ready.elapsed()),
            });
        }
    }

    fn present(&mut self) -> Duration {
        let begun = Instant::now();
        if let Err(error) = self.parts.renderer.present() {
            self.notice_once(format!("nothing is shown: {error}"));
        }
        begun.elapsed()
    }

    fn boundary(&mut self) {
        self.write_due();
        match self.game.as_mut().map_or(Ok(None), Running::keep_image) {
            Ok(Some(size)) => self.tell_state_size(size),
            Ok(None) => {}
            Err(trap) => self.failed(trap, false),
        }
        if self
            .options
            .frames
            .is_some_and(|most| self.frames() >= most)
        {
            self.exit = Some(self.exit.unwrap_or(0));
            return;
        }
        self.look_for_news();
    }

    // Versions.

    fn hear(&mut self, news: News) {
        match news {
            News::Notice(message) => self.tell(What::Notice { message }),
            News::Building => {}
            News::Built { took, warnings } => self.tell(What::Build {
                ok: true,
                ms: millis(took),
                message: warnings,
            }),
            News::BuildFailed { took, error } => {
                self.tell(What::Build {
                    ok: false,
                    ms: millis(took),
                    message: error.to_string(),
                });
                self.not_started();
            }
            News::SameCode(hash) => self.tell(What::SameCode {
                hash: hash.to_string(),
            }),
            News::Refused { to, refused } => {
                self.refuse(to.map(|hash| hash.to_string()), &refused);
                self.not_started();
            }
            // Of several that wait, the newest counts.
            News::Ready(candidate) => self.candidate = Some(candidate),
        }
    }

    /// A first version could not be had. With nobody to mend it, that is the end.
    fn not_started(&mut self) {
        if self.game.is_none() && !self.options.mendable {
            self.exit = Some(1);
        }
    }

    fn scripted_swap(&mut self) {
        let frame = self.game.as_ref().map(Running::frame);
        if let Some(candidate) = frame.and_then(|frame| self.parts.script.remove(&frame)) {
            self.let_in(candidate);
        }
    }

    fn let_in(&mut self, candidate: Candidate) {
        let to = candidate.version.hash().to_string();
        let done = match self.game.take() {
            None => self.start(candidate),
            Some(game) => self.swap(game, candidate),
        };
        if let Err(refused) = done {
            self.refuse(Some(to), &refused);
            self.not_started();
        }
    }

    fn start(&mut self, candidate: Candidate) -> Result<(), Refused> {
        let (stages, ready) = (candidate.stages, candidate.ready);
        let setup = Setup {
            seed: self.options.seed,
            size: self.step.size,
            hz: self.options.hz as f32,
        };
        let mut game = match &self.options.state_in {
            None => Running::fresh(candidate, setup)?,
            Some(path) => {
                let image = Image::read(path).map_err(|error| Refused::Image(error.to_string()))?;
                Running::from_image(candidate, &image, self.options.strict)?
            }
        };
        let hash = game.hash().to_string();
        let image = game.image().map_err(GuestError::from)?;
        self.tell_state_size(image.parcel.bytes());
        self.began_at = game.frame();
        self.game = Some(game);
        self.hear_title();
        self.fixed.restart(self.parts.clock.now());
        self.await_first_frame(&stages, ready);
        self.tell(What::Start {
            hash,
            renderer: self.parts.renderer.kind(),
            stages: StageTimes::from(&stages),
        });
        Ok(())
    }

    fn swap(&mut self, mut game: Running, candidate: Candidate) -> Result<(), Refused> {
        let (stages, ready) = (candidate.stages, candidate.ready);
        let from = game.hash().to_string();
        let was_broken = game.is_broken();
        let done = game.swap(candidate, self.options.strict);
        let to = game.hash().to_string();
        self.game = Some(game);
        let swap = done?;
        if was_broken {
            self.fixed.restart(self.parts.clock.now());
        }
        self.timings.pause.record(swap.pause);
        self.tell_state_size(swap.state_bytes);
        self.hear_title();
        self.await_first_frame(&stages, ready);
        self.tell(What::swap(from, to, &swap, &stages));
        Ok(())
    }

    fn failed(&mut self, trap: Trap, in_update: bool) {
        let Some(game) = &mut self.game else { return };
        let step = in_update.then_some(&self.step);
        let reason = trap.to_string();
        let aftermath = game.fail(&self.parts.engine, trap, step);
        let to = game.hash().to_string();
        self.first_frame = None;
        match aftermath {
            Aftermath::RolledBack { from } => self.tell(What::Rollback {
                from: from.to_string(),
                to,
                reason,
            }),
            Aftermath::Broken(trap) => {
                self.tell(What::Break {
                    message: trap.to_string(),
                    location: trap.location,
                });
                if !self.options.mendable {
                    self.exit = Some(1);
                }
            }
        }
    }

    fn refuse(&mut self, to: Option<String>, refused: &Refused) {
        self.tell(What::Refused {
            to,
            reason: refused.reason(),
            message: refused.to_string(),
        });
    }

    /// The game, if there is one and it does not stand still.
    fn moving(&mut self) -> Option<&mut Running> {
        self.game.as_mut().filter(|game| !game.is_broken())
    }

    fn hear_title(&mut self) {
        let title = self
            .game
            .as_mut()
            .and_then(|game| game.instance().take_title());
        if let Some(title) = title {
            self.title = title;
        }
    }

    fn tell_state_size(&self, bytes: usize) {
        if let Some(pipeline) = &self.parts.pipeline {
            pipeline.set_state_bytes(bytes);
        }
    }

    fn await_first_frame(&mut self, stages: &Stages, ready: Instant) {
        self.first_frame = self.game.as_ref().map(|game| FirstFrame {
            hash: game.hash().to_string(),
            ready,
            before: stages.watch + stages.build + stages.prepare(),
        });
    }

    // Outputs.

    fn is_output_due(&self) -> bool {
        let made = self.frames();
        self.shots.contains_key(&made)
            || self.images.contains_key(&made)
            || self.options.frames == Some(made)
    }

    fn write_due(&mut self) {
        let made = self.frames();
        for path in self.shots.remove(&made).unwrap_or_default() {
            self.write_picture(&path);
        }
        for path in self.images.remove(&made).unwrap_or_default() {
            self.write_image(&path);
        }
    }

    fn write_picture(&mut self, path: &Path) {
        let saved = self
            .parts
            .renderer
            .capture()
            .map_err(|error| error.to_string());
        let saved =
            saved.and_then(|picture| picture.save_png(path).map_err(|error| error.to_string()));
        if let Err(error) = saved {
            let path = path.display();
            self.tell(What::Notice {
                message: format!("no screenshot {path}: {error}"),
            });
        }
    }

    fn write_image(&mut self, path: &Path) {
        let Some(game) = &mut self.game else { return };
        let written = game
            .image()
            .map_err(|trap| format!("no image {}: {trap}", path.display()))
            .and_then(|image| image.write(path).map_err(|error| error.to_string()));
        if let Err(message) = written {
            self.tell(What::Notice { message });
        }
    }

    /// The last things: outputs for the end, the guest's own, the report.
    fn end(&mut self) {
        for path in std::mem::take(&mut self.shots_at_end) {
            self.write_picture(&path);
        }
        for path in std::mem::take(&mut self.images_at_end) {
            self.write_image(&path);
        }
        let state_hash = self.game.as_mut().and_then(|game| game.state_hash().ok());
        if let Some(game) = self.moving()
            && let Err(trap) = game.instance().shutdown()
        {
            self.tell(What::Notice {
                message: trap.to_string(),
            });
        }
        self.tell(What::End {
            frames: self.frames(),
            state_hash,
            frame_us: self.timings.frame.percentiles(),
        });
    }

    fn tell(&mut self, what: What) {
        let record = Record {
            what,
            frame: self.game.as_ref().map_or(0, Running::frame),
        };
        for observer in &mut self.parts.observers {
            observer.observe(&record);
        }
    }

    /// Of messages that would come with each frame, only the first of a kind.
    fn notice_once(&mut self, message: String) {
        if self.last_notice != message {
            self.last_notice.clone_from(&message);
            self.tell(What::Notice { message });
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
