//! `Game`, and the component's exports that call it.

use std::cell::RefCell;
use std::marker::PhantomData;

use vblank_state::{Segments, State};

use crate::bindings::exports::vblank::guest::{lifecycle, state};
use crate::canvas::Canvas;
use crate::input::Frame;
use crate::logger;
use crate::root::{self, Root};

pub use lifecycle::Setup;
pub use state::Swapped;

/// A game: its state, and the code that updates and draws it.
///
/// The value itself is the state. At a swap the host moves it from the old code to the new, field
/// by field. Anything outside of it (statics, thread locals) does not cross.
pub trait Game: State + 'static {
    /// Makes a fresh game. Called only when there is no state to take over.
    fn new(setup: &Setup) -> Self;

    /// Advances the game by `frame.dt` seconds.
    fn update(&mut self, frame: &Frame);

    /// Draws the game. Called once a picture, which may be more or less often than updates.
    fn draw(&self, canvas: &mut Canvas);

    /// Called when this code has taken the state over from an earlier version.
    fn resumed(&mut self, _swapped: &Swapped) {}

    /// Called when the game ends.
    fn shutdown(&mut self) {}
}

/// Makes a type the component's game. Use it once in a crate.
#[macro_export]
macro_rules! game {
    ($game:ty) => {
        const _: () = {
            $crate::__root!($game);
            impl $crate::Root for $game {
                fn runtime() -> &'static ::std::thread::LocalKey<$crate::Runtime<Self>> {
                    &RUNTIME
                }
                fn begin() -> Self {
                    panic!("the host calls init or migrate first")
                }
            }
            // A native linker rejects the exports' names, and `cargo test` may link a library. The
            // native branch only uses the game, so that it is not dead code.
            #[cfg(target_arch = "wasm32")]
            const _: () = {
                type VblankExports = $crate::Exports<$game>;
                $crate::bindings::export_game!(VblankExports);
            };
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn(&$crate::Setup) -> $game = <$game as $crate::Game>::new;
        };
    };
}

thread_local! {
    static CANVAS: RefCell<Canvas> = const { RefCell::new(Canvas::new()) };
}

/// The component's exports for a game.
#[doc(hidden)]
pub struct Exports<G>(PhantomData<G>);

impl<G: Root + Game> lifecycle::Guest for Exports<G> {
    fn init(setup: Setup) {
        logger::install();
        root::put(G::new(&setup));
    }

    fn update(frame: Frame) {
        root::with(|game: &mut G| game.update(&frame));
    }

    fn draw(view: lifecycle::View) {
        CANVAS.with_borrow_mut(|canvas| {
            canvas.begin(view.size, view.alpha);
            root::with(|game: &mut G| game.draw(canvas));
            canvas.submit();
        });
    }

    fn shutdown() {
        root::with(G::shutdown);
    }
}

impl<G: Root + Game> state::Guest for Exports<G> {
    fn schema() -> Vec<u8> {
        vblank_state::schema_bytes::<G>()
    }

    fn defaults() -> Vec<u8> {
        vblank_state::defaults::<G>()
    }

    fn save() {
        root::save::<G>();
    }

    fn prewarm(bytes: u64) {
        root::prewarm(bytes);
    }

    fn migrate(state: state::Parcel, leftovers: Vec<u8>) -> Result<(), String> {
        let segments = Segments {
            w8: state.bytes,
            w16: state.halves,
            w32: state.words,
            w64: state.longs,
        };
        root::migrate::<G>(&state.tree, segments, &leftovers)
    }

    fn resume(swapped: Swapped) {
        root::with(|game: &mut G| game.resumed(&swapped));
    }
}
