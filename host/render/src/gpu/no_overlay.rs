//! A build without the feature `overlay`: nothing can be laid over the window.

use vblank_input::Size;
use wgpu::{CommandEncoder, TextureView};

use super::adapter::Gpu;

/// A layer that cannot be made.
#[derive(Debug)]
pub(super) enum Overlay {}

impl Overlay {
    /// Never called: there is no value to call it on.
    pub(super) fn paint(&mut self, _: &Gpu, _: &mut CommandEncoder, _: &TextureView, _: Size) {
        match *self {}
    }
}
