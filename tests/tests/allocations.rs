//! A frame allocates nothing in the host once it has run for a while: input, update, draw, and the
//! replay of what was drawn.
//!
//! A binary of its own, because a process has one allocator and this one counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use vblank_host::game::{self, GameCalls, Setup, Step};
use vblank_host::input::{Button, Input, InputEvent, Key, Size};
use vblank_host::overlay::{LogRing, Overlay, OverlayLog};
use vblank_host::render::assets::Assets;
use vblank_host::render::{NullRenderer, Renderer};
use vblank_runtime::guest::{Code, EngineOptions};
use vblank_runtime::supervisor::{ExpectedState, prepare};
use vblank_tests::{Counter, Guest};

/// The system's allocator, which counts.
struct Counting;

thread_local! {
    /// Allocations of this thread: the guest's clock and the compiler have their own.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count_one() {
    // While a thread ends there is nothing to count in any more.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came; counting touches a constant-initialised
// thread local without a destructor, and so neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` came from `System`, as all of this allocator's does.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        // SAFETY: `memory` came from `System`, and the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_frame_allocates_nothing() {
    frames_allocate_nothing("");
}

#[test]
fn a_frame_whose_lists_are_copied_allocates_nothing() {
    frames_allocate_nothing("(call $draw-copied)");
}

/// Checks that frames whose drawing begins with `first` allocate nothing.
fn frames_allocate_nothing(first: &str) {
    let drawn = "(call $clear (i32.const 0xff261b0b))
        (call $quads (i32.const 512) (i32.const 16))
        (call $quads (i32.const 512) (i32.const 8))
        (call $sprites (i32.const 7) (i32.const 512) (i32.const 12))
        (i32.store (i32.const 512) (i32.const 0x74786574))
        (call $text (i32.const 0) (f32.const 20) (i32.const -1) (i32.const 0)
          (i32.const 0) (f32.const 0) (f32.const 5) (f32.const 5)
          (i32.const 512) (i32.const 4))";
    let guest = Guest::of::<Counter>().before("draw", &format!("{first} {drawn}"));
    let engine =
        game::engine(&Assets::default(), EngineOptions::default()).expect("an engine can be made");
    let code = Code::from_bytes(guest.module()).expect("the fixture is a guest");
    let candidate = prepare(&engine, &code, &ExpectedState::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let mut game = candidate.version.instance;
    let size = Size::new(640, 360);
    game.init(Setup {
        seed: 1,
        size,
        hz: 60.0,
    })
    .expect("it starts");

    let mut renderer = NullRenderer::new(size);
    let mut input = Input::default();
    let mut step = Step {
        dt: 1.0 / 60.0,
        size,
        ..Step::default()
    };
    let mut frame = |number: u64| {
        let down = number.is_multiple_of(2);
        input.apply(InputEvent::Key {
            key: Key::Space,
            down,
        });
        input.apply(InputEvent::Button {
            button: Button::Primary,
            down,
        });
        input.apply(InputEvent::PointerMoved {
            x: number as f32,
            y: 1.0,
        });
        step.number = number;
        input.take(&mut step.input);
        game.update(&step).expect("update goes well");
        game.draw(size, 0.5).expect("draw goes well");
        game.send_picture(renderer.begin());
        renderer.submit().expect("there is nothing that could fail");
    };
    (0..100).for_each(&mut frame);
    let before = ALLOCATIONS.get();
    assert!(before > 0, "they are counted");
    (100..1100).for_each(&mut frame);
    let allocations = ALLOCATIONS.get() - before;
    assert_eq!(allocations, 0, "allocations in a thousand frames");
    let drawn = renderer.stats();
    assert_eq!((drawn.quads, drawn.sprites, drawn.glyphs), (3, 1, 4));
}

#[test]
fn an_overlay_that_is_shut_does_nothing() {
    let overlay = Overlay::new(OverlayLog::default(), LogRing::default(), None);
    let before = ALLOCATIONS.get();
    assert!(before > 0, "they are counted");
    assert!((0..1000).all(|_| overlay.is_idle()));
    assert_eq!(ALLOCATIONS.get(), before);
}
