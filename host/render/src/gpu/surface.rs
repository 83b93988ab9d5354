//! Presentation of pictures in a window. Knows nothing of what a picture shows.

use wgpu::{
    Adapter, BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource,
    CommandEncoderDescriptor, CompositeAlphaMode, CurrentSurfaceTexture, FilterMode, FragmentState,
    LoadOp, Operations, PipelineCompilationOptions, PresentMode, RenderPassColorAttachment,
    RenderPassDescriptor, RenderPipeline, RenderPipelineDescriptor, Sampler, SamplerDescriptor,
    StoreOp, Surface, SurfaceColorSpace, SurfaceConfiguration, SurfaceTexture, TextureFormat,
    TextureUsages, TextureView, VertexState, include_wgsl,
};

use super::adapter::Gpu;
#[cfg(not(feature = "overlay"))]
use super::no_overlay::Overlay;
#[cfg(feature = "overlay")]
use super::overlay::Overlay;
use crate::{Placement, RenderError, Size};

/// A window's surface, and the pipeline that draws a picture to it.
#[derive(Debug)]
pub(super) struct Window {
    surface: Surface<'static>,
    configuration: SurfaceConfiguration,
    configured: bool,
    hidden: bool,
    blit: RenderPipeline,
    sampler: Sampler,
    /// The last picture, with its bind group.
    source: Option<(TextureView, BindGroup)>,
}

impl Window {
    pub fn new(
        surface: Surface<'static>,
        adapter: &Adapter,
        gpu: &Gpu,
        size: Size,
    ) -> Result<Self, RenderError> {
        let formats = surface.get_capabilities(adapter).formats;
        // Colours are shown as they are in the picture, so a format that encodes them is the second choice.
        let plain = [TextureFormat::Bgra8Unorm, TextureFormat::Rgba8Unorm];
        let format = plain
            .iter()
            .find(|format| formats.contains(format))
            .or(formats.first());
        let format =
            *format.ok_or_else(|| RenderError::Surface("it has no pixel format".to_owned()))?;
        let configuration = SurfaceConfiguration {
            usage: TextureUsages::RENDER_ATTACHMENT,
            format,
            color_space: SurfaceColorSpace::Auto,
            width: size.width,
            height: size.height,
            present_mode: PresentMode::AutoVsync,
            desired_maximum_frame_latency: 2,
            alpha_mode: CompositeAlphaMode::Auto,
            view_formats: Vec::new(),
        };
        let blit = blit(gpu, format);
        let hidden = size.is_empty();
        Ok(Self {
            surface,
            configuration,
            configured: false,
            hidden,
            blit,
            sampler: gpu.device.create_sampler(&SamplerDescriptor {
                label: Some("blit"),
                mag_filter: FilterMode::Linear,
                min_filter: FilterMode::Linear,
                ..SamplerDescriptor::default()
            }),
            source: None,
        })
    }

    /// Takes over the size of the window.
    pub fn resize(&mut self, size: Size) {
        self.hidden = size.is_empty();
        let same =
            (size.width, size.height) == (self.configuration.width, self.configuration.height);
        if !self.hidden && !same {
            (self.configuration.width, self.configuration.height) = (size.width, size.height);
            self.configured = false;
        }
    }

    /// Pixel format of the surface, for the overlay.
    #[cfg(feature = "overlay")]
    pub fn format(&self) -> TextureFormat {
        self.configuration.format
    }

    /// Shows a picture and the overlay, if the window is visible.
    pub fn present(
        &mut self,
        gpu: &Gpu,
        picture: &TextureView,
        placement: Placement,
        overlay: Option<&mut Overlay>,
    ) -> Result<(), RenderError> {
        if self.hidden {
            return Ok(());
        }
        if !self.configured {
            self.surface.configure(&gpu.device, &self.configuration);
            gpu.check()?;
            self.configured = true;
        }
        match self.surface.get_current_texture() {
            CurrentSurfaceTexture::Success(texture) => {
                self.show(gpu, picture, placement, overlay, texture);
            }
            CurrentSurfaceTexture::Suboptimal(texture) => {
                self.show(gpu, picture, placement, overlay, texture);
                self.configured = false;
            }
            CurrentSurfaceTexture::Outdated | CurrentSurfaceTexture::Lost => {
                self.configured = false
            }
            CurrentSurfaceTexture::Timeout
            | CurrentSurfaceTexture::Occluded
            | CurrentSurfaceTexture::Validation => {}
        }
        gpu.check()
    }

    fn show(
        &mut self,
        gpu: &Gpu,
        picture: &TextureView,
        placement: Placement,
        overlay: Option<&mut Overlay>,
        texture: SurfaceTexture,
    ) {
        if self
            .source
            .as_ref()
            .is_none_or(|(bound, _)| bound != picture)
        {
            let group = gpu.device.create_bind_group(&BindGroupDescriptor {
                label: Some("blit"),
                layout: &self.blit.get_bind_group_layout(0),
                entries: &[
                    BindGroupEntry {
                        binding: 0,
                        resource: BindingResource::TextureView(picture),
                    },
                    BindGroupEntry {
                        binding: 1,
                        resource: BindingResource::Sampler(&self.sampler),
                    },
                ],
            });
            self.source = Some((picture.clone(), group));
        }
        let view = texture.texture.create_view(&Default::default());
        let mut encoder = gpu
            .device
            .create_command_encoder(&CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_render_pass(&RenderPassDescriptor {
            label: Some("blit"),
            color_attachments: &[Some(RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: Operations {
                    load: LoadOp::Clear(wgpu::Color::BLACK),
                    store: StoreOp::Store,
                },
            })],
            ..RenderPassDescriptor::default()
        });
        pass.set_pipeline(&self.blit);
        pass.set_bind_group(0, self.source.as_ref().map(|(_, group)| group), &[]);
        let ([x, y], [width, height]) = (placement.corner, placement.size);
        // For a moment the window may have another size than its surface.
        let width = width.min(texture.texture.width() as f32 - x);
        let height = height.min(texture.texture.height() as f32 - y);
        if width > 0.0 && height > 0.0 {
            pass.set_viewport(x, y, width, height, 0.0, 1.0);
            pass.draw(0..3, 0..1);
        }
        drop(pass);
        if let Some(overlay) = overlay {
            let size = Size::new(texture.texture.width(), texture.texture.height());
            overlay.paint(gpu, &mut encoder, &view, size);
        }
        gpu.queue.submit([encoder.finish()]);
        gpu.queue.present(texture);
    }
}

fn blit(gpu: &Gpu, format: TextureFormat) -> RenderPipeline {
    let module = gpu.device.create_shader_module(include_wgsl!("blit.wgsl"));
    let encodes = if format.is_srgb() { 1.0 } else { 0.0 };
    gpu.device
        .create_render_pipeline(&RenderPipelineDescriptor {
            label: Some("blit"),
            layout: None,
            vertex: VertexState {
                module: &module,
                entry_point: Some("corner"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: Default::default(),
            depth_stencil: None,
            multisample: Default::default(),
            fragment: Some(FragmentState {
                module: &module,
                entry_point: Some("shade"),
                compilation_options: PipelineCompilationOptions {
                    constants: &[("encodes", encodes)],
                    ..Default::default()
                },
                targets: &[Some(format.into())],
            }),
            multiview_mask: None,
            cache: None,
        })
}
