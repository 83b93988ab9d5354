//! The bind group layouts of textures and shader parameters, which all pipelines share.

use wgpu::{
    AddressMode, BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout,
    BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingResource, BindingType, Buffer,
    BufferBinding, BufferBindingType, BufferDescriptor, BufferUsages, FilterMode, Sampler,
    SamplerBindingType, SamplerDescriptor, ShaderStages, TextureSampleType, TextureView,
    TextureViewDimension,
};

use super::adapter::Gpu;
use crate::assets::{Filter, MAX_PARAMS};

/// The layouts, and the samplers of textures.
#[derive(Debug)]
pub(super) struct Layouts {
    pub texture: BindGroupLayout,
    pub params: BindGroupLayout,
    linear: Sampler,
    nearest: Sampler,
}

impl Layouts {
    pub fn new(gpu: &Gpu) -> Self {
        let entry = |binding, visibility, ty| BindGroupLayoutEntry {
            binding,
            visibility,
            ty,
            count: None,
        };
        let image = BindingType::Texture {
            sample_type: TextureSampleType::Float { filterable: true },
            view_dimension: TextureViewDimension::D2,
            multisampled: false,
        };
        let look = BindingType::Sampler(SamplerBindingType::Filtering);
        let params = BindingType::Buffer {
            ty: BufferBindingType::Uniform,
            has_dynamic_offset: true,
            min_binding_size: None,
        };
        let layout = |label, entries: &[BindGroupLayoutEntry]| {
            let descriptor = BindGroupLayoutDescriptor {
                label: Some(label),
                entries,
            };
            gpu.device.create_bind_group_layout(&descriptor)
        };
        let sampler = |filter| {
            gpu.device.create_sampler(&SamplerDescriptor {
                label: Some("texture"),
                // Sprites never sample outside of their part of a texture.
                address_mode_u: AddressMode::Repeat,
                address_mode_v: AddressMode::Repeat,
                mag_filter: filter,
                min_filter: filter,
                ..SamplerDescriptor::default()
            })
        };
        Self {
            texture: layout(
                "texture",
                &[
                    entry(0, ShaderStages::VERTEX_FRAGMENT, image),
                    entry(1, ShaderStages::FRAGMENT, look),
                ],
            ),
            params: layout("params", &[entry(0, ShaderStages::FRAGMENT, params)]),
            linear: sampler(FilterMode::Linear),
            nearest: sampler(FilterMode::Nearest),
        }
    }

    pub fn bind(&self, gpu: &Gpu, texture: &TextureView, filter: Filter) -> BindGroup {
        let sampler = match filter {
            Filter::Linear => &self.linear,
            Filter::Nearest => &self.nearest,
        };
        let entry = |binding, resource| BindGroupEntry { binding, resource };
        gpu.device.create_bind_group(&BindGroupDescriptor {
            label: Some("texture"),
            layout: &self.texture,
            entries: &[
                entry(0, BindingResource::TextureView(texture)),
                entry(1, BindingResource::Sampler(sampler)),
            ],
        })
    }
}

/// The shader parameters of one picture, each block at a multiple of [`MAX_PARAMS`].
#[derive(Debug)]
pub(super) struct Params {
    buffer: Buffer,
    pub group: BindGroup,
}

impl Params {
    pub fn new(gpu: &Gpu, layouts: &Layouts, bytes: usize) -> Self {
        let size = bytes.max(MAX_PARAMS).next_power_of_two() as u64;
        let buffer = gpu.device.create_buffer(&BufferDescriptor {
            label: Some("params"),
            size,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let group = gpu.device.create_bind_group(&BindGroupDescriptor {
            label: Some("params"),
            layout: &layouts.params,
            entries: &[BindGroupEntry {
                binding: 0,
                resource: BindingResource::Buffer(BufferBinding {
                    buffer: &buffer,
                    offset: 0,
                    size: std::num::NonZero::new(MAX_PARAMS as u64),
                }),
            }],
        });
        Self { buffer, group }
    }

    /// Uploads the parameters before the next submission.
    pub fn write(&mut self, gpu: &Gpu, layouts: &Layouts, bytes: &[u8]) {
        if self.buffer.size() < bytes.len() as u64 {
            *self = Self::new(gpu, layouts, bytes.len());
        }
        if !bytes.is_empty() {
            gpu.queue.write_buffer(&self.buffer, 0, bytes);
        }
    }
}
