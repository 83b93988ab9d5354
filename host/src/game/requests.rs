//! Requests of a guest to the window and the speaker, collected until the session fetches them.
//! This module carries out none of them.

use vblank_input::Size;
use vblank_render::Fit;
use vblank_render::sound::commands::Command;

/// Requests of a guest to the window and the speaker since they were last fetched.
#[derive(Default)]
pub struct GuestRequests {
    /// The window's title.
    pub title: Option<String>,
    /// Size of the picture, and its fit into the window.
    pub picture: Option<(Size, Fit)>,
    /// Sounds, in order.
    pub sounds: Vec<Command>,
}
