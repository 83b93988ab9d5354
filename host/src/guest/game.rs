//! What a game is asked beside its state: to begin, to make a step, to show itself, to end.

use wasmtime::Store;
use wasmtime::component::Instance as Component;

use super::api::window::Wishes;
use super::api::{Context, draw};
use super::bindings::Game;
use super::bindings::exports::vblank::guest::lifecycle::{Setup, View};
use super::bindings::vblank::guest::input as wit;
use super::convert;
use super::step::Step;
use super::store::Instance;
use crate::error::Trap;
use crate::input::{Key, Size};
use crate::render::commands::Sink;

/// The exports of a game, and buffers.
pub(super) struct Face {
    game: Game,
    lists: Lists,
}

impl Face {
    pub(super) fn new(store: &mut Store<Context>, instance: &Component) -> wasmtime::Result<Self> {
        Ok(Self {
            game: Game::new(store, instance)?,
            lists: Lists::default(),
        })
    }
}

impl Instance {
    /// Begin a fresh game.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn init(&mut self, seed: u64, size: Size, hz: f32) -> Result<(), Trap> {
        let size = convert::size(size);
        self.call("init", |face: &mut Face, store| {
            let lifecycle = face.game.vblank_guest_lifecycle();
            lifecycle.call_init(store, Setup { seed, size, hz })
        })
    }

    /// One step of the simulation.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn update(&mut self, step: &Step) -> Result<(), Trap> {
        self.call("update", |Face { game, lists }, store| {
            let frame = lists.frame(step);
            game.vblank_guest_lifecycle().call_update(store, frame)
        })
    }

    /// Have the guest record what it shows. [`Instance::replay`] hands it on.
    ///
    /// # Errors
    /// When the guest traps; then there is nothing to replay.
    pub fn draw(&mut self, size: Size, alpha: f32) -> Result<(), Trap> {
        self.store.data_mut().commands.begin();
        let size = convert::size(size);
        let done = self.call("draw", |face: &mut Face, store| {
            let lifecycle = face.game.vblank_guest_lifecycle();
            lifecycle.call_draw(store, View { size, alpha })
        });
        self.store.data_mut().commands.end();
        done
    }

    /// Give the recorded picture to a sink, quads straight from the guest's memory. Valid until the
    /// guest is next called.
    pub fn replay(&self, sink: &mut dyn Sink) {
        draw::replay(&self.store, sink);
    }

    /// Tell the guest that the game ends.
    ///
    /// # Errors
    /// When the guest traps.
    pub fn shutdown(&mut self) -> Result<(), Trap> {
        self.call("shutdown", |face: &mut Face, store| {
            face.game.vblank_guest_lifecycle().call_shutdown(store)
        })
    }

    /// What the guest wants of the window and the speaker since this was last asked.
    pub fn take_wishes(&mut self) -> Wishes {
        std::mem::take(&mut self.store.data_mut().wishes)
    }
}

/// Buffers for a step's lists in the bindings' own types.
#[derive(Default)]
struct Lists {
    held: Vec<wit::Key>,
    pressed: Vec<wit::Key>,
    released: Vec<wit::Key>,
    touches: Vec<wit::Touch>,
    gamepads: Vec<wit::Gamepad>,
}

impl Lists {
    /// The step in the contract's words.
    fn frame<'a>(&'a mut self, step: &'a Step) -> wit::Frame<'a> {
        let input = &step.input;
        let key = |key: &Key| convert::key(*key);
        refill(&mut self.held, &input.held, key);
        refill(&mut self.pressed, &input.pressed, key);
        refill(&mut self.released, &input.released, key);
        refill(&mut self.touches, &input.touches, convert::touch);
        refill(&mut self.gamepads, &input.gamepads, convert::gamepad);
        let pointer = &input.pointer;
        wit::Frame {
            number: step.number,
            dt: step.dt,
            seed: step.seed,
            size: convert::size(step.size),
            scale: step.scale,
            held: &self.held,
            pressed: &self.pressed,
            released: &self.released,
            text: &input.text,
            pointer: wit::Pointer {
                x: pointer.x,
                y: pointer.y,
                inside: pointer.inside,
                held: convert::buttons(pointer.held),
                pressed: convert::buttons(pointer.pressed),
                released: convert::buttons(pointer.released),
                wheel_x: pointer.wheel_x,
                wheel_y: pointer.wheel_y,
            },
            touches: &self.touches,
            gamepads: &self.gamepads,
        }
    }
}

/// Fills a buffer that is used again.
fn refill<T, U>(list: &mut Vec<U>, from: &[T], convert: impl Fn(&T) -> U) {
    list.clear();
    list.extend(from.iter().map(convert));
}
