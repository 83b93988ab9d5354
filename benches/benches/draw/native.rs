//! A plain program on wgpu that draws the same quads. It writes them into a list of its own, passes the
//! list to `write_buffer`, and draws it at once.

use vblank_host::render::commands::{Color, Quad};
use wgpu::{
    Backends, Buffer, BufferDescriptor, BufferUsages, Device, Extent3d, Instance,
    InstanceDescriptor, LoadOp, MapMode, Operations, PollType, PrimitiveState, PrimitiveTopology,
    Queue, RenderPassColorAttachment, RenderPassDescriptor, RenderPipeline,
    RenderPipelineDescriptor, ShaderModuleDescriptor, ShaderSource, StoreOp, TexelCopyBufferInfo,
    TexelCopyBufferLayout, Texture, TextureDescriptor, TextureDimension, TextureFormat,
    TextureUsages, VertexAttribute, VertexBufferLayout, VertexFormat, VertexState, VertexStepMode,
};

use super::{SIDE, pixel_of};

/// Shader for rectangles with corners and colours. The additional work of the host's shader is the
/// GPU's.
const SHADER: &str = "
struct Corner { @builtin(position) position: vec4f, @location(0) color: vec4f }

@vertex
fn corner(
    @location(0) center: vec2f,
    @location(1) half: vec2f,
    @location(2) color: vec4f,
    @builtin(vertex_index) index: u32,
) -> Corner {
    let side = vec2f(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
    let pixel = center + side * half;
    let clip = pixel / 64.0 * vec2f(1.0, -1.0) + vec2f(-1.0, 1.0);
    return Corner(vec4f(clip, 0.0, 1.0), color);
}

@fragment
fn shade(in: Corner) -> @location(0) vec4f { return in.color; }
";

/// The plain program on wgpu.
pub struct Native {
    device: Device,
    queue: Queue,
    pipeline: RenderPipeline,
    picture: Texture,
    instances: Buffer,
    quads: Vec<Quad>,
}

impl Native {
    /// Makes the program on the adapter that the host's renderer names.
    pub fn new(renderer: &str, count: u32) -> Self {
        let instance = Instance::new(InstanceDescriptor {
            backends: Backends::PRIMARY,
            ..InstanceDescriptor::new_without_display_handle()
        });
        let adapters = pollster::block_on(instance.enumerate_adapters(Backends::PRIMARY));
        let adapter = adapters
            .into_iter()
            .find(|adapter| renderer.contains(&adapter.get_info().name))
            .expect("the host has found it too");
        let (device, queue) = pollster::block_on(adapter.request_device(&Default::default()))
            .expect("the host got one too");
        let picture = device.create_texture(&TextureDescriptor {
            label: None,
            size: extent(),
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: TextureFormat::Rgba8Unorm,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        Self {
            pipeline: pipeline(&device),
            instances: device.create_buffer(&BufferDescriptor {
                label: None,
                size: u64::from(count) * size_of::<Quad>() as u64,
                usage: BufferUsages::VERTEX | BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            quads: Vec::new(),
            device,
            queue,
            picture,
        }
    }

    /// Writes the quads, as the guest does.
    pub fn draw(&mut self, count: u32) {
        self.quads.clear();
        for index in 0..count {
            let [x, y] = pixel_of(index).map(|side| side as f32 + 0.5);
            self.quads.push(Quad {
                center: [x, y],
                half: [0.5; 2],
                rotation: 0.0,
                radius: 0.0,
                outline: 0.0,
                color: Color::rgba((index >> 16) as u8, (index >> 8) as u8, index as u8, 255),
            });
        }
    }

    /// Passes the quads to the GPU.
    pub fn write(&self) {
        let bytes = bytemuck::cast_slice(&self.quads);
        self.queue.write_buffer(&self.instances, 0, bytes);
    }

    /// Submits the drawing.
    pub fn submit(&self) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let view = self.picture.create_view(&Default::default());
        let mut pass = encoder.begin_render_pass(&RenderPassDescriptor {
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
        pass.set_pipeline(&self.pipeline);
        pass.set_vertex_buffer(0, self.instances.slice(..));
        pass.draw(0..4, 0..self.quads.len() as u32);
        drop(pass);
        self.queue.submit([encoder.finish()]);
    }

    /// Waits until the drawing is done.
    pub fn wait(&self) {
        self.device
            .poll(PollType::wait_indefinitely())
            .expect("it answers");
    }

    /// Returns the picture's bytes.
    pub fn capture(&self) -> Vec<u8> {
        let buffer = self.device.create_buffer(&BufferDescriptor {
            label: None,
            size: u64::from(SIDE * SIDE * 4),
            usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let to = TexelCopyBufferInfo {
            buffer: &buffer,
            layout: TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(SIDE * 4),
                rows_per_image: None,
            },
        };
        encoder.copy_texture_to_buffer(self.picture.as_image_copy(), to, extent());
        self.queue.submit([encoder.finish()]);
        buffer.map_async(MapMode::Read, .., |mapped| mapped.expect("it can be read"));
        self.wait();
        let bytes = buffer.get_mapped_range(..).expect("it is mapped");
        bytes.to_vec()
    }
}

fn extent() -> Extent3d {
    Extent3d {
        width: SIDE,
        height: SIDE,
        depth_or_array_layers: 1,
    }
}

fn pipeline(device: &Device) -> RenderPipeline {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        source: ShaderSource::Wgsl(SHADER.into()),
    });
    let attribute = |shader_location, offset, format| VertexAttribute {
        format,
        offset,
        shader_location,
    };
    let quads = VertexBufferLayout {
        array_stride: size_of::<Quad>() as u64,
        step_mode: VertexStepMode::Instance,
        attributes: &[
            attribute(0, 0, VertexFormat::Float32x2),
            attribute(1, 8, VertexFormat::Float32x2),
            attribute(2, 28, VertexFormat::Unorm8x4),
        ],
    };
    device.create_render_pipeline(&RenderPipelineDescriptor {
        label: None,
        layout: None,
        vertex: VertexState {
            module: &module,
            entry_point: None,
            compilation_options: Default::default(),
            buffers: &[Some(quads)],
        },
        primitive: PrimitiveState {
            topology: PrimitiveTopology::TriangleStrip,
            ..PrimitiveState::default()
        },
        depth_stencil: None,
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: None,
            compilation_options: Default::default(),
            targets: &[Some(TextureFormat::Rgba8Unorm.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}
