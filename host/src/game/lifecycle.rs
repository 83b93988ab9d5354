//! The exports of a game apart from its state: start, update, draw, end. This module knows no swaps.

use vblank_input::Size;
use vblank_render::commands::Sink;
use vblank_runtime::error::Trap;
use vblank_runtime::guest::wasmtime;
use vblank_runtime::guest::{Exports, Instance, Store};
use vblank_runtime::supervisor::JournalEntry;

use super::bindings::Game;
use super::bindings::exports::vblank::guest::lifecycle::{Setup as WitSetup, View};
use super::context::GameContext;
use super::convert;
use super::frame_buffers::FrameBuffers;
use super::requests::GuestRequests;
use super::step::Step;

/// The arguments of a fresh game's `init`.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The run's seed.
    pub seed: u64,
    /// Size of the picture in pixels.
    pub size: Size,
    /// Updates a second.
    pub hz: f32,
}

/// The exports of a game, and buffers for their arguments.
pub(super) struct GameExports {
    game: Game,
    buffers: FrameBuffers,
}

impl GameExports {
    pub(super) fn bind(store: &mut Store, instance: &Exports) -> wasmtime::Result<Self> {
        Ok(Self {
            game: Game::new(store, instance)?,
            buffers: FrameBuffers::default(),
        })
    }
}

/// Calls of a game's exports. They require an instance of the world that [`world`](super::world)
/// returns.
pub trait GameCalls {
    /// Starts a fresh game.
    ///
    /// # Errors
    /// When the guest traps.
    fn init(&mut self, setup: Setup) -> Result<(), Trap>;

    /// Makes one step of the simulation.
    ///
    /// # Errors
    /// When the guest traps.
    fn update(&mut self, step: &Step) -> Result<(), Trap>;

    /// Makes the guest record a picture, which [`GameCalls::send_picture`] then sends.
    ///
    /// # Errors
    /// When the guest traps. There is no picture then.
    fn draw(&mut self, size: Size, alpha: f32) -> Result<(), Trap>;

    /// Sends the recorded picture to a sink. The quads are read from the guest's memory, so the picture
    /// is valid until the next call of the guest.
    fn send_picture(&self, sink: &mut dyn Sink);

    /// Tells the guest that the game ends.
    ///
    /// # Errors
    /// When the guest traps.
    fn shutdown(&mut self) -> Result<(), Trap>;

    /// Takes the guest's requests to the window and the speaker since the last call.
    fn take_requests(&mut self) -> GuestRequests;
}

impl GameCalls for Instance {
    fn init(&mut self, setup: Setup) -> Result<(), Trap> {
        let Setup { seed, size, hz } = setup;
        let size = convert::size(size);
        self.call("init", |exports: &mut GameExports, store| {
            let lifecycle = exports.game.vblank_guest_lifecycle();
            lifecycle.call_init(store, WitSetup { seed, size, hz })
        })
    }

    fn update(&mut self, step: &Step) -> Result<(), Trap> {
        self.call("update", |GameExports { game, buffers }, store| {
            let frame = buffers.frame(step);
            game.vblank_guest_lifecycle().call_update(store, frame)
        })
    }

    fn draw(&mut self, size: Size, alpha: f32) -> Result<(), Trap> {
        let (account, game) = self.context_mut().account_and_data_mut::<GameContext>();
        game.draw.begin(account);
        let size = convert::size(size);
        let done = self.call("draw", |exports: &mut GameExports, store| {
            let lifecycle = exports.game.vblank_guest_lifecycle();
            lifecycle.call_draw(store, View { size, alpha })
        });
        self.data_mut::<GameContext>().draw.end();
        done
    }

    fn send_picture(&self, sink: &mut dyn Sink) {
        let store = self.store();
        let context: &GameContext = store.data().data();
        context.draw.send(store, sink);
    }

    fn shutdown(&mut self) -> Result<(), Trap> {
        self.call("shutdown", |exports: &mut GameExports, store| {
            exports.game.vblank_guest_lifecycle().call_shutdown(store)
        })
    }

    fn take_requests(&mut self) -> GuestRequests {
        std::mem::take(&mut self.data_mut::<GameContext>().requests)
    }
}

impl JournalEntry for Step {
    fn apply(&self, instance: &mut Instance) -> Result<(), Trap> {
        instance.update(self)
    }
}
