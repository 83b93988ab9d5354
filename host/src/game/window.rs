//! The interface `window`: imports for the title and the size of the picture. This module knows no real
//! window.

use vblank_input::Size;
use vblank_render::Fit;
use vblank_runtime::guest::wasmtime;

use super::bindings::vblank::guest::input as wit;
use super::bindings::vblank::guest::window::{Fit as WitFit, Host};
use super::context::GameContext;

/// Bytes of a title that are shown.
const LONGEST_TITLE: usize = 1024;

impl Host for GameContext {
    fn set_title(&mut self, mut title: String) -> wasmtime::Result<()> {
        if title.len() > LONGEST_TITLE {
            title.truncate(title.floor_char_boundary(LONGEST_TITLE));
            title.shrink_to_fit();
        }
        self.requests.title = Some(title);
        Ok(())
    }

    fn set_picture(&mut self, size: wit::Size, fit: WitFit) -> wasmtime::Result<()> {
        let fit = match fit {
            WitFit::Resize => Fit::Resize,
            WitFit::Stretch => Fit::Stretch,
            WitFit::Letterbox => Fit::Letterbox,
            WitFit::Integer => Fit::Integer,
        };
        self.requests.picture = Some((Size::new(size.width, size.height), fit));
        Ok(())
    }
}
