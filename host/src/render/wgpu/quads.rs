//! The pipeline that draws quads.

use wgpu::{
    BlendState, ColorTargetState, ColorWrites, FragmentState, PipelineLayoutDescriptor,
    PrimitiveState, PrimitiveTopology, RenderPass, RenderPipeline, RenderPipelineDescriptor,
    VertexBufferLayout, VertexState, VertexStepMode, include_wgsl, vertex_attr_array,
};

use super::adapter::Gpu;
use super::view::VIEW_BYTES;
use crate::render::commands::Quad;

/// The pipeline.
#[derive(Debug)]
pub(super) struct Quads(RenderPipeline);

impl Quads {
    pub fn new(gpu: &Gpu) -> Self {
        let module = gpu.device.create_shader_module(include_wgsl!("quads.wgsl"));
        let layout = gpu
            .device
            .create_pipeline_layout(&PipelineLayoutDescriptor {
                label: Some("quads"),
                bind_group_layouts: &[],
                immediate_size: VIEW_BYTES,
            });
        let instances = VertexBufferLayout {
            array_stride: size_of::<Quad>() as u64,
            step_mode: VertexStepMode::Instance,
            attributes: &vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Float32x3, 3 => Unorm8x4],
        };
        let target = ColorTargetState {
            format: super::FORMAT,
            blend: Some(BlendState::ALPHA_BLENDING),
            write_mask: ColorWrites::ALL,
        };
        Self(
            gpu.device
                .create_render_pipeline(&RenderPipelineDescriptor {
                    label: Some("quads"),
                    layout: Some(&layout),
                    vertex: VertexState {
                        module: &module,
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
                        module: &module,
                        entry_point: Some("shade"),
                        compilation_options: Default::default(),
                        targets: &[Some(target)],
                    }),
                    multiview_mask: None,
                    cache: None,
                }),
        )
    }

    pub fn prepare(&self, pass: &mut RenderPass<'_>) {
        pass.set_pipeline(&self.0);
    }
}
