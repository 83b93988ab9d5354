//! `window`: the title, and the size of the picture; and where all wishes of a guest are kept.

use super::Context;
use crate::guest::bindings::vblank::guest::input as wit;
use crate::guest::bindings::vblank::guest::window::{Fit as WitFit, Host};
use crate::input::Size;
use crate::render::commands::Fit;
use crate::sound::commands::Command;

/// What a guest wants of the window and of the speaker, until somebody asks.
#[derive(Default)]
pub struct Wishes {
    /// What it shall be called.
    pub title: Option<String>,
    /// How large pictures shall be.
    pub picture: Option<(Size, Fit)>,
    /// What shall be heard, in order.
    pub sounds: Vec<Command>,
}

impl Host for Context {
    fn set_title(&mut self, title: String) -> wasmtime::Result<()> {
        self.wishes.title = Some(title);
        Ok(())
    }

    fn set_picture(&mut self, size: wit::Size, fit: WitFit) -> wasmtime::Result<()> {
        let fit = match fit {
            WitFit::Resize => Fit::Resize,
            WitFit::Stretch => Fit::Stretch,
            WitFit::Letterbox => Fit::Letterbox,
            WitFit::Integer => Fit::Integer,
        };
        self.wishes.picture = Some((Size::new(size.width, size.height), fit));
        Ok(())
    }
}
