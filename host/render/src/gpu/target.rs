//! The texture that a picture or a canvas is drawn into.

use vblank_input::Size;
use wgpu::{
    Extent3d, Texture, TextureDescriptor, TextureDimension, TextureFormat, TextureUsages,
    TextureView,
};

use super::adapter::Gpu;

/// The format of every picture.
pub(super) const FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;

/// A texture that is drawn into.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) texture: Texture,
    pub(super) view: TextureView,
}

impl Target {
    pub(super) fn new(gpu: &Gpu, size: Size) -> Self {
        let texture = gpu.device.create_texture(&TextureDescriptor {
            label: Some("picture"),
            size: Extent3d {
                width: size.width,
                height: size.height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: FORMAT,
            usage: TextureUsages::RENDER_ATTACHMENT
                | TextureUsages::TEXTURE_BINDING
                | TextureUsages::COPY_DST
                | TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&Default::default());
        Self { texture, view }
    }

    pub(super) fn size(&self) -> Size {
        Size::new(self.texture.width(), self.texture.height())
    }
}
