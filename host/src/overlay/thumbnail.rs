//! Textures as thumbnails. This module knows no GPU.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{ColorImage, Id, TextureHandle, TextureOptions, Ui};
use vblank_render::Size;
use vblank_render::assets::Pixels;

/// Thumbnails of textures by key, each with the revision of its content.
#[derive(Clone, Default)]
struct Thumbnails(Arc<Mutex<Known>>);

type Known = BTreeMap<Arc<str>, (u64, TextureHandle)>;

/// Longest side of a thumbnail, in points.
const SIDE: u32 = 28;

/// Shows a texture as a thumbnail, which is made once for each of its contents.
pub(super) fn thumbnail(ui: &mut Ui, key: &Arc<str>, pixels: Option<&(u64, Pixels)>) {
    let Some((revision, pixels)) = pixels else {
        ui.label("");
        return;
    };
    let all: Thumbnails = ui.data_mut(|data| {
        data.get_temp_mut_or_default::<Thumbnails>(Id::unique("thumbnails"))
            .clone()
    });
    let mut all = all.0.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all.get(key).filter(|(known, _)| known == revision);
    let handle = match known {
        Some((_, handle)) => handle.clone(),
        None => {
            let handle = ui.load_texture(&**key, small(pixels), TextureOptions::NEAREST);
            all.insert(Arc::clone(key), (*revision, handle.clone()));
            handle
        }
    };
    ui.image((handle.id(), handle.size_vec2()));
}

/// Scales a picture down to at most [`SIDE`] pixels a side.
fn small(pixels: &Pixels) -> ColorImage {
    let Size { width, height } = pixels.size;
    let shrink = (width.max(height)).div_ceil(SIDE).max(1);
    let size = [width.div_ceil(shrink), height.div_ceil(shrink)];
    let places = (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (x * shrink, y * shrink)));
    let rgba: Vec<u8> = places
        .flat_map(|(x, y)| {
            let at = (y as usize * width as usize + x as usize) * 4;
            pixels.rgba[at..at + 4].iter().copied()
        })
        .collect();
    ColorImage::from_rgba_unmultiplied(size.map(|side| side as usize), &rgba)
}
