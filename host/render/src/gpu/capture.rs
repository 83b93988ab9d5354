//! Reading a picture back from the GPU.

use wgpu::{
    BufferDescriptor, BufferUsages, COPY_BYTES_PER_ROW_ALIGNMENT, CommandEncoderDescriptor,
    MapMode, TexelCopyBufferInfo, TexelCopyBufferLayout, Texture,
};

use super::adapter::Gpu;
use crate::{Picture, RenderError, Size};

/// Returns the pixels of a texture. Waits for the GPU.
pub(super) fn read(gpu: &Gpu, texture: &Texture) -> Result<Picture, RenderError> {
    let size = Size::new(texture.width(), texture.height());
    let row = size.width * 4;
    let padded_row = row.next_multiple_of(COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = gpu.device.create_buffer(&BufferDescriptor {
        label: Some("capture"),
        size: u64::from(padded_row) * u64::from(size.height),
        usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let layout = TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(padded_row),
        rows_per_image: None,
    };
    let mut encoder = gpu
        .device
        .create_command_encoder(&CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        TexelCopyBufferInfo {
            buffer: &buffer,
            layout,
        },
        texture.size(),
    );
    let submission = gpu.queue.submit([encoder.finish()]);
    buffer.map_async(MapMode::Read, .., |_| {});
    gpu.wait(submission)?;
    let mapped = buffer
        .get_mapped_range(..)
        .map_err(|error| RenderError::Refused(error.to_string()))?;
    let rows = mapped.chunks_exact(padded_row as usize);
    let pixels = rows
        .flat_map(|padded| &padded[..row as usize])
        .copied()
        .collect();
    Ok(Picture { size, pixels })
}
