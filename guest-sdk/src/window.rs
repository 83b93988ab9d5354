//! The window: its title, and the size of the picture in it.

use crate::bindings::vblank::guest::window as host;
use crate::input::Size;

pub use host::Fit;

/// Sets the window's title. A headless host shows it on the progress line.
///
/// Costs one call into the host, under a microsecond, when the title changes. Does nothing under
/// `cargo test`, where there is no host.
pub fn set_title(title: &str) {
    if cfg!(target_arch = "wasm32") {
        host::set_title(title);
    }
}

/// Sets the size of pictures in pixels, independent of the window, from the next frame on.
///
/// `fit` says how a picture fills the window. [`Fit::Resize`] restores the default, where pictures
/// have the window's size.
///
/// Costs one call into the host. Setting the current size again changes nothing. Does nothing under
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
