//! A graphics adapter is lost while a game runs. The game continues, and each consequence is reported
//! once.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use vblank_host::clock::FreeClock;
use vblank_host::config::SessionOptions;
use vblank_host::game;
use vblank_host::headless;
use vblank_host::input::Size;
use vblank_host::render::assets::Assets;
use vblank_host::render::commands::{Fit, Sink};
use vblank_host::render::{
    Kind, Layer, NullRenderer, Picture, Placement, RenderError, Renderer, Stats,
};
use vblank_host::report::{Observer, Record, ReportEvent};
use vblank_host::session::{Parts, Session};
use vblank_runtime::build::{Pipeline, PipelineOptions, Source};
use vblank_runtime::guest::EngineOptions;
use vblank_tests::{Counter, Guest};

/// Makes some pictures, and is lost.
struct Lost {
    inner: NullRenderer,
    left: u32,
}

impl Lost {
    fn check(&self) -> Result<(), RenderError> {
        match self.left {
            0 => Err(RenderError::Lost("unplugged".to_owned())),
            _ => Ok(()),
        }
    }
}

impl Renderer for Lost {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn kind(&self) -> Kind {
        self.inner.kind()
    }

    fn size(&self) -> Size {
        self.inner.size()
    }

    fn resize(&mut self, size: Size) {
        self.inner.resize(size);
    }

    fn fix_size(&mut self, fixed: Option<(Size, Fit)>) {
        self.inner.fix_size(fixed);
    }

    fn placement(&self) -> Placement {
        self.inner.placement()
    }

    fn use_assets(&mut self, assets: Assets) {
        self.inner.use_assets(assets);
    }

    fn set_time(&mut self, seconds: f32) {
        self.inner.set_time(seconds);
    }

    fn begin(&mut self) -> &mut dyn Sink {
        self.left = self.left.saturating_sub(1);
        self.inner.begin()
    }

    fn submit(&mut self) -> Result<(), RenderError> {
        self.check()
    }

    fn present(&mut self) -> Result<(), RenderError> {
        self.check()
    }

    fn capture(&mut self) -> Result<Picture, RenderError> {
        self.inner.capture()
    }

    fn lay_over(&mut self, layer: Layer) {
        self.inner.lay_over(layer);
    }

    fn capture_all(&mut self) -> Result<Picture, RenderError> {
        self.inner.capture_all()
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }
}

/// Passes notices on.
struct Notices(Sender<String>);

impl Observer for Notices {
    fn observe(&mut self, record: &Record) {
        if let ReportEvent::Notice { message } = &record.event {
            self.0.send(message.clone()).expect("the test listens");
        }
    }
}

#[test]
fn a_lost_adapter_is_told_once_and_the_game_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().write(&file);
    let assets = Assets::default();
    let engine = game::engine(&assets, EngineOptions::default()).expect("it can be made");
    let engine = Arc::new(engine);
    let options = PipelineOptions::default();
    let pipeline = Pipeline::start(Arc::clone(&engine), Source::File(file), options, || ());
    let (tell, notices) = channel();
    let (_outside, outside) = channel();
    let size = Size::new(64, 48);
    let parts = Parts {
        engine,
        assets,
        asset_loader: None,
        supervisor: game::supervisor_options().expect("it starts"),
        pipeline: Some(Box::new(pipeline.expect("it starts"))),
        renderer: Box::new(Lost {
            inner: NullRenderer::new(size),
            left: 20,
        }),
        speaker: None,
        clock: Box::new(FreeClock::default()),
        outside,
        observers: vec![Box::new(Notices(tell))],
        script: Default::default(),
    };
    let options = SessionOptions {
        size,
        frames: Some(100),
        ..SessionOptions::default()
    };
    let mut session = Session::new(parts, options);
    assert_eq!(headless::run(&mut session, |_| ()), 0);
    assert_eq!(session.frames(), 100);
    let told: Vec<String> = notices.try_iter().collect();
    let [no_picture, not_shown] = &told[..] else {
        panic!("{told:#?}");
    };
    assert!(no_picture.starts_with("no picture: the graphics adapter was lost: unplugged"));
    assert!(not_shown.starts_with("nothing is shown: the graphics adapter was lost: unplugged"));
    assert!(no_picture.contains("--resume"), "the way out: {no_picture}");
}
