//! A session that a test plays turn by turn, with a clock that the test moves, without window and
//! pictures, and with candidates that the test passes in.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use vblank_host::clock::Clock;
use vblank_host::config::SessionOptions;
use vblank_host::event::{Command, Event};
use vblank_host::game;
use vblank_host::render::assets::Assets;
use vblank_host::render::{NullRenderer, Renderer, Size};
use vblank_host::report::{Observer, Record};
use vblank_host::session::{Parts, Session};
use vblank_runtime::build::News;
use vblank_runtime::guest::{Code, Engine, EngineOptions};
use vblank_runtime::supervisor::{ExpectedState, prepare};
use vblank_state::value::Spot;

use vblank_tests::{DEADLINE, Guest, wait_until};

/// The session, and its records.
pub struct Played {
    /// The session.
    pub session: Session,
    engine: Arc<Engine>,
    now: Rc<Cell<Duration>>,
    records: Rc<RefCell<Vec<Record>>>,
}

struct Manual(Rc<Cell<Duration>>);

impl Clock for Manual {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn left(&self, _: Duration) -> Duration {
        Duration::ZERO
    }

    fn wait_until(&mut self, time: Duration) {
        self.0.set(self.0.get().max(time));
    }
}

struct Listener(Rc<RefCell<Vec<Record>>>);

impl Observer for Listener {
    fn observe(&mut self, record: &Record) {
        self.0.borrow_mut().push(record.clone());
    }
}

/// An update is due each of these.
pub const STEP: Duration = Duration::from_millis(10);

impl Played {
    /// A session of this guest, in which its first version runs and has made no update.
    #[track_caller]
    #[must_use]
    pub fn of(guest: &Guest, options: SessionOptions) -> Self {
        let size = Size::new(320, 200);
        Self::shown(guest, options, Box::new(NullRenderer::new(size)))
    }

    /// A session of this guest, with pictures.
    #[track_caller]
    #[must_use]
    pub fn shown(guest: &Guest, options: SessionOptions, renderer: Box<dyn Renderer>) -> Self {
        let assets = Assets::default();
        let engine =
            game::engine(&assets, EngineOptions::default()).expect("an engine can be made");
        let engine = Arc::new(engine);
        let now = Rc::new(Cell::new(Duration::from_secs(1)));
        let records = Rc::default();
        let parts = Parts {
            engine: Arc::clone(&engine),
            assets,
            asset_loader: None,
            supervisor: game::supervisor_options().expect("it starts"),
            pipeline: None,
            renderer,
            speaker: None,
            clock: Box::new(Manual(Rc::clone(&now))),
            outside: channel().1,
            observers: vec![Box::new(Listener(Rc::clone(&records)))],
            script: BTreeMap::new(),
        };
        let options = SessionOptions {
            hz: 100.0,
            mendable: true,
            ..options
        };
        let session = Session::new(parts, options);
        let mut played = Self {
            session,
            engine,
            now,
            records,
        };
        played.swap(guest);
        played.session.turn();
        played.records.borrow_mut().clear();
        played
    }

    /// Prepares another version, and swaps to it.
    #[track_caller]
    pub fn swap(&mut self, guest: &Guest) {
        let code = Code::from_bytes(guest.module()).expect("the fixture is a guest");
        let candidate = prepare(&self.engine, &code, &ExpectedState::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let ready = News::Ready(Box::new(candidate));
        self.session.handle(Event::News(ready));
        self.session.look_for_news();
    }

    /// Makes this many turns, each after the time of a step.
    pub fn turns(&mut self, count: u32) {
        for _ in 0..count {
            self.now.set(self.now.get() + STEP);
            self.session.turn();
        }
    }

    /// Sends a command of a person.
    pub fn obey(&mut self, command: Command) {
        self.session.handle(Event::Command(command));
    }

    /// A value of the state, as text.
    #[track_caller]
    #[must_use]
    pub fn value(&mut self, path: &str) -> String {
        let seen = self.session.look(|schema, parcel| {
            let spot = Spot::find(schema, parcel, path).unwrap_or_else(|error| panic!("{error}"));
            spot.value().expect("it is a state").to_string()
        });
        seen.expect("there is a state")
    }

    /// Records since this was last called, as the report has them.
    #[must_use]
    pub fn records(&mut self) -> Vec<serde_json::Value> {
        let records = std::mem::take(&mut *self.records.borrow_mut());
        let json = |record: &Record| serde_json::to_value(record).expect("a record is JSON");
        records.iter().map(json).collect()
    }

    /// The only record since this was last called, which is of this event.
    #[track_caller]
    #[must_use]
    pub fn only(&mut self, event: &str) -> serde_json::Value {
        let records = self.records();
        match &records[..] {
            [one] if one["event"] == event => one.clone(),
            _ => panic!("one `{event}` is wanted, not {records:#?}"),
        }
    }

    /// Makes turns until an event of this name is reported, and returns it.
    #[track_caller]
    #[must_use]
    pub fn turn_until(&mut self, event: &str) -> serde_json::Value {
        wait_until(&format!("a `{event}`"), DEADLINE, || {
            self.turns(1);
            let is_there = !self.records.borrow().is_empty();
            is_there.then(|| self.only(event))
        })
    }
}
