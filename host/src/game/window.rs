//! The interface `window`: imports for the title and the size of the picture. This module knows no real
//! window.

use vblank_input::Size;
use vblank_render::Fit;
use vblank_runtime::guest::wasmtime;
use vblank_state::escape::{MOST_OF_NAME, escaped};

use super::bindings::vblank::guest::input as wit;
use super::bindings::vblank::guest::window::{Fit as WitFit, Host};
use super::context::GameContext;

impl Host for GameContext {
    fn set_title(&mut self, title: String) -> wasmtime::Result<()> {
        // The terminal shows the title too.
        self.requests.title = Some(escaped(&title, MOST_OF_NAME).to_string());
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
