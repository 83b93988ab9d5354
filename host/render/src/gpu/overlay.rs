//! The overlay: egui's triangles, painted onto the window after the picture. The picture itself never
//! contains them.

use egui_wgpu::{Renderer, RendererOptions, ScreenDescriptor};
use wgpu::{
    CommandEncoder, CommandEncoderDescriptor, LoadOp, Operations, RenderPassColorAttachment,
    RenderPassDescriptor, StoreOp, TextureFormat, TextureView,
};

use super::adapter::Gpu;
use super::capture;
use super::target::{FORMAT, Target};
use crate::{Layer, Picture, RenderError, Size};

/// The current layer, and its painter.
pub(super) struct Overlay {
    painter: Renderer,
    layer: Layer,
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").finish_non_exhaustive()
    }
}

impl Overlay {
    /// Creates an overlay for a surface of this format. Equal triangles give equal pixels on every machine.
    pub(super) fn new(gpu: &Gpu, format: TextureFormat) -> Self {
        Self {
            painter: Renderer::new(&gpu.device, format, RendererOptions::PREDICTABLE),
            layer: Layer::default(),
        }
    }

    /// Replaces the layer. Its textures are uploaded at once, even if they are not visible, since each
    /// comes only once.
    pub(super) fn take(&mut self, gpu: &Gpu, mut layer: Layer) {
        let (device, queue) = (&gpu.device, &gpu.queue);
        for (id, deltas) in layer.textures.set.drain() {
            for delta in deltas {
                self.painter.update_texture(device, queue, id, &delta);
            }
        }
        for id in layer.textures.free.drain() {
            self.painter.free_texture(&id);
        }
        self.layer = layer;
    }

    /// Paints the layer over a view.
    pub(super) fn paint(
        &mut self,
        gpu: &Gpu,
        encoder: &mut CommandEncoder,
        view: &TextureView,
        size: Size,
    ) {
        if self.layer.primitives.is_empty() {
            return;
        }
        let screen = ScreenDescriptor {
            size_in_pixels: [size.width, size.height],
            pixels_per_point: self.layer.pixels_per_point,
        };
        let (device, queue) = (&gpu.device, &gpu.queue);
        // No layer here has callbacks, so there are no extra commands.
        let _ =
            self.painter
                .update_buffers(device, queue, encoder, &self.layer.primitives, &screen);
        let pass = encoder.begin_render_pass(&RenderPassDescriptor {
            label: Some("overlay"),
            color_attachments: &[Some(RenderPassColorAttachment {
                view,
                depth_slice: None,
                resolve_target: None,
                ops: Operations {
                    load: LoadOp::Load,
                    store: StoreOp::Store,
                },
            })],
            ..RenderPassDescriptor::default()
        });
        let mut pass = pass.forget_lifetime();
        self.painter
            .render(&mut pass, &self.layer.primitives, &screen);
    }

    /// Returns a picture with the layer, as a window of the picture's size would show it. Waits for the
    /// GPU.
    pub(super) fn capture(&mut self, gpu: &Gpu, picture: &Target) -> Result<Picture, RenderError> {
        let size = picture.size();
        let both = Target::new(gpu, size);
        let mut encoder = gpu
            .device
            .create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.copy_texture_to_texture(
            picture.texture.as_image_copy(),
            both.texture.as_image_copy(),
            both.texture.size(),
        );
        self.paint(gpu, &mut encoder, &both.view, size);
        gpu.queue.submit([encoder.finish()]);
        gpu.check()?;
        capture::read(gpu, &both.texture)
    }
}

/// Format of the pictures that [`Overlay::capture`] returns.
pub(super) const CAPTURED: TextureFormat = FORMAT;
