//! The renderer on wgpu. A picture is drawn into a texture of its own, with or without a window, and a
//! window shows that texture.
//!
//! Colours are blended as they are written, in sRGB, so the value of a pixel can be computed by hand.

mod adapter;
mod bindings;
mod capture;
mod glyphs;
mod meshes;
#[cfg(not(feature = "overlay"))]
mod no_overlay;
#[cfg(feature = "overlay")]
mod overlay;
mod painter;
mod pipelines;
mod recording;
mod surface;
mod target;
#[cfg(test)]
mod tests;
mod textures;
mod upload;
mod view;

use wgpu::wgt::WgpuHasDisplayHandle;
use wgpu::{Backends, CommandEncoderDescriptor, Instance, InstanceDescriptor, SurfaceTarget};

#[cfg(feature = "overlay")]
use super::Layer;
use super::assets::Assets;
use super::commands::Sink;
use super::extent::Extent;
use super::{Fit, Kind, Picture, Placement, RenderError, Renderer, Size, Stats};

pub use adapter::Prefer;

use adapter::Gpu;
use glyphs::Glyphs;
#[cfg(not(feature = "overlay"))]
use no_overlay::Overlay;
#[cfg(feature = "overlay")]
use overlay::Overlay;
use painter::Painter;
use recording::{Recorder, Recording};
use surface::Window;
use target::Target;
use upload::Uploads;

/// Draws with Vulkan, Metal, Direct3D 12 or OpenGL.
#[derive(Debug)]
pub struct WgpuRenderer {
    recorder: Recorder,
    painter: Painter,
    window: Option<Window>,
    /// Created when something is first laid over the window.
    overlay: Option<Overlay>,
    /// The last picture.
    target: Option<Target>,
    extent: Extent,
    stats: Stats,
}

impl WgpuRenderer {
    /// Creates a renderer without a window.
    ///
    /// # Errors
    /// When there is no adapter of the preferred kind, or it supports no picture of this size.
    pub fn headless(size: Size, prefer: Prefer) -> Result<Self, RenderError> {
        // OpenGL needs a window system, or starts slowly without one.
        let instance = Instance::new(InstanceDescriptor {
            backends: Backends::PRIMARY,
            ..InstanceDescriptor::new_without_display_handle()
        });
        let (_, gpu) = Gpu::open(&instance, prefer, None)?;
        Self::new(gpu, None, size)
    }

    /// Creates a renderer that shows its pictures in a window. `display` is the connection to the window
    /// system.
    ///
    /// # Errors
    /// As for [`WgpuRenderer::headless`], and when the window cannot be drawn to.
    pub fn windowed(
        target: impl Into<SurfaceTarget<'static>>,
        display: impl WgpuHasDisplayHandle,
        size: Size,
        prefer: Prefer,
    ) -> Result<Self, RenderError> {
        let descriptor = InstanceDescriptor::new_with_display_handle(Box::new(display));
        let instance = Instance::new(descriptor.with_env());
        let surface = instance
            .create_surface(target)
            .map_err(|error| RenderError::Surface(error.to_string()))?;
        let (adapter, gpu) = Gpu::open(&instance, prefer, Some(&surface))?;
        let window = Window::new(surface, &adapter, &gpu, size)?;
        Self::new(gpu, Some(window), size)
    }

    fn new(gpu: Gpu, window: Option<Window>, size: Size) -> Result<Self, RenderError> {
        let size = Size::new(size.width.max(1), size.height.max(1));
        gpu.fits(size)?;
        let extent = Extent::new(size, gpu.max_side);
        let painter = Painter::new(&gpu);
        gpu.check()?;
        let recorder = Recorder {
            recording: Recording::new(size),
            uploads: Uploads::new(),
            glyphs: Glyphs::default(),
            assets: Assets::default(),
            gpu,
        };
        Ok(Self {
            recorder,
            painter,
            window,
            overlay: None,
            target: None,
            extent,
            stats: Stats::default(),
        })
    }
}

impl Renderer for WgpuRenderer {
    fn name(&self) -> &str {
        &self.recorder.gpu.name
    }

    fn kind(&self) -> Kind {
        self.recorder.gpu.kind
    }

    fn size(&self) -> Size {
        self.extent.picture()
    }

    fn resize(&mut self, size: Size) {
        let max = self.recorder.gpu.max_side;
        let size = Size::new(size.width.min(max), size.height.min(max));
        if let Some(window) = &mut self.window {
            window.resize(size);
        }
        self.extent = self.extent.resized(size);
    }

    fn fix_size(&mut self, fixed: Option<(Size, Fit)>) {
        self.extent.fix(fixed);
    }

    fn placement(&self) -> Placement {
        self.extent.placement()
    }

    fn use_assets(&mut self, assets: Assets) {
        self.painter.forget();
        self.recorder.glyphs.forget();
        self.recorder.assets = assets;
    }

    fn set_time(&mut self, seconds: f32) {
        self.painter.time = seconds;
    }

    fn begin(&mut self) -> &mut dyn Sink {
        self.recorder.restart(self.extent.picture());
        &mut self.recorder
    }

    fn submit(&mut self) -> Result<(), RenderError> {
        let Recorder {
            recording,
            uploads,
            glyphs,
            assets,
            gpu,
        } = &mut self.recorder;
        recording.check()?;
        gpu.check()?;
        let target = match &self.target {
            Some(target) if target.size() == recording.size => target.clone(),
            _ => Target::new(gpu, recording.size),
        };
        let mut encoder = gpu
            .device
            .create_command_encoder(&CommandEncoderDescriptor::default());
        let painter = &mut self.painter;
        let asset_bytes = painter.update(gpu, assets) + glyphs.bind(gpu, &painter.layouts);
        let bytes = uploads.flush(&mut encoder);
        painter.paint(gpu, &mut encoder, recording, uploads, glyphs, &target);
        let submission = gpu.queue.submit([encoder.finish()]);
        uploads.submitted(gpu, submission)?;
        gpu.check()?;
        self.target = Some(target);
        self.stats = Stats {
            bytes,
            asset_bytes,
            ..recording.stats
        };
        self.recorder.restart(self.extent.picture());
        Ok(())
    }

    fn present(&mut self) -> Result<(), RenderError> {
        match (&mut self.window, &self.target) {
            (Some(window), Some(target)) => {
                let overlay = self.overlay.as_mut();
                let placement = self.extent.placement();
                window.present(&self.recorder.gpu, &target.view, placement, overlay)
            }
            _ => Ok(()),
        }
    }

    #[cfg(feature = "overlay")]
    fn lay_over(&mut self, layer: Layer) {
        let gpu = &self.recorder.gpu;
        if self.overlay.is_none() && layer.primitives.is_empty() && layer.textures.is_empty() {
            return;
        }
        let format = self
            .window
            .as_ref()
            .map_or(overlay::CAPTURED, Window::format);
        let overlay = self
            .overlay
            .get_or_insert_with(|| Overlay::new(gpu, format));
        overlay.take(gpu, layer);
    }

    #[cfg(feature = "overlay")]
    fn capture_all(&mut self) -> Result<Picture, RenderError> {
        let target = self.target.as_ref().ok_or(RenderError::NoPicture)?;
        match &mut self.overlay {
            Some(overlay) if self.window.is_none() => overlay.capture(&self.recorder.gpu, target),
            _ => capture::read(&self.recorder.gpu, &target.texture),
        }
    }

    fn capture(&mut self) -> Result<Picture, RenderError> {
        let target = self.target.as_ref().ok_or(RenderError::NoPicture)?;
        capture::read(&self.recorder.gpu, &target.texture)
    }

    fn stats(&self) -> Stats {
        self.stats
    }
}
