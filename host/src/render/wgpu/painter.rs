//! Having the GPU draw a recording: one pass, and for each operation the pipeline of its kind.

use wgpu::{
    CommandEncoder, LoadOp, Operations, RenderPass, RenderPassColorAttachment,
    RenderPassDescriptor, StoreOp, TextureView,
};

use super::adapter::Gpu;
use super::glyphs::Glyphs;
use super::quads::Quads;
use super::recording::{Op, Recording, What};
use super::sprites::Sprites;
use super::textures::Textures;
use super::upload::Uploads;
use super::view::View;
use crate::render::commands::Color;

/// A pipeline for each kind of drawing.
#[derive(Debug)]
pub(super) struct Painter {
    quads: Quads,
    pub sprites: Sprites,
}

impl Painter {
    pub fn new(gpu: &Gpu) -> Self {
        Self {
            quads: Quads::new(gpu),
            sprites: Sprites::new(gpu),
        }
    }

    /// Draws a recording, whose instances are in `uploads`.
    pub fn paint(
        &self,
        encoder: &mut CommandEncoder,
        recording: &Recording,
        uploads: &Uploads,
        textures: &Textures,
        glyphs: &Glyphs,
        target: &TextureView,
    ) {
        let mut pass = encoder.begin_render_pass(&RenderPassDescriptor {
            label: Some("picture"),
            color_attachments: &[Some(RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: Operations {
                    load: LoadOp::Clear(over_black(recording.clear)),
                    store: StoreOp::Store,
                },
            })],
            ..RenderPassDescriptor::default()
        });
        let mut last: Option<(&Op, View)> = None;
        for op in &recording.ops {
            let view = View::new(recording.size, op.camera);
            let is_new = last.is_none_or(|(last, _)| !last.what.is_like(op.what));
            if is_new {
                self.prepare(&mut pass, op.what);
            }
            match op.what {
                What::Quads => {}
                What::Sprites(texture) => pass.set_bind_group(0, textures.group(texture), &[]),
                What::Glyphs(page) => pass.set_bind_group(0, glyphs.group(page), &[]),
            }
            // A pipeline's layout may have dropped what the one before was told.
            if is_new || last.is_none_or(|(_, last)| last != view) {
                pass.set_immediates(0, bytemuck::bytes_of(&view));
            }
            if is_new || last.is_none_or(|(last, _)| last.place.page != op.place.page) {
                let instances = uploads.of(op.what).instances(op.place.page);
                pass.set_vertex_buffer(0, instances.slice(..));
            }
            pass.draw(0..4, op.place.items.clone());
            last = Some((op, view));
        }
    }

    fn prepare(&self, pass: &mut RenderPass<'_>, what: What) {
        match what {
            What::Quads => self.quads.prepare(pass),
            What::Sprites(_) | What::Glyphs(_) => self.sprites.prepare(pass),
        }
    }
}

fn over_black(color: Color) -> wgpu::Color {
    let [r, g, b, a] = color.bytes().map(|byte| f64::from(byte) / 255.0);
    wgpu::Color {
        r: r * a,
        g: g * a,
        b: b * a,
        a: 1.0,
    }
}
