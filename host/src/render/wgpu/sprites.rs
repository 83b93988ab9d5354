//! The pipeline that draws sprites, and how textures are bound to it.

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingResource, BindingType, BlendState, ColorTargetState, ColorWrites,
    FilterMode, FragmentState, PipelineLayoutDescriptor, PrimitiveState, PrimitiveTopology,
    RenderPass, RenderPipeline, RenderPipelineDescriptor, Sampler, SamplerBindingType,
    SamplerDescriptor, ShaderStages, TextureSampleType, TextureView, TextureViewDimension,
    VertexBufferLayout, VertexState, VertexStepMode, include_wgsl, vertex_attr_array,
};

use super::adapter::Gpu;
use super::view::VIEW_BYTES;
use crate::render::assets::Filter;
use crate::render::commands::Sprite;

/// The pipeline, and what each texture is bound with.
#[derive(Debug)]
pub(super) struct Sprites {
    pipeline: RenderPipeline,
    layout: BindGroupLayout,
    linear: Sampler,
    nearest: Sampler,
}

impl Sprites {
    pub fn new(gpu: &Gpu) -> Self {
        let module = gpu
            .device
            .create_shader_module(include_wgsl!("sprites.wgsl"));
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
        let layout = gpu
            .device
            .create_bind_group_layout(&BindGroupLayoutDescriptor {
                label: Some("sprites"),
                entries: &[
                    entry(0, ShaderStages::VERTEX_FRAGMENT, image),
                    entry(1, ShaderStages::FRAGMENT, look),
                ],
            });
        let sampler = |filter| {
            gpu.device.create_sampler(&SamplerDescriptor {
                label: Some("sprites"),
                mag_filter: filter,
                min_filter: filter,
                ..SamplerDescriptor::default()
            })
        };
        Self {
            pipeline: pipeline(gpu, &module, &layout),
            layout,
            linear: sampler(FilterMode::Linear),
            nearest: sampler(FilterMode::Nearest),
        }
    }

    pub fn prepare(&self, pass: &mut RenderPass<'_>) {
        pass.set_pipeline(&self.pipeline);
    }

    pub fn bind(&self, gpu: &Gpu, texture: &TextureView, filter: Filter) -> BindGroup {
        let sampler = match filter {
            Filter::Linear => &self.linear,
            Filter::Nearest => &self.nearest,
        };
        let entry = |binding, resource| BindGroupEntry { binding, resource };
        gpu.device.create_bind_group(&BindGroupDescriptor {
            label: Some("texture"),
            layout: &self.layout,
            entries: &[
                entry(0, BindingResource::TextureView(texture)),
                entry(1, BindingResource::Sampler(sampler)),
            ],
        })
    }
}

fn pipeline(gpu: &Gpu, module: &wgpu::ShaderModule, layout: &BindGroupLayout) -> RenderPipeline {
    let layout = gpu
        .device
        .create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some("sprites"),
            bind_group_layouts: &[Some(layout)],
            immediate_size: VIEW_BYTES,
        });
    let instances = VertexBufferLayout {
        array_stride: size_of::<Sprite>() as u64,
        step_mode: VertexStepMode::Instance,
        attributes: &vertex_attr_array![
            0 => Float32x2, 1 => Float32x2, 2 => Float32x3, 3 => Uint16x4, 4 => Unorm8x4,
            5 => Float32x2
        ],
    };
    let target = ColorTargetState {
        format: super::FORMAT,
        blend: Some(BlendState::ALPHA_BLENDING),
        write_mask: ColorWrites::ALL,
    };
    gpu.device
        .create_render_pipeline(&RenderPipelineDescriptor {
            label: Some("sprites"),
            layout: Some(&layout),
            vertex: VertexState {
                module,
                entry_point: Some("corner"),
                compilation_options: Default::default(),
                buffers: &[Some(instances)],
            },
            primitive: PrimitiveState {
                topology: PrimitiveTopology::TriangleStrip,
                ..PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: Default::default(),
            fragment: Some(FragmentState {
                module,
                entry_point: Some("shade"),
                compilation_options: Default::default(),
                targets: &[Some(target)],
            }),
            multiview_mask: None,
            cache: None,
        })
}
