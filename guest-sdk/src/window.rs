//! The window: its title, and the size of the picture in it.

use crate::bindings::vblank::guest::window as host;
use crate::input::Size;

pub use host::Fit;

/// Set the window's title. Headless, it is shown on the progress line.
///
/// Costs one call into the host, under a microsecond, when the title changes. Does nothing under
/// `cargo test`, where there is no host.
pub fn set_title(title: &str) {
    if cfg!(target_arch = "wasm32") {
        host::set_title(title);
    }
}

/// From the next frame on, give pictures this size in pixels, whatever the window's, and have them lie in
/// it as `fit` says. [`Fit::Resize`] gives them the window's size again, which they have by themselves.
///
/// Costs one call into the host; asking again for what is already so changes nothing. Does nothing under
/// `cargo test`, where there is no host.
///
/// ```
/// # use vblank_guest::prelude::*;
/// // In `Game::new`: a picture for pixel art, enlarged by whole multiples.
/// set_picture(320, 180, Fit::Integer);
/// ```
pub fn set_picture(width: u32, height: u32, fit: Fit) {
    if cfg!(target_arch = "wasm32") {
        host::set_picture(Size { width, height }, fit);
    }
}
