//! Textures on the GPU: uploaded when the registry's content changes, and dropped when it frees them. Knows
//! no pipelines.

use std::collections::BTreeMap;

use wgpu::{
    BindGroup, Extent3d, Origin3d, TexelCopyBufferLayout, TexelCopyTextureInfo, Texture,
    TextureAspect, TextureDescriptor, TextureDimension, TextureFormat, TextureUsages, TextureView,
};

use super::adapter::Gpu;
use super::bindings::Layouts;
use super::target::Target;
use crate::Size;
use crate::assets::{Filter, Live, Payload};

/// Textures and their bind groups, by the handles of the assets.
#[derive(Debug)]
pub(super) struct Textures {
    table: BTreeMap<u32, TextureOnGpu>,
    placeholder: BindGroup,
    white: BindGroup,
}

#[derive(Debug)]
struct TextureOnGpu {
    texture: Texture,
    view: TextureView,
    group: BindGroup,
    filter: Filter,
    revision: u64,
}

impl Textures {
    pub fn new(gpu: &Gpu, layouts: &Layouts) -> Self {
        let (size, pixels) = placeholder();
        let texture = create(gpu, size);
        write(gpu, &texture, [0, 0], size, &pixels);
        let view = texture.create_view(&Default::default());
        let white = create(gpu, Size::new(1, 1));
        write(gpu, &white, [0, 0], Size::new(1, 1), &[255; 4]);
        Self {
            table: BTreeMap::new(),
            placeholder: layouts.bind(gpu, &view, Filter::Nearest),
            white: layouts.bind(
                gpu,
                &white.create_view(&Default::default()),
                Filter::Nearest,
            ),
        }
    }

    /// Forgets all textures, when the renderer gets other assets.
    pub fn forget(&mut self) {
        self.table.clear();
    }

    /// Takes over changed textures. Returns the number of uploaded bytes.
    pub fn update(&mut self, gpu: &Gpu, layouts: &Layouts, live: &[Live]) -> u64 {
        self.table
            .retain(|handle, _| live.iter().any(|live| live.handle == *handle));
        live.iter().map(|live| self.put(gpu, layouts, live)).sum()
    }

    fn put(&mut self, gpu: &Gpu, layouts: &Layouts, live: &Live) -> u64 {
        let pixels = match &live.payload {
            Payload::Texture(pixels) => pixels,
            Payload::Canvas(size) => {
                self.put_canvas(gpu, layouts, live, *size);
                return 0;
            }
            _ => return 0,
        };
        if gpu.fits(pixels.size).is_err() {
            // The placeholder is drawn instead. A notice would be repeated with each change of any other
            // asset.
            self.table.remove(&live.handle);
            return 0;
        }
        let known = self.table.remove(&live.handle);
        let (texture, bytes) = match &known {
            Some(known) if known.revision == live.revision => (known.texture.clone(), 0),
            Some(known) if size_of_texture(&known.texture) == pixels.size => {
                write(gpu, &known.texture, [0, 0], pixels.size, &pixels.rgba);
                (known.texture.clone(), live.payload.bytes())
            }
            _ => {
                let texture = create(gpu, pixels.size);
                write(gpu, &texture, [0, 0], pixels.size, &pixels.rgba);
                (texture, live.payload.bytes())
            }
        };
        let (view, group) = match known {
            Some(known) if known.texture == texture && known.filter == live.filter => {
                (known.view, known.group)
            }
            _ => {
                let view = texture.create_view(&Default::default());
                let group = layouts.bind(gpu, &view, live.filter);
                (view, group)
            }
        };
        let uploaded = TextureOnGpu {
            texture,
            view,
            group,
            filter: live.filter,
            revision: live.revision,
        };
        self.table.insert(live.handle, uploaded);
        bytes
    }

    /// Creates or updates a canvas. Its pixels are kept as long as its size is unchanged.
    fn put_canvas(&mut self, gpu: &Gpu, layouts: &Layouts, live: &Live, size: Size) {
        if gpu.fits(size).is_err() {
            self.table.remove(&live.handle);
            return;
        }
        let known = self.table.remove(&live.handle);
        let known = known.filter(|known| size_of_texture(&known.texture) == size);
        let target = known.map_or_else(
            || Target::new(gpu, size),
            |TextureOnGpu { texture, view, .. }| Target { texture, view },
        );
        let uploaded = TextureOnGpu {
            group: layouts.bind(gpu, &target.view, live.filter),
            texture: target.texture,
            view: target.view,
            filter: live.filter,
            revision: live.revision,
        };
        self.table.insert(live.handle, uploaded);
    }

    /// Returns the bind group of a texture, or that of the placeholder.
    pub fn group(&self, handle: u32) -> &BindGroup {
        let uploaded = self.table.get(&handle);
        uploaded.map_or(&self.placeholder, |uploaded| &uploaded.group)
    }

    /// Returns the bind group of a texture, or a white one without a handle.
    pub fn group_or_white(&self, handle: Option<u32>) -> &BindGroup {
        handle.map_or(&self.white, |handle| self.group(handle))
    }

    /// Returns a canvas to draw to. `None` if the handle belongs to something else.
    pub fn canvas(&self, handle: u32) -> Option<Target> {
        let TextureOnGpu { texture, view, .. } = self.table.get(&handle)?;
        let can_be = texture.usage().contains(TextureUsages::RENDER_ATTACHMENT);
        can_be.then(|| Target {
            texture: texture.clone(),
            view: view.clone(),
        })
    }
}

/// Creates a texture for sprites.
pub(super) fn create(gpu: &Gpu, size: Size) -> Texture {
    gpu.device.create_texture(&TextureDescriptor {
        label: Some("texture"),
        size: extent(size),
        mip_level_count: 1,
        sample_count: 1,
        dimension: TextureDimension::D2,
        format: TextureFormat::Rgba8Unorm,
        usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// Writes pixels into a texture, with their top left corner at `x` and `y`.
pub(super) fn write(gpu: &Gpu, texture: &Texture, [x, y]: [u32; 2], size: Size, rgba: &[u8]) {
    let to = TexelCopyTextureInfo {
        texture,
        mip_level: 0,
        origin: Origin3d { x, y, z: 0 },
        aspect: TextureAspect::All,
    };
    let layout = TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(size.width * 4),
        rows_per_image: None,
    };
    gpu.queue.write_texture(to, rgba, layout, extent(size));
}

fn extent(size: Size) -> Extent3d {
    Extent3d {
        width: size.width,
        height: size.height,
        depth_or_array_layers: 1,
    }
}

fn size_of_texture(texture: &Texture) -> Size {
    Size::new(texture.width(), texture.height())
}

/// Makes squares of magenta and black, which no one would draw on purpose.
fn placeholder() -> (Size, Vec<u8>) {
    const SIDE: u32 = 32;
    const SQUARE: u32 = 8;
    let squares = (0..SIDE * SIDE).map(|at| (at % SIDE / SQUARE + at / SIDE / SQUARE) % 2);
    let pixels = squares.flat_map(|square| match square {
        0 => [255, 0, 255, 255],
        _ => [0, 0, 0, 255],
    });
    (Size::new(SIDE, SIDE), pixels.collect())
}
