//! Glyphs as sprites. Their pixels lie in textures of the renderer, page by page, and are kept between
//! pictures. They are rasterised in the size in which they are shown, so they are sharp through any camera.
//! Knows no fonts.

use std::collections::HashMap;
use std::ops::Range;

use cosmic_text::CacheKey;
use wgpu::{BindGroup, Texture};

use super::adapter::Gpu;
use super::bindings::Layouts;
use super::textures::{create, write};
use crate::Size;
use crate::assets::{Assets, Filter};
use crate::commands::{Camera, Color, Sprite};
use crate::text::{Layout, Raster};

/// Side of a page in pixels. A page takes 4 MiB.
const SIDE: u32 = 1024;
/// Number of pages above which a new picture starts with none.
const KEPT: usize = 4;
/// Largest number of pages in one picture.
const MOST: usize = 32;
/// Largest size of a font in pixels. Larger text is enlarged.
const LARGEST: f32 = 256.0;
/// Pixels between two glyphs.
const GAP: u32 = 1;

/// The glyphs that were drawn recently.
#[derive(Debug, Default)]
pub(super) struct Glyphs {
    pages: Vec<Page>,
    known: HashMap<CacheKey, Option<Slot>>,
    /// Sprites of the text that is being written.
    sprites: Vec<Sprite>,
    runs: Vec<(usize, Range<usize>)>,
    /// Bytes uploaded since the last `bind`.
    bytes: u64,
}

/// A texture that is filled from left to right, row by row.
#[derive(Debug)]
struct Page {
    texture: Texture,
    group: Option<BindGroup>,
    at: [u32; 2],
    row: u32,
}

/// The place of a glyph's pixels on a page.
#[derive(Clone, Copy, Debug)]
struct Slot {
    page: usize,
    at: [u32; 2],
    size: [u32; 2],
    corner: [i32; 2],
}

/// A text's position, and the view of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct GlyphSprite {
    pub position: [f32; 2],
    /// Size of the font, in units.
    pub size: f32,
    pub color: Color,
    pub camera: Option<Camera>,
    pub picture: Size,
}

impl GlyphSprite {
    /// Pixels of one unit.
    fn zoom(&self) -> f32 {
        self.camera.map_or(1.0, |camera| camera.zoom.abs())
    }

    /// True if letters stand upright in the picture. They are then aligned to whole pixels.
    fn is_upright(&self) -> bool {
        let upright = |camera: Camera| camera.rotation == 0.0 && camera.zoom > 0.0;
        self.camera.is_none_or(upright)
    }

    /// Returns the camera of the sprites. Those of upright text are in pixels and have none.
    pub fn camera(&self) -> Option<Camera> {
        self.camera.filter(|_| !self.is_upright())
    }

    /// Converts a point of the world to pixels of the picture, for upright text.
    fn to_pixels(self, [x, y]: [f32; 2]) -> [f32; 2] {
        let Some(camera) = self.camera else {
            return [x, y];
        };
        [
            self.picture.width as f32 / 2.0 + (x - camera.x) * camera.zoom,
            self.picture.height as f32 / 2.0 + (y - camera.y) * camera.zoom,
        ]
    }
}

impl Glyphs {
    /// Starts a picture.
    pub fn begin(&mut self) {
        if self.pages.len() > KEPT {
            self.forget();
        }
    }

    /// Forgets all glyphs.
    pub fn forget(&mut self) {
        self.pages.clear();
        self.known.clear();
    }

    /// Returns the sprites of a text, page by page.
    pub fn sprites(
        &mut self,
        gpu: &Gpu,
        assets: &Assets,
        layout: &Layout,
        placed: &GlyphSprite,
    ) -> impl Iterator<Item = (usize, &[Sprite])> {
        self.sprites.clear();
        self.runs.clear();
        let zoom = placed.zoom();
        let shown = placed.size * zoom;
        let pixels = shown.min(LARGEST);
        // Size of a glyph's pixel in units of the sprites.
        let each = match placed.is_upright() {
            true => shown / pixels,
            false => placed.size / pixels,
        };
        let is_seen = shown > 0.5 && placed.position.iter().all(|side| side.is_finite());
        let glyphs = if is_seen { &layout.glyphs[..] } else { &[] };
        for glyph in glyphs {
            let point = [placed.position[0] + glyph.x, placed.position[1] + glyph.y];
            let ([x, y], key) = match placed.is_upright() {
                true => {
                    let [x, y] = placed.to_pixels(point);
                    if shown <= LARGEST {
                        let (key, x) = glyph.key(pixels, x);
                        ([x as f32, y.round()], key)
                    } else {
                        ([x, y], glyph.key(pixels, 0.0).0)
                    }
                }
                false => (point, glyph.key(pixels, 0.0).0),
            };
            let Some(slot) = self.find(gpu, assets, key) else {
                continue;
            };
            let [left, top] = slot.corner.map(|side| side as f32 * each);
            self.push(
                slot.page,
                Sprite {
                    position: [x + left, y - top],
                    size: slot.size.map(|side| side as f32 * each),
                    rotation: 0.0,
                    pivot: [0.0; 2],
                    source: slot.at.map(|side| side as u16),
                    source_size: slot.size.map(|side| side as u16),
                    tint: placed.color,
                    scale: [1.0; 2],
                },
            );
        }
        let runs = self.runs.iter();
        runs.map(|(page, range)| (*page, &self.sprites[range.clone()]))
    }

    fn push(&mut self, page: usize, sprite: Sprite) {
        let start = self.sprites.len();
        self.sprites.push(sprite);
        match self.runs.last_mut() {
            Some((last, range)) if *last == page => range.end = start + 1,
            _ => self.runs.push((page, start..start + 1)),
        }
    }

    /// Returns the place of a glyph. `None` if it has no pixels, or if the pages are full.
    fn find(&mut self, gpu: &Gpu, assets: &Assets, key: CacheKey) -> Option<Slot> {
        if let Some(slot) = self.known.get(&key) {
            return *slot;
        }
        let raster = assets.typeset(|typesetter| typesetter.rasterise(key));
        let slot = raster.and_then(|raster| self.add(gpu, &raster));
        self.known.insert(key, slot);
        slot
    }

    fn add(&mut self, gpu: &Gpu, raster: &Raster) -> Option<Slot> {
        let free = self
            .pages
            .last_mut()
            .and_then(|page| page.take(raster.size));
        let at = match free {
            Some(at) => at,
            None if self.pages.len() >= MOST => return None,
            None => {
                let mut page = Page::new(gpu);
                let at = page.take(raster.size)?;
                self.pages.push(page);
                at
            }
        };
        let page = self.pages.len() - 1;
        let [width, height] = raster.size;
        let texture = &self.pages[page].texture;
        write(gpu, texture, at, Size::new(width, height), &raster.rgba);
        self.bytes += raster.rgba.len() as u64;
        Some(Slot {
            page,
            at,
            size: raster.size,
            corner: raster.corner,
        })
    }

    /// Prepares the bind groups after recording. Returns the number of uploaded bytes.
    pub fn bind(&mut self, gpu: &Gpu, layouts: &Layouts) -> u64 {
        for page in &mut self.pages {
            page.group.get_or_insert_with(|| {
                let view = page.texture.create_view(&Default::default());
                layouts.bind(gpu, &view, Filter::Linear)
            });
        }
        std::mem::take(&mut self.bytes)
    }

    /// Returns the bind group of a page.
    pub fn group(&self, page: usize) -> Option<&BindGroup> {
        self.pages.get(page)?.group.as_ref()
    }
}

impl Page {
    fn new(gpu: &Gpu) -> Self {
        Self {
            texture: create(gpu, Size::new(SIDE, SIDE)),
            group: None,
            at: [0; 2],
            row: 0,
        }
    }

    /// Takes a place for a glyph of this size.
    fn take(&mut self, [width, height]: [u32; 2]) -> Option<[u32; 2]> {
        if self.at[0] + width > SIDE {
            self.at = [0, self.at[1] + self.row];
            self.row = 0;
        }
        let [x, y] = self.at;
        if width > SIDE || y + height > SIDE {
            return None;
        }
        self.at[0] += width + GAP;
        self.row = self.row.max(height + GAP);
        Some([x, y])
    }
}
