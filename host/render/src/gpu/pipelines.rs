//! The pipelines: one for each shape, shader and blend mode, created when it is first used. Knows no guest.

use std::collections::BTreeMap;

use wgpu::{
    BindGroupLayout, BlendComponent, BlendFactor, BlendOperation, BlendState, ColorTargetState,
    ColorWrites, CompareFunction, DepthStencilState, FragmentState, PipelineCompilationOptions,
    PipelineLayoutDescriptor, PrimitiveState, PrimitiveTopology, RenderPipeline,
    RenderPipelineDescriptor, ShaderModule, ShaderModuleDescriptor, ShaderSource, TextureFormat,
    VertexAttribute, VertexBufferLayout, VertexState, VertexStepMode, vertex_attr_array,
};

use super::adapter::Gpu;
use super::bindings::Layouts;
use super::view::VIEW_BYTES;
use crate::assets::{self, Live, PRELUDE, Payload, Shader};
use crate::commands::{self, Blend, Quad, Sprite};

/// Format of the depth buffer.
pub(super) const DEPTH_FORMAT: TextureFormat = TextureFormat::Depth32Float;

/// The shape that a pipeline draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    Quads,
    Sprites,
    Triangles,
    Meshes,
}

/// The key of a pipeline. Quads have no shader, so theirs is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub shape: Shape,
    pub shader: u32,
    pub blend: Blend,
}

/// All pipelines that were used so far.
#[derive(Debug, Default)]
pub(super) struct Pipelines {
    table: BTreeMap<Key, RenderPipeline>,
    /// Shaders with their revisions, by the handles of the assets.
    shaders: BTreeMap<u32, (u64, Shader)>,
}

impl Pipelines {
    /// Takes over changed shaders, and drops their pipelines.
    pub fn update(&mut self, live: &[Live]) {
        let mut shaders = BTreeMap::new();
        for asset in live {
            if let Payload::Shader(shader) = &asset.payload {
                shaders.insert(asset.handle, (asset.revision, shader.clone()));
            }
        }
        let before = std::mem::replace(&mut self.shaders, shaders);
        let revision = |shaders: &BTreeMap<u32, (u64, Shader)>, handle: u32| {
            shaders.get(&handle).map(|(revision, _)| *revision)
        };
        self.table.retain(|key, _| {
            key.shader == 0 || revision(&before, key.shader) == revision(&self.shaders, key.shader)
        });
    }

    /// Returns the key of a pipeline. A shader that is missing or still loading is replaced by the default
    /// look.
    pub fn key(&self, shape: Shape, shader: u32, blend: Blend) -> Key {
        let has_it = shape != Shape::Quads && self.shaders.contains_key(&shader);
        let shader = if has_it { shader } else { 0 };
        Key {
            shape,
            shader,
            blend,
        }
    }

    /// Creates a pipeline, unless it exists. The first one of a shader takes some milliseconds.
    pub fn prepare(&mut self, gpu: &Gpu, layouts: &Layouts, key: Key) {
        if !self.table.contains_key(&key) {
            let shader = self.shaders.get(&key.shader).map(|(_, shader)| shader);
            let pipeline = make(gpu, layouts, key, shader);
            self.table.insert(key, pipeline);
        }
    }

    /// Returns a pipeline that was prepared.
    pub fn get(&self, key: Key) -> Option<&RenderPipeline> {
        self.table.get(&key)
    }
}

/// Default look of sprites and triangles.
const PLAIN: &str = "fn fragment(in: Surface) -> vec4f { return texel(in.uv) * in.tint; }\n";
/// Default look of meshes: lit by the sky, and by a sun high in the south-east.
const LIT: &str = "
fn fragment(in: Surface) -> vec4f {
    let sky = 0.35 + 0.15 * in.normal.y;
    let sun = 0.6 * max(dot(in.normal, vec3f(0.4558423, 0.8204161, 0.3418817)), 0.0);
    let color = texel(in.uv) * in.tint;
    return vec4f(color.rgb * (sky + sun), color.a);
}
";

/// Last step of the colours of all pipelines.
const BLENDED: &str = include_str!("blended.wgsl");

fn module(gpu: &Gpu, shape: Shape, shader: Option<&Shader>) -> ShaderModule {
    let tail = match shape {
        Shape::Quads => {
            let source = format!("{}{BLENDED}", include_str!("quads.wgsl"));
            return create(gpu, "quads", ShaderSource::Wgsl(source.into()));
        }
        Shape::Sprites => include_str!("sprites.wgsl"),
        Shape::Triangles => include_str!("triangles.wgsl"),
        Shape::Meshes => include_str!("meshes.wgsl"),
    };
    let usual = if shape == Shape::Meshes { LIT } else { PLAIN };
    let fragment = shader.map_or(usual, |shader| &shader.source);
    let source = format!("{PRELUDE}{fragment}\n{tail}{BLENDED}");
    create(gpu, "guest's shader", ShaderSource::Wgsl(source.into()))
}

fn create(gpu: &Gpu, label: &str, source: ShaderSource<'_>) -> ShaderModule {
    gpu.device.create_shader_module(ShaderModuleDescriptor {
        label: Some(label),
        source,
    })
}

fn make(gpu: &Gpu, layouts: &Layouts, key: Key, shader: Option<&Shader>) -> RenderPipeline {
    let module = module(gpu, key.shape, shader);
    let texture = Some(&layouts.texture);
    let all = [texture, Some(&layouts.params), texture, texture];
    let groups: &[Option<&BindGroupLayout>] = match (key.shape, shader) {
        (Shape::Quads, _) => &[],
        (_, None) => &all[..1],
        (_, Some(_)) => &all,
    };
    let layout = gpu
        .device
        .create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some("drawing"),
            bind_group_layouts: groups,
            immediate_size: VIEW_BYTES,
        });
    let (corner, shade) = match key.shape {
        Shape::Quads => ("corner", "shade"),
        _ => ("vblank_corner", "vblank_shade"),
    };
    let target = ColorTargetState {
        format: super::target::FORMAT,
        blend: blend(key.blend),
        write_mask: ColorWrites::ALL,
    };
    let multiplies = f64::from(u8::from(key.blend == Blend::Multiply));
    let is_strip = matches!(key.shape, Shape::Quads | Shape::Sprites);
    let is_mesh = key.shape == Shape::Meshes;
    gpu.device
        .create_render_pipeline(&RenderPipelineDescriptor {
            label: Some("drawing"),
            layout: Some(&layout),
            vertex: VertexState {
                module: &module,
                entry_point: Some(corner),
                compilation_options: Default::default(),
                buffers: buffers(key.shape),
            },
            primitive: PrimitiveState {
                topology: if is_strip {
                    PrimitiveTopology::TriangleStrip
                } else {
                    PrimitiveTopology::TriangleList
                },
                ..PrimitiveState::default()
            },
            depth_stencil: is_mesh.then(|| DepthStencilState {
                format: DEPTH_FORMAT,
                depth_write_enabled: Some(true),
                depth_compare: Some(CompareFunction::Less),
                stencil: Default::default(),
                bias: Default::default(),
            }),
            multisample: Default::default(),
            fragment: Some(FragmentState {
                module: &module,
                entry_point: Some(shade),
                compilation_options: PipelineCompilationOptions {
                    constants: &[("vblank_multiplies", multiplies)],
                    ..Default::default()
                },
                targets: &[Some(target)],
            }),
            multiview_mask: None,
            cache: None,
        })
}

fn buffers(shape: Shape) -> &'static [Option<VertexBufferLayout<'static>>] {
    const WORD: u64 = size_of::<u32>() as u64;
    const QUAD: [VertexAttribute; 4] =
        vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Float32x3, 3 => Unorm8x4];
    const SPRITE: [VertexAttribute; 6] = vertex_attr_array![
        0 => Float32x2, 1 => Float32x2, 2 => Float32x3, 3 => Uint16x4, 4 => Unorm8x4,
        5 => Float32x2
    ];
    const TRIANGLE: [VertexAttribute; 3] =
        vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4];
    const MESH: [VertexAttribute; 4] =
        vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Float32x2, 3 => Unorm8x4];
    const INSTANCE: [VertexAttribute; 4] =
        vertex_attr_array![4 => Float32x4, 5 => Float32x4, 6 => Float32x4, 7 => Unorm8x4];
    const fn layout(
        words: usize,
        step_mode: VertexStepMode,
        attributes: &'static [VertexAttribute],
    ) -> Option<VertexBufferLayout<'static>> {
        Some(VertexBufferLayout {
            array_stride: words as u64 * WORD,
            step_mode,
            attributes,
        })
    }
    use VertexStepMode::{Instance, Vertex};
    match shape {
        Shape::Quads => const { &[layout(Quad::WORDS, Instance, &QUAD)] },
        Shape::Sprites => const { &[layout(Sprite::WORDS, Instance, &SPRITE)] },
        Shape::Triangles => const { &[layout(commands::VERTEX_WORDS, Vertex, &TRIANGLE)] },
        Shape::Meshes => {
            const {
                &[
                    layout(assets::VERTEX_WORDS, Vertex, &MESH),
                    layout(commands::INSTANCE_WORDS, Instance, &INSTANCE),
                ]
            }
        }
    }
}

/// Returns the blending of a mode. Drawn colours have straight alpha; existing ones keep theirs as far as
/// they are not covered.
fn blend(blend: Blend) -> Option<BlendState> {
    let over = BlendState::ALPHA_BLENDING;
    let with = |src_factor, dst_factor| BlendState {
        color: BlendComponent {
            src_factor,
            dst_factor,
            operation: BlendOperation::Add,
        },
        ..over
    };
    match blend {
        Blend::Alpha => Some(over),
        Blend::Add => Some(with(BlendFactor::SrcAlpha, BlendFactor::One)),
        // The drawn colour is scaled in the shader, see blended.wgsl.
        Blend::Multiply => Some(with(BlendFactor::Dst, BlendFactor::OneMinusSrcAlpha)),
        Blend::Replace => None,
    }
}
