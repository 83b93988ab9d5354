//! `window`: the title.

use super::Context;
use crate::guest::bindings::vblank::guest::window::Host;

impl Host for Context {
    fn set_title(&mut self, title: String) -> wasmtime::Result<()> {
        self.title = Some(title);
        Ok(())
    }
}
