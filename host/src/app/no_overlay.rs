//! A build without the feature `overlay`: the window's events are the game's.

use winit::event::WindowEvent;
use winit::window::Window;

use crate::session::Session;

/// Nothing to lay over the window.
#[derive(Default)]
pub struct Overlay;

/// Nothing in the window.
pub(super) struct Over;

impl Over {
    pub(super) fn new(_: Overlay) -> Self {
        Self
    }

    /// Leaves every event to the game.
    pub(super) fn hear(&mut self, _: &Window, _: &WindowEvent, _: &mut Session) -> bool {
        false
    }

    pub(super) fn turn(&mut self, _: &Window, _: &mut Session) {}
}
