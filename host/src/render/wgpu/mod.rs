//! The renderer on wgpu. Not here yet: it finds no adapter.

use ::wgpu::SurfaceTarget;
use ::wgpu::wgt::WgpuHasDisplayHandle;

use super::commands::Sink;
use super::{Kind, Picture, RenderError, Renderer, Size, Stats};

/// Which adapters will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// A graphics card, or else the CPU.
    Auto,
    /// A graphics card.
    Gpu,
    /// The CPU.
    Software,
}

/// Draws with wgpu.
#[derive(Debug)]
pub enum WgpuRenderer {}

impl WgpuRenderer {
    pub(super) fn headless(_: Size, _: Prefer) -> Result<Self, RenderError> {
        Err(RenderError::NoAdapter("graphics adapter"))
    }

    pub(super) fn windowed(
        _: impl Into<SurfaceTarget<'static>>,
        _: impl WgpuHasDisplayHandle,
        size: Size,
        prefer: Prefer,
    ) -> Result<Self, RenderError> {
        Self::headless(size, prefer)
    }
}

impl Renderer for WgpuRenderer {
    fn name(&self) -> &str {
        match *self {}
    }
    fn kind(&self) -> Kind {
        match *self {}
    }
    fn size(&self) -> Size {
        match *self {}
    }
    fn resize(&mut self, _: Size) {}
    fn begin(&mut self) -> &mut dyn Sink {
        match *self {}
    }
    fn submit(&mut self) -> Result<(), RenderError> {
        match *self {}
    }
    fn present(&mut self) -> Result<(), RenderError> {
        match *self {}
    }
    fn capture(&mut self) -> Result<Picture, RenderError> {
        match *self {}
    }
    fn stats(&self) -> Stats {
        match *self {}
    }
}
