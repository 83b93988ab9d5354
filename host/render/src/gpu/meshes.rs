//! Meshes on the GPU: uploaded when the registry's content changes, and dropped when it frees them. Knows
//! no pipelines.

use std::collections::BTreeMap;

use wgpu::util::{BufferInitDescriptor, DeviceExt};
use wgpu::{Buffer, BufferUsages, RenderPass};

use super::adapter::Gpu;
use crate::assets::{Live, Payload};

/// Buffers of all meshes, by the handles of the assets.
#[derive(Debug, Default)]
pub(super) struct Meshes(BTreeMap<u32, MeshOnGpu>);

#[derive(Debug)]
struct MeshOnGpu {
    vertices: Buffer,
    indices: Buffer,
    count: u32,
    revision: u64,
}

impl Meshes {
    /// Forgets all meshes, when the renderer gets other assets.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Takes over changed meshes. Returns the number of uploaded bytes.
    pub fn update(&mut self, gpu: &Gpu, live: &[Live]) -> u64 {
        self.0
            .retain(|handle, _| live.iter().any(|live| live.handle == *handle));
        live.iter().map(|live| self.put(gpu, live)).sum()
    }

    fn put(&mut self, gpu: &Gpu, live: &Live) -> u64 {
        let Payload::Mesh(mesh) = &live.payload else {
            return 0;
        };
        let known = self.0.get(&live.handle);
        if known.is_some_and(|known| known.revision == live.revision) {
            return 0;
        }
        let buffer = |words: &[u32], usage| {
            gpu.device.create_buffer_init(&BufferInitDescriptor {
                label: Some("mesh"),
                contents: bytemuck::cast_slice(words),
                usage,
            })
        };
        let uploaded = MeshOnGpu {
            vertices: buffer(&mesh.vertices, BufferUsages::VERTEX),
            indices: buffer(&mesh.indices, BufferUsages::INDEX),
            count: mesh.indices.len() as u32,
            revision: live.revision,
        };
        self.0.insert(live.handle, uploaded);
        mesh.bytes()
    }

    /// Binds a mesh. Returns the number of its indices, 0 if there is no such mesh.
    pub fn prepare(&self, pass: &mut RenderPass<'_>, handle: u32) -> u32 {
        let Some(mesh) = self.0.get(&handle) else {
            return 0;
        };
        pass.set_vertex_buffer(0, mesh.vertices.slice(..));
        pass.set_index_buffer(mesh.indices.slice(..), wgpu::IndexFormat::Uint32);
        mesh.count
    }
}
