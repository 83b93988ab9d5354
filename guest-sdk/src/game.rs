//! A game, and what stands between its methods and the component's exports.

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

/// A game: its state, and what moves and shows it.
///
/// The value itself is the state. At a swap the host takes it out of the old code and puts it into
/// the new, field by field; what is not in it (statics, thread locals) does not cross.
pub trait Game: State + 'static {
    /// A fresh game. Called only where there is no state to take over.
    fn new(setup: &Setup) -> Self;

    /// One step of `frame.dt` seconds.
    fn update(&mut self, frame: &Frame);

    /// Show it. Runs as often as pictures are wanted, which may be less or more than updates.
    fn draw(&self, canvas: &mut Canvas);

    /// This code has just taken the state over from an earlier version.
    fn resumed(&mut self, _swapped: &Swapped) {}

    /// The game ends.
    fn shutdown(&mut self) {}
}

/// Make a type the component's game. Once in a crate.
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
            // The exports' names are no names for a native linker, which `cargo test` may ask for a
            // library; but there as well the game is used, and not dead code.
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
