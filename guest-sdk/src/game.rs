//! A game, and what stands between its methods and the component's exports.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::thread::LocalKey;

use vblank_state::{Reader, Segment, Segments, State, Writer};

use crate::bindings::exports::vblank::guest::{lifecycle, state};
use crate::bindings::vblank::guest::lend;
use crate::{Canvas, Frame, logger};

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
            ::std::thread_local! {
                static RUNTIME: $crate::Runtime<$game> = const { $crate::Runtime::new() };
            }
            impl $crate::Root for $game {
                fn runtime() -> &'static ::std::thread::LocalKey<$crate::Runtime<Self>> {
                    &RUNTIME
                }
            }
            #[cfg(target_arch = "wasm32")]
            #[used]
            #[unsafe(link_section = "vblank:abi")]
            static ABI: [u8; $crate::ABI.len()] = {
                let mut bytes = [0; $crate::ABI.len()];
                bytes.copy_from_slice($crate::ABI.as_bytes());
                bytes
            };
            $crate::state::root_section!($game);
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

/// A game that [`game!`] has given a place to live in.
#[doc(hidden)]
pub trait Root: Game {
    fn runtime() -> &'static LocalKey<Runtime<Self>>;
}

/// The place: the game and the buffers that are lent to the host.
#[doc(hidden)]
pub struct Runtime<G> {
    game: RefCell<Option<G>>,
    canvas: RefCell<Canvas>,
    /// What was lent at the last save and does not lie in the game: the tree, and pieces put together.
    lent: RefCell<(Vec<u8>, Vec<Vec<u64>>)>,
}

impl<G> Runtime<G> {
    #[expect(clippy::new_without_default, reason = "only `game!` makes one")]
    pub const fn new() -> Self {
        Self {
            game: RefCell::new(None),
            canvas: RefCell::new(Canvas::new()),
            lent: RefCell::new((Vec::new(), Vec::new())),
        }
    }
}

/// Lends a segment in the words of its width.
fn lend_segment(segment: &Segment<'_>) {
    if segment.owns_pages() {
        lend::own_pages();
    }
    match (segment.as_u16s(), segment.as_u32s(), segment.as_u64s()) {
        (Some(halves), ..) => lend::halves(halves),
        (_, Some(words), _) => lend::words(words),
        (.., Some(longs)) => lend::longs(longs),
        _ => lend::bytes(segment.bytes()),
    }
}

/// The component's exports for a game.
#[doc(hidden)]
pub struct Exports<G>(PhantomData<G>);

impl<G: Root> Exports<G> {
    fn with<T>(call: impl FnOnce(&mut G) -> T) -> T {
        G::runtime().with(|runtime| {
            let mut game = runtime.game.borrow_mut();
            call(game.as_mut().expect("the host calls init or migrate first"))
        })
    }
}

impl<G: Root> lifecycle::Guest for Exports<G> {
    fn init(setup: Setup) {
        logger::install();
        let game = G::new(&setup);
        G::runtime().with(|runtime| *runtime.game.borrow_mut() = Some(game));
    }

    fn update(frame: Frame) {
        Self::with(|game| game.update(&frame));
    }

    fn draw(view: lifecycle::View) {
        G::runtime().with(|runtime| {
            let mut canvas = runtime.canvas.borrow_mut();
            canvas.begin(view.size, view.alpha);
            Self::with(|game| game.draw(&mut canvas));
            canvas.submit();
        });
    }

    fn shutdown() {
        Self::with(G::shutdown);
    }
}

impl<G: Root> state::Guest for Exports<G> {
    fn schema() -> Vec<u8> {
        vblank_state::schema_bytes::<G>()
    }

    fn defaults() -> Vec<u8> {
        vblank_state::defaults::<G>()
    }

    fn save() {
        G::runtime().with(|runtime| {
            let game = runtime.game.borrow();
            let game = game.as_ref().expect("the host calls init or migrate first");
            let tree = std::mem::take(&mut runtime.lent.borrow_mut().0);
            let mut writer = Writer::new(tree);
            game.save(&mut writer);
            let saved = writer.finish();
            lend::tree(&saved.tree);
            saved.segments.iter().for_each(lend_segment);
            *runtime.lent.borrow_mut() = saved.into_buffers();
        });
    }

    fn prewarm(bytes: u64) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut room: Vec<u8> = Vec::new();
        if room.try_reserve_exact(bytes).is_ok() {
            // Written, not merely reserved: a page costs a fault at its first touch.
            room.resize(bytes, 1);
            std::hint::black_box(&room);
        }
    }

    fn migrate(state: state::Parcel, leftovers: Vec<u8>) -> Result<(), String> {
        logger::install();
        let segments = Segments {
            w8: state.bytes,
            w16: state.halves,
            w32: state.words,
            w64: state.longs,
        };
        let reader = Reader::with_leftovers(&state.tree, segments, &leftovers);
        let mut reader = reader.expect_later();
        let game = G::restore(&mut reader);
        let places = reader.places();
        let game = game.and_then(|game| reader.finish().map(|()| game));
        let game = game.map_err(|error| error.to_string())?;
        for place in places {
            // SAFETY: the memory belongs to a `PageVec` in `game`, which is alive. It is only lent: the
            // host takes address and length, and fills it before the game is used.
            let memory = unsafe { std::slice::from_raw_parts(place.memory, place.len) };
            lend::place(place.width, place.index, memory);
        }
        G::runtime().with(|runtime| *runtime.game.borrow_mut() = Some(game));
        Ok(())
    }

    fn resume(swapped: Swapped) {
        Self::with(|game| game.resumed(&swapped));
    }
}
