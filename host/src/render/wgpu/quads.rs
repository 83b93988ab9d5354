//! Recording a picture's commands, and having the GPU draw them.

use bytemuck::{Pod, Zeroable};
use wgpu::{
    BlendState, ColorTargetState, ColorWrites, CommandEncoder, FragmentState, LoadOp, Operations,
    PipelineLayoutDescriptor, PrimitiveState, PrimitiveTopology, RenderPassColorAttachment,
    RenderPassDescriptor, RenderPipeline, RenderPipelineDescriptor, StoreOp, TextureView,
    VertexBufferLayout, VertexState, VertexStepMode, include_wgsl, vertex_attr_array,
};

use super::adapter::Gpu;
use super::upload::{Place, Upload};
use crate::render::commands::{Camera, Color, Quad, Sink};
use crate::render::{RenderError, Size};

/// Quads in one picture: 256 MiB of them.
const MAX_QUADS: u64 = 8 << 20;

pub(super) const VIEW_BYTES: u32 = size_of::<View>() as u32;

/// A picture while it is recorded.
#[derive(Debug)]
pub(super) struct Recording {
    pub size: Size,
    pub quads: u64,
    clear: Color,
    camera: Option<Camera>,
    draws: Vec<Draw>,
}

/// Quads of one page that are seen through one camera.
#[derive(Debug)]
struct Draw {
    camera: Option<Camera>,
    place: Place,
}

impl Recording {
    pub fn new(size: Size) -> Self {
        Self {
            size,
            quads: 0,
            clear: Color::BLACK,
            camera: None,
            draws: Vec::new(),
        }
    }

    pub fn restart(&mut self, size: Size) {
        self.draws.clear();
        *self = Self {
            draws: std::mem::take(&mut self.draws),
            ..Self::new(size)
        };
    }

    /// Whether it can be drawn.
    pub fn check(&self) -> Result<(), RenderError> {
        if self.quads <= MAX_QUADS {
            return Ok(());
        }
        Err(RenderError::TooManyQuads {
            quads: self.quads,
            max: MAX_QUADS,
        })
    }
}

/// What commands go to: the recording, and memory of the GPU.
#[derive(Debug)]
pub(super) struct Recorder {
    pub recording: Recording,
    pub upload: Upload,
    pub gpu: Gpu,
}

impl Sink for Recorder {
    fn clear(&mut self, color: Color) {
        let Recording { size, camera, .. } = self.recording;
        self.recording.restart(size);
        self.recording.camera = camera;
        self.recording.clear = color;
        self.upload.begin(&self.gpu);
    }

    fn set_camera(&mut self, camera: Option<Camera>) {
        self.recording.camera = camera;
    }

    fn quads(&mut self, words: &[u32]) {
        let Recording {
            quads,
            camera,
            draws,
            ..
        } = &mut self.recording;
        if camera.is_some_and(|camera| !camera.is_finite()) {
            return;
        }
        *quads += (words.len() / Quad::WORDS) as u64;
        if *quads > MAX_QUADS {
            return;
        }
        self.upload
            .write(&self.gpu, words, |place| match draws.last_mut() {
                Some(last)
                    if last.camera == *camera
                        && last.place.page == place.page
                        && last.place.quads.end == place.quads.start =>
                {
                    last.place.quads.end = place.quads.end;
                }
                _ => draws.push(Draw {
                    camera: *camera,
                    place,
                }),
            });
    }
}

/// `View` in quads.wgsl.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct View {
    center: [f32; 2],
    middle: [f32; 2],
    to_clip: [f32; 2],
    rotor: [f32; 2],
    zoom: f32,
    padding: f32,
}

impl View {
    fn new(size: Size, camera: Option<Camera>) -> Self {
        let [width, height] = [size.width as f32, size.height as f32];
        let pixels = Self {
            center: [0.0; 2],
            middle: [0.0; 2],
            to_clip: [2.0 / width, -2.0 / height],
            rotor: [1.0, 0.0],
            zoom: 1.0,
            padding: 0.0,
        };
        let Some(Camera {
            x,
            y,
            zoom,
            rotation,
        }) = camera
        else {
            return pixels;
        };
        let (sin, cos) = rotation.sin_cos();
        Self {
            center: [x, y],
            middle: [width / 2.0, height / 2.0],
            // A negative zoom is half a turn, for the world and for each quad in it.
            rotor: [cos, sin].map(|part| part * zoom.signum()),
            zoom: zoom.abs(),
            ..pixels
        }
    }
}

/// The pipeline that draws quads.
#[derive(Debug)]
pub(super) struct Painter(RenderPipeline);

impl Painter {
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

    /// Draws a recording, whose quads are in `upload`.
    pub fn paint(
        &self,
        encoder: &mut CommandEncoder,
        recording: &Recording,
        upload: &Upload,
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
        pass.set_pipeline(&self.0);
        let (mut page, mut view) = (None, None);
        for Draw { camera, place } in &recording.draws {
            if page.replace(place.page) != Some(place.page) {
                pass.set_vertex_buffer(0, upload.instances(place.page).slice(..));
            }
            let through = View::new(recording.size, *camera);
            if view.replace(through) != Some(through) {
                pass.set_immediates(0, bytemuck::bytes_of(&through));
            }
            pass.draw(0..4, place.quads.clone());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_zoom_is_half_a_turn() {
        let camera = Camera {
            x: 1.0,
            y: 2.0,
            zoom: -3.0,
            rotation: 0.5,
        };
        let view = View::new(Size::new(10, 20), Some(camera));
        let (sin, cos) = 0.5_f32.sin_cos();
        assert_eq!((view.rotor, view.zoom), ([-cos, -sin], 3.0));
        assert_eq!((view.middle, view.to_clip), ([5.0, 10.0], [0.2, -0.1]));
        let turned = Camera {
            zoom: 3.0,
            rotation: 3.0,
            ..camera
        };
        let view = View::new(Size::new(10, 20), Some(turned));
        let (sin, cos) = 3.0_f32.sin_cos();
        assert_eq!(view.rotor, [cos, sin]);
    }
}
