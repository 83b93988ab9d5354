//! A picture while it is recorded: operations in order, each with the state that it is drawn in.
//!
//! Instances go to the GPU's staging memory as they come; an operation only says where they are. What
//! follows on one another in the same state is one operation.

use super::adapter::Gpu;
use super::glyphs::{Glyphs, Placed};
use super::upload::{Place, Uploads};
use crate::render::assets::Assets;
use crate::render::commands::{Camera, Color, Quad, Sink, Sprite, TextStyle};
use crate::render::{RenderError, Size, Stats};

/// Bytes of the instances of one kind in one picture.
const MOST_BYTES: u64 = 256 << 20;

/// A picture while it is recorded.
#[derive(Debug)]
pub(super) struct Recording {
    pub size: Size,
    pub clear: Color,
    pub ops: Vec<Op>,
    pub stats: Stats,
    camera: Option<Camera>,
}

/// One thing to draw, and how.
#[derive(Debug)]
pub(super) struct Op {
    pub camera: Option<Camera>,
    pub what: What,
    /// The instances.
    pub place: Place,
}

/// What the instances of an operation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Quads,
    /// With the texture of this handle.
    Sprites(u32),
    /// Sprites with a page of glyphs as their texture.
    Glyphs(usize),
}

impl What {
    /// Whether the same pipeline draws both.
    pub fn is_like(self, other: Self) -> bool {
        (self == Self::Quads) == (other == Self::Quads)
    }
}

impl Recording {
    pub fn new(size: Size) -> Self {
        Self {
            size,
            clear: Color::BLACK,
            ops: Vec::new(),
            stats: Stats::default(),
            camera: None,
        }
    }

    pub fn restart(&mut self, size: Size) {
        self.ops.clear();
        *self = Self {
            ops: std::mem::take(&mut self.ops),
            ..Self::new(size)
        };
    }

    /// Whether it can be drawn.
    pub fn check(&self) -> Result<(), RenderError> {
        within("quads", self.stats.quads, size_of::<Quad>())?;
        let sprites = self.stats.sprites + self.stats.glyphs;
        within("sprites and glyphs", sprites, size_of::<Sprite>())
    }

    /// Whether anything can be seen through the camera.
    fn is_seen(&self) -> bool {
        self.camera.is_none_or(|camera| camera.is_finite())
    }

    /// Draw these too, in the state of now.
    fn push(&mut self, what: What, place: Place) {
        self.push_through(self.camera, what, place);
    }

    fn push_through(&mut self, camera: Option<Camera>, what: What, place: Place) {
        match self.ops.last_mut() {
            Some(last)
                if last.what == what
                    && last.camera == camera
                    && last.place.page == place.page
                    && last.place.items.end == place.items.start =>
            {
                last.place.items.end = place.items.end;
            }
            _ => self.ops.push(Op {
                camera,
                what,
                place,
            }),
        }
    }
}

/// Whether a picture can have so many instances of a kind.
fn within(what: &'static str, count: u64, bytes: usize) -> Result<(), RenderError> {
    let max = MOST_BYTES / bytes as u64;
    if count <= max {
        return Ok(());
    }
    Err(RenderError::TooMany { what, count, max })
}

/// What commands go to: the recording, and memory of the GPU.
#[derive(Debug)]
pub(super) struct Recorder {
    pub recording: Recording,
    pub uploads: Uploads,
    pub glyphs: Glyphs,
    pub assets: Assets,
    pub gpu: Gpu,
}

impl Recorder {
    /// Starts a picture; forgets the one that was being recorded.
    pub fn restart(&mut self, size: Size) {
        self.recording.restart(size);
        self.uploads.begin(&self.gpu);
        self.glyphs.begin();
    }
}

impl Sink for Recorder {
    fn clear(&mut self, color: Color) {
        let Recording { size, camera, .. } = self.recording;
        self.restart(size);
        self.recording.camera = camera;
        self.recording.clear = color;
    }

    fn set_camera(&mut self, camera: Option<Camera>) {
        self.recording.camera = camera;
    }

    fn quads(&mut self, words: &[u32]) {
        let recording = &mut self.recording;
        if !recording.is_seen() {
            return;
        }
        recording.stats.quads += (words.len() / Quad::WORDS) as u64;
        if recording.check().is_ok() {
            let quads = &mut self.uploads.quads;
            quads.write(&self.gpu, words, |place| recording.push(What::Quads, place));
        }
    }

    fn sprites(&mut self, texture: u32, words: &[u32]) {
        let recording = &mut self.recording;
        if !recording.is_seen() {
            return;
        }
        recording.stats.sprites += (words.len() / Sprite::WORDS) as u64;
        if recording.check().is_ok() {
            let sprites = &mut self.uploads.sprites;
            let what = What::Sprites(texture);
            sprites.write(&self.gpu, words, |place| recording.push(what, place));
        }
    }

    fn text(&mut self, style: &TextStyle, position: [f32; 2], text: &str) {
        let recording = &mut self.recording;
        if !recording.is_seen() {
            return;
        }
        let layout = self.assets.layout(style, text);
        recording.stats.glyphs += layout.glyphs.len() as u64;
        if recording.check().is_err() {
            return;
        }
        let placed = Placed {
            position,
            size: style.size,
            color: style.color,
            camera: recording.camera,
            picture: recording.size,
        };
        let camera = placed.camera();
        let pages = self.glyphs.place(&self.gpu, &self.assets, &layout, &placed);
        for (page, sprites) in pages {
            let what = What::Glyphs(page);
            let upload = &mut self.uploads.sprites;
            upload.write(&self.gpu, Sprite::words(sprites), |place| {
                recording.push_through(camera, what, place);
            });
        }
    }
}
