//! Cost of drawing on the game's thread, as ratios to one warm `memcpy` of the same bytes in the same
//! run. Parts: the guest writes, the host copies and submits. Beside it: a plain program on wgpu,
//! textures across a swap, and a closed overlay.
//!
//! `cargo bench -p vblank-benches --bench draw`. Five minutes where the CPU draws; `-- --quick` one.

mod native;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use vblank_benches::{Times, row};
use vblank_host::clock::FreeClock;
use vblank_host::config::SessionOptions;
use vblank_host::game::{self, Game, GameCalls, Setup, Step};
use vblank_host::input::Size;
use vblank_host::overlay::{LogRing, Overlay, OverlayLog};
use vblank_host::render::assets::Assets;
use vblank_host::render::{NullRenderer, Prefer, Renderer, WgpuRenderer};
use vblank_host::session::{Parts, Session};
use vblank_runtime::build::{Pipeline, PipelineOptions, Source};
use vblank_runtime::guest::{Code, Engine, EngineOptions, Instance, Program};
use vblank_runtime::supervisor::{Candidate, ExpectedState, Version, prepare};
use vblank_tests::{Demo, workspace};

use native::Native;

/// Length of the picture's sides in pixels. The benchmark does not measure how fast pixels are filled.
const SIDE: u32 = 128;
const SIZE: Size = Size::new(SIDE, SIDE);
/// Bytes of the guest's texture.
const TEXTURE: u64 = 4 << 20;
/// Frames in which buffers grow, and which are not counted.
const FIRST: usize = 10;

/// Kinds of drawing in the guest; see `tests/guests/crowd.rs`.
#[derive(Clone, Copy)]
enum Kind {
    Quads = 0,
    Sprites = 1,
    Nothing = 2,
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Self::Quads => 32,
            Self::Sprites => 48,
            Self::Nothing => 0,
        }
    }
}

fn main() {
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let frames = if is_quick { 50 } else { 500 };
    let guests = Guests::build();
    let mut renderer =
        WgpuRenderer::headless(SIZE, Prefer::Auto).expect("there is an adapter that draws");
    println!(
        "{}; {frames} frames each; microseconds of the game's thread (its CPU time)\n",
        renderer.name()
    );
    println!("| | p50 | p99 | max | × memcpy |");
    println!("|---|---|---|---|---|");
    for (name, kind, count) in [
        ("100,000 quads of 32 bytes", Kind::Quads, 100_000),
        ("100,000 sprites of 48 bytes", Kind::Sprites, 100_000),
        ("1,000,000 sprites of 48 bytes", Kind::Sprites, 1_000_000),
    ] {
        let frames = if count > 100_000 { frames / 5 } else { frames };
        let measured = guests.frames(&mut renderer, kind, count, frames);
        let memcpy = measured.memcpy.p50();
        let row = |part: &str, times: &Times| {
            let ratio = times.p50() / memcpy;
            println!("| {name}: {part} | {} | {ratio:.2} |", times.columns());
        };
        row("memcpy", &measured.memcpy);
        row("the guest writes them", &measured.write);
        row("from its memory to the GPU's", &measured.replay);
        row("submit", &measured.submit);
        if let (Kind::Quads, 100_000) = (kind, count) {
            let native = natively(renderer.name(), count, frames);
            row("natively, written", &native.write);
            row("natively, `write_buffer`", &native.replay);
            row("natively, submit", &native.submit);
        }
    }
    println!("\nA swap of a game with a texture of 4 MiB:\n");
    guests.textures(&mut renderer);
    println!("\nTurns of a game that does nothing, by hundreds:\n");
    println!("| | p50 | p99 | max |\n|---|---|---|---|");
    let [without, with] = guests.overlay(if is_quick { 50 } else { 1000 });
    row("without an overlay", &without);
    row("with one that is shut", &with);
    println!(
        "\nThe shut overlay: {:+.2}% of a turn",
        (with.p50() / without.p50() - 1.0) * 100.0
    );
}

/// Returns the CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Records the CPU time that this work takes.
fn timed(times: &mut Times, work: impl FnOnce()) {
    let begun = cpu();
    work();
    times.add(cpu() - begun);
}

/// Times of the parts of many frames.
#[derive(Default)]
struct Measured {
    memcpy: Times,
    write: Times,
    replay: Times,
    submit: Times,
}

/// Two versions of `tests/guests/crowd.rs`.
struct Guests {
    assets: Assets,
    engine: Arc<Engine>,
    demo: Demo,
    versions: [Program; 2],
}

impl Guests {
    fn build() -> Self {
        let assets = Assets::default();
        let engine =
            game::engine(&assets, EngineOptions::default()).expect("an engine can be made");
        let demo = Demo::copy("hello");
        let source = workspace().join("tests/guests/crowd.rs");
        std::fs::copy(source, demo.source()).expect("the copy can be written");
        let build = |name: &str| {
            demo.build();
            let code = Code::read(&demo.keep_wasm(name)).expect("it is a guest");
            let candidate = prepare(&engine, &code, &ExpectedState::default()).expect("it is good");
            candidate.version.program
        };
        let first = build("first.wasm");
        demo.replace("VERSION: u64 = 1", "VERSION: u64 = 2");
        let versions = [first, build("next.wasm")];
        Self {
            assets,
            engine: Arc::new(engine),
            demo,
            versions,
        }
    }

    /// Measures frames of a game that draws `count` things of one kind.
    fn frames(
        &self,
        renderer: &mut WgpuRenderer,
        kind: Kind,
        count: u32,
        frames: usize,
    ) -> Measured {
        renderer.use_assets(self.assets.clone());
        let mut game =
            Instance::new(&self.engine, &self.versions[0]).expect("it can be instantiated");
        let setup = Setup {
            seed: seed(kind, count),
            size: SIZE,
            hz: 60.0,
        };
        game.init(setup).expect("it starts");
        let mut measured = Measured::default();
        let bytes = count as usize * kind.bytes();
        let mut memory = Memory::new(bytes);
        for frame in 0..FIRST + frames {
            if frame == FIRST {
                measured = Measured::default();
            }
            memory.copy(&mut measured.memcpy);
            timed(&mut measured.write, || {
                game.draw(SIZE, 0.0).expect("it draws");
            });
            timed(&mut measured.replay, || game.send_picture(renderer.begin()));
            timed(&mut measured.submit, || renderer.submit().expect("it can"));
            // The check waits for the GPU, so that submitting does not have to.
            let picture = renderer.capture().expect("there is a picture");
            check(count, &picture.pixels);
            let stats = renderer.stats();
            assert_eq!(stats.quads + stats.sprites, u64::from(count));
            assert_eq!(stats.bytes, bytes as u64);
        }
        measured
    }

    /// Checks the bytes that a swap uploads.
    fn textures(&self, renderer: &mut WgpuRenderer) {
        let setup = Setup {
            seed: seed(Kind::Sprites, 1000),
            size: SIZE,
            hz: 60.0,
        };
        renderer.use_assets(self.assets.clone());
        let mut game = Game::fresh(
            self.candidate(0),
            game::supervisor_options().expect("it starts"),
            |guest| guest.init(setup),
        )
        .expect("it starts");
        println!("| | uploaded | submit, µs |\n|---|---|---|");
        let mut frame = |game: &mut Game, name: &str| {
            let step = Step {
                number: game.frame(),
                dt: 1.0 / 60.0,
                ..Step::default()
            };
            game.update(&step).expect("it does not trap");
            game.instance().draw(SIZE, 0.0).expect("it draws");
            game.instance().send_picture(renderer.begin());
            let mut submit = Times::default();
            timed(&mut submit, || renderer.submit().expect("it can"));
            let bytes = renderer.stats().asset_bytes;
            println!("| {name} | {bytes} bytes | {:.0} |", submit.p50());
            bytes
        };
        assert_eq!(frame(&mut game, "the first frame"), TEXTURE);
        assert_eq!(frame(&mut game, "the next"), 0);
        let swap = game.swap(&self.engine, self.candidate(1), false);
        swap.expect("it goes well");
        assert_eq!(frame(&mut game, "the first after a swap"), 0);
        // These frames outlast the version that made the texture, and the texture survives it.
        for _ in 0..100 {
            let step = Step {
                number: game.frame(),
                dt: 1.0 / 60.0,
                ..Step::default()
            };
            game.update(&step).expect("it does not trap");
            game.keep_image(false).expect("it can be saved");
        }
        assert_eq!(frame(&mut game, "a hundred updates later"), 0);
    }

    fn candidate(&self, version: usize) -> Candidate {
        let program = self.versions[version].clone();
        Candidate::of(Version::new(&self.engine, program).expect("it starts"))
    }

    /// Measures turns without an overlay and with a closed one, alternately.
    fn overlay(&self, batches: usize) -> [Times; 2] {
        let source = Source::File(self.demo.beside("first.wasm"));
        let engine = Arc::clone(&self.engine);
        let pipeline = Pipeline::start(engine, source, PipelineOptions::default(), || ());
        let (_tell, outside) = channel();
        let parts = Parts {
            engine: Arc::clone(&self.engine),
            assets: self.assets.clone(),
            asset_loader: None,
            supervisor: game::supervisor_options().expect("it starts"),
            pipeline: Some(Box::new(pipeline.expect("it starts"))),
            renderer: Box::new(NullRenderer::new(SIZE)),
            speaker: None,
            clock: Box::new(FreeClock::default()),
            outside,
            observers: Vec::new(),
            script: Default::default(),
        };
        let options = SessionOptions {
            seed: seed(Kind::Nothing, 0),
            size: SIZE,
            ..SessionOptions::default()
        };
        let mut session = Session::new(parts, options);
        while session.frames() == 0 {
            let _ = session.turn();
            session.wait();
        }
        let overlay = Overlay::new(OverlayLog::default(), LogRing::default(), None);
        let mut times = [Times::default(), Times::default()];
        let frames = session.frames();
        for batch in 0..batches * 2 {
            let has_overlay = batch % 2 == 1;
            timed(&mut times[batch % 2], || {
                for _ in 0..100 {
                    // The window does this before each turn; see `app::overlay`.
                    assert!(!has_overlay || std::hint::black_box(&overlay).is_idle());
                    let _ = session.turn();
                    session.wait();
                }
            });
        }
        // This check proves that each turn made an update.
        assert_eq!(session.frames() - frames, batches as u64 * 200);
        times
    }
}

/// Measures a plain program that draws the same quads on the same adapter.
fn natively(renderer: &str, count: u32, frames: usize) -> Measured {
    let mut native = Native::new(renderer, count);
    let mut measured = Measured::default();
    for frame in 0..FIRST + frames {
        if frame == FIRST {
            measured = Measured::default();
        }
        timed(&mut measured.write, || native.draw(count));
        timed(&mut measured.replay, || native.write());
        timed(&mut measured.submit, || native.submit());
        native.wait();
    }
    check(count, &native.capture());
    measured
}

fn seed(kind: Kind, count: u32) -> u64 {
    u64::from(count) * 10 + kind as u64
}

/// Returns the position of a thing, in pixels.
fn pixel_of(index: u32) -> [u32; 2] {
    [index % SIDE, index / SIDE % SIDE]
}

/// Checks that the last of the things in a pixel is the visible one.
fn check(count: u32, pixels: &[u8]) {
    for index in [count - 1, count - SIDE * SIDE] {
        let [x, y] = pixel_of(index);
        let at = ((y * SIDE + x) * 4) as usize;
        let [.., red, green, blue] = index.to_be_bytes();
        assert_eq!(pixels[at..at + 4], [red, green, blue, 255], "of {index}");
    }
}

/// Two pieces of memory, of which one is copied into the other.
struct Memory {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Memory {
    fn new(bytes: usize) -> Self {
        Self {
            from: vec![1; bytes],
            to: vec![0; bytes],
        }
    }

    /// Copies once to warm the memory up, and once for the measurement.
    fn copy(&mut self, times: &mut Times) {
        let mut copy = || {
            self.to.copy_from_slice(std::hint::black_box(&self.from));
            std::hint::black_box(&mut self.to);
        };
        copy();
        timed(times, copy);
    }
}
