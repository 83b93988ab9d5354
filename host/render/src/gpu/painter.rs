//! The painter: draws a recording with a render pass for each target, and for each operation the pipeline
//! of its kind and look. Knows no window.
//!
//! Only meshes use a depth buffer, so a run of them has a pass of its own over the same target.

use std::collections::BTreeMap;

use wgpu::{
    CommandEncoder, Extent3d, LoadOp, Operations, RenderPass, RenderPassColorAttachment,
    RenderPassDepthStencilAttachment, RenderPassDescriptor, StoreOp, TextureDescriptor,
    TextureDimension, TextureUsages, TextureView,
};

use super::adapter::Gpu;
use super::bindings::{Layouts, Params};
use super::glyphs::Glyphs;
use super::meshes::Meshes;
use super::pipelines::{DEPTH_FORMAT, Key, Pipelines, Shape};
use super::recording::{Op, Recording, TargetRun};
use super::target::Target;
use super::textures::Textures;
use super::upload::InstanceKind;
use super::upload::Uploads;
use super::view::View;
use crate::Size;
use crate::assets::Assets;
use crate::commands::Color;

/// All resources that pictures are drawn with.
#[derive(Debug)]
pub(super) struct Painter {
    pub layouts: Layouts,
    pipelines: Pipelines,
    textures: Textures,
    meshes: Meshes,
    params: Params,
    /// Depth buffers, by the size of the target.
    depths: BTreeMap<[u32; 2], TextureView>,
    /// Version of the registry at the last look.
    version: u64,
    /// Game time in seconds.
    pub time: f32,
}

/// Number of depth buffers that are kept.
const DEPTHS: usize = 8;

impl Painter {
    pub fn new(gpu: &Gpu) -> Self {
        let layouts = Layouts::new(gpu);
        let mut pipelines = Pipelines::default();
        for shape in [Shape::Quads, Shape::Sprites] {
            let key = pipelines.key(shape, 0, Default::default());
            pipelines.prepare(gpu, &layouts, key);
        }
        Self {
            textures: Textures::new(gpu, &layouts),
            params: Params::new(gpu, &layouts, 0),
            layouts,
            pipelines,
            meshes: Meshes::default(),
            depths: BTreeMap::new(),
            version: 0,
            time: 0.0,
        }
    }

    /// Forgets all assets, when the renderer gets other ones.
    pub fn forget(&mut self) {
        self.textures.forget();
        self.meshes.forget();
        self.pipelines.update(&[]);
        self.version = 0;
    }

    /// Takes over changed assets. Returns the number of uploaded bytes.
    pub fn update(&mut self, gpu: &Gpu, assets: &Assets) -> u64 {
        let Some(live) = assets.changed_since(&mut self.version) else {
            return 0;
        };
        self.pipelines.update(&live);
        self.textures.update(gpu, &self.layouts, &live) + self.meshes.update(gpu, &live)
    }

    /// Draws a recording whose instances are in `uploads`.
    pub fn paint(
        &mut self,
        gpu: &Gpu,
        encoder: &mut CommandEncoder,
        recording: &Recording,
        uploads: &Uploads,
        glyphs: &Glyphs,
        picture: &Target,
    ) {
        for op in &recording.ops {
            let key = self.key(op);
            self.pipelines.prepare(gpu, &self.layouts, key);
        }
        self.params.write(gpu, &self.layouts, &recording.params);
        let mut ops = recording.ops.as_slice();
        for (index, target) in recording.targets.iter().enumerate() {
            let count = ops.iter().take_while(|op| op.state.target == index).count();
            let (now, later) = ops.split_at(count);
            ops = later;
            let onto = match target.canvas {
                None => Some(picture.clone()),
                Some(canvas) => self.textures.canvas(canvas),
            };
            if let Some(onto) = onto {
                let scene = Scene {
                    recording,
                    uploads,
                    glyphs,
                    target: *target,
                    size: onto.size(),
                };
                self.paint_target(gpu, encoder, &scene, now, &onto.view);
            }
        }
    }

    /// Draws operations to one target, in as many passes as needed.
    fn paint_target(
        &mut self,
        gpu: &Gpu,
        encoder: &mut CommandEncoder,
        scene: &Scene<'_>,
        mut ops: &[Op],
        view: &TextureView,
    ) {
        let mut clear = scene.target.clear;
        let mut has_depth = false;
        while clear.is_some() || !ops.is_empty() {
            let is_deep = ops.first().is_some_and(is_mesh);
            let count = ops.iter().take_while(|op| is_mesh(op) == is_deep).count();
            let (now, later) = ops.split_at(count);
            ops = later;
            let depth = is_deep.then(|| self.depth(gpu, scene.size));
            let load = clear.take().map_or(LoadOp::Load, |color| {
                LoadOp::Clear(fill(color, scene.target.canvas.is_none()))
            });
            let load_depth = match has_depth {
                true => LoadOp::Load,
                false => LoadOp::Clear(1.0),
            };
            let pass = encoder.begin_render_pass(&RenderPassDescriptor {
                label: Some("target"),
                color_attachments: &[Some(RenderPassColorAttachment {
                    view,
                    depth_slice: None,
                    resolve_target: None,
                    ops: Operations {
                        load,
                        store: StoreOp::Store,
                    },
                })],
                depth_stencil_attachment: depth.as_ref().map(|view| {
                    RenderPassDepthStencilAttachment {
                        view,
                        depth_ops: Some(Operations {
                            load: load_depth,
                            store: StoreOp::Store,
                        }),
                        stencil_ops: None,
                    }
                }),
                ..RenderPassDescriptor::default()
            });
            has_depth |= is_deep;
            self.paint_pass(pass, scene, now);
        }
    }

    fn paint_pass(&self, mut pass: RenderPass<'_>, scene: &Scene<'_>, ops: &[Op]) {
        let Size { width, height } = scene.size;
        let mut last: Option<(&Op, Key, View)> = None;
        let mut indices = 0;
        for op in ops {
            if scene.target.canvas.is_some_and(|canvas| reads(op, canvas)) {
                // A canvas cannot be drawn onto itself.
                continue;
            }
            let key = self.key(op);
            let Some(pipeline) = self.pipelines.get(key) else {
                continue;
            };
            let is_new = last.is_none_or(|(_, last, _)| last != key);
            if is_new {
                pass.set_pipeline(pipeline);
            }
            self.bind(&mut pass, scene, op, key);
            let matrix = scene.recording.matrices[op.state.matrix];
            let view = View::new(scene.size, op.camera, matrix, self.time);
            // A pipeline with another layout may have dropped the immediates of the previous one.
            if is_new || last.is_none_or(|(_, _, last)| last != view) {
                pass.set_immediates(0, bytemuck::bytes_of(&view));
            }
            if last.is_none_or(|(last, _, _)| last.state.area != op.state.area) {
                let [x, y, width, height] = op.state.area.unwrap_or([0, 0, width, height]);
                pass.set_scissor_rect(x, y, width, height);
            }
            let instances = scene.uploads.of(op.what).instances(op.range.page);
            let items = op.range.items.clone();
            if let InstanceKind::Meshes { mesh, .. } = op.what {
                let is_another = |last: &Op| last.what != op.what;
                if is_new || last.is_none_or(|(last, _, _)| is_another(last)) {
                    indices = self.meshes.prepare(&mut pass, mesh);
                }
                pass.set_vertex_buffer(1, instances.slice(..));
                if indices > 0 {
                    pass.draw_indexed(0..indices, 0, items);
                }
            } else {
                let is_elsewhere = |last: &Op| {
                    last.range.page != op.range.page || shape(last.what) != shape(op.what)
                };
                if is_new || last.is_none_or(|(last, _, _)| is_elsewhere(last)) {
                    pass.set_vertex_buffer(0, instances.slice(..));
                }
                match op.what {
                    InstanceKind::Triangles(_) => pass.draw(items.start * 3..items.end * 3, 0..1),
                    _ => pass.draw(0..4, items),
                }
            }
            last = Some((op, key, view));
        }
    }

    fn bind(&self, pass: &mut RenderPass<'_>, scene: &Scene<'_>, op: &Op, key: Key) {
        match op.what {
            InstanceKind::Quads => return,
            InstanceKind::Sprites(texture) => {
                pass.set_bind_group(0, self.textures.group(texture), &[])
            }
            InstanceKind::Glyphs(page) => pass.set_bind_group(0, scene.glyphs.group(page), &[]),
            InstanceKind::Triangles(texture) | InstanceKind::Meshes { texture, .. } => {
                pass.set_bind_group(0, self.textures.group_or_white(texture), &[]);
            }
        }
        if key.shader != 0 {
            pass.set_bind_group(1, &self.params.group, &[op.state.params]);
            for (group, texture) in (2..).zip(op.state.look.textures) {
                let texture = (texture != 0).then_some(texture);
                pass.set_bind_group(group, self.textures.group_or_white(texture), &[]);
            }
        }
    }

    fn key(&self, op: &Op) -> Key {
        let shader = match op.what {
            // Text ignores shaders, so it stays readable.
            InstanceKind::Glyphs(_) => 0,
            _ => op.state.look.shader,
        };
        self.pipelines
            .key(shape(op.what), shader, op.state.look.blend)
    }

    fn depth(&mut self, gpu: &Gpu, size: Size) -> TextureView {
        let key = [size.width, size.height];
        if !self.depths.contains_key(&key) && self.depths.len() == DEPTHS {
            self.depths.clear();
        }
        let make = || {
            let texture = gpu.device.create_texture(&TextureDescriptor {
                label: Some("depth"),
                size: Extent3d {
                    width: size.width,
                    height: size.height,
                    depth_or_array_layers: 1,
                },
                mip_level_count: 1,
                sample_count: 1,
                dimension: TextureDimension::D2,
                format: DEPTH_FORMAT,
                usage: TextureUsages::RENDER_ATTACHMENT,
                view_formats: &[],
            });
            texture.create_view(&Default::default())
        };
        self.depths.entry(key).or_insert_with(make).clone()
    }
}

/// The operations of one target, and the sources of their data.
struct Scene<'a> {
    recording: &'a Recording,
    uploads: &'a Uploads,
    glyphs: &'a Glyphs,
    target: TargetRun,
    size: Size,
}

fn is_mesh(op: &Op) -> bool {
    matches!(op.what, InstanceKind::Meshes { .. })
}

/// True if an operation draws with this texture.
fn reads(op: &Op, texture: u32) -> bool {
    let own = match op.what {
        InstanceKind::Sprites(own) => Some(own),
        InstanceKind::Triangles(own) | InstanceKind::Meshes { texture: own, .. } => own,
        InstanceKind::Quads | InstanceKind::Glyphs(_) => None,
    };
    own == Some(texture) || op.state.look.textures.contains(&texture)
}

fn shape(what: InstanceKind) -> Shape {
    match what {
        InstanceKind::Quads => Shape::Quads,
        InstanceKind::Sprites(_) | InstanceKind::Glyphs(_) => Shape::Sprites,
        InstanceKind::Triangles(_) => Shape::Triangles,
        InstanceKind::Meshes { .. } => Shape::Meshes,
    }
}

/// Returns the colour that fills a target. The picture is opaque, so a translucent colour is blended with
/// black.
fn fill(color: Color, is_picture: bool) -> wgpu::Color {
    let [r, g, b, a] = color.bytes().map(|byte| f64::from(byte) / 255.0);
    if !is_picture {
        return wgpu::Color { r, g, b, a };
    }
    wgpu::Color {
        r: r * a,
        g: g * a,
        b: b * a,
        a: 1.0,
    }
}
