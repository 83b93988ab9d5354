//! The recording of a picture: operations in order, each with its drawing state. Knows no pipelines.
//!
//! Instances go to the GPU's staging memory at once, and an operation only has their range. Successive
//! instances with equal state become one operation.

use super::adapter::Gpu;
use super::glyphs::{GlyphSprite, Glyphs};
use super::upload::{InstanceKind, InstanceRange, Uploads};
use crate::assets::{Assets, MAX_PARAMS};
use crate::commands::{
    Area, Camera, Color, INSTANCE_WORDS, Look, Quad, Sink, Sprite, TextStyle, VERTEX_WORDS,
};
use crate::text_work::{TextView, TextWork, within};
use crate::{RenderError, Size, Stats};

/// Largest size of the instances of one kind in one picture, in bytes.
const MOST_BYTES: u64 = 256 << 20;
const WORD: usize = size_of::<u32>();
/// Largest number of draw calls in one picture.
const MOST_OPS: u64 = 1 << 20;
/// Largest number of target changes in one picture. Each starts a render pass.
const MOST_TARGETS: u64 = 1 << 12;
/// Largest number of shaders with parameters, and of matrices, that one picture sets.
const MOST_SETTINGS: u64 = 1 << 16;

/// A picture while it is recorded.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub size: Size,
    pub ops: Vec<Op>,
    /// Targets in the order of drawing. The first is the picture.
    pub targets: Vec<TargetRun>,
    /// Projections of meshes. The first stands for none.
    pub matrices: Vec<[f32; 16]>,
    /// Parameters of shaders, each block at a multiple of [`MAX_PARAMS`].
    pub params: Vec<u8>,
    pub stats: Stats,
    text: TextWork,
    camera: Option<Camera>,
    state: State,
    /// Size of the current target.
    target_size: Size,
}

/// A target and its first colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TargetRun {
    /// Handle of a canvas. `None` for the picture.
    pub canvas: Option<u32>,
    /// Colour that fills the target first.
    pub clear: Option<Color>,
}

/// One draw call and its state.
#[derive(Debug)]
pub(super) struct Op {
    pub camera: Option<Camera>,
    pub state: State,
    pub what: InstanceKind,
    /// Range of the instances.
    pub range: InstanceRange,
}

/// The drawing state of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct State {
    /// Part of the target in pixels: left, top, width, height.
    pub area: Option<[u32; 4]>,
    pub look: Look,
    /// Offset in `params`.
    pub params: u32,
    /// Index in `targets`.
    pub target: usize,
    /// Index in `matrices`.
    pub matrix: usize,
}

/// The first target of every picture, filled with black.
const PICTURE: TargetRun = TargetRun {
    canvas: None,
    clear: Some(Color::BLACK),
};

impl Recording {
    pub fn new(size: Size) -> Self {
        let mut recording = Self::default();
        recording.restart(size);
        recording
    }

    /// Forgets everything and keeps the memory.
    fn restart(&mut self, size: Size) {
        self.size = size;
        self.ops.clear();
        self.targets.clear();
        self.targets.push(PICTURE);
        self.matrices.clear();
        self.matrices.push([0.0; 16]);
        self.params.clear();
        self.stats = Stats::default();
        self.text = TextWork::default();
        self.camera = None;
        self.state = State::default();
        self.target_size = size;
    }

    /// Checks that the picture is within the limits.
    pub fn check(&self) -> Result<(), RenderError> {
        let of = |bytes: usize| MOST_BYTES / bytes as u64;
        let sprites = self.stats.sprites + self.stats.glyphs;
        within("quads", self.stats.quads, of(size_of::<Quad>()))?;
        within("sprites and glyphs", sprites, of(size_of::<Sprite>()))?;
        within(
            "triangles",
            self.stats.triangles,
            of(3 * VERTEX_WORDS * WORD),
        )?;
        within("meshes", self.stats.meshes, of(INSTANCE_WORDS * WORD))?;
        self.text.check()?;
        let looks = self.params.len() / MAX_PARAMS;
        within("separate draws", self.ops.len() as u64, MOST_OPS)?;
        within("changes of target", self.targets.len() as u64, MOST_TARGETS)?;
        within("shaders set", looks as u64, MOST_SETTINGS)?;
        within("matrices set", self.matrices.len() as u64, MOST_SETTINGS)
    }

    /// True if anything drawn now could be visible.
    fn is_seen(&self) -> bool {
        let has_pixels = self
            .state
            .area
            .is_none_or(|[_, _, width, height]| width * height > 0);
        has_pixels && self.camera.is_none_or(|camera| camera.is_finite())
    }

    /// Adds instances in the current state.
    fn push(&mut self, what: InstanceKind, range: InstanceRange) {
        self.push_through(self.camera, what, range);
    }

    fn push_through(&mut self, camera: Option<Camera>, what: InstanceKind, range: InstanceRange) {
        match self.ops.last_mut() {
            Some(last)
                if last.what == what
                    && last.camera == camera
                    && last.state == self.state
                    && last.range.page == range.page
                    && last.range.items.end == range.items.start =>
            {
                last.range.items.end = range.items.end;
            }
            _ => self.ops.push(Op {
                camera,
                state: self.state,
                what,
                range,
            }),
        }
    }
}

/// The receiver of commands: it fills the recording and the GPU's memory.
#[derive(Debug)]
pub(super) struct Recorder {
    pub recording: Recording,
    pub uploads: Uploads,
    pub glyphs: Glyphs,
    pub assets: Assets,
    pub gpu: Gpu,
}

impl Recorder {
    /// Starts a picture and forgets the one that was being recorded.
    pub fn restart(&mut self, size: Size) {
        self.recording.restart(size);
        self.uploads.begin(&self.gpu);
        self.glyphs.begin();
    }
}

impl Sink for Recorder {
    fn clear(&mut self, color: Color) {
        let recording = &mut self.recording;
        if recording.targets.len() > 1 {
            // Other targets have been drawn to, and keep their content.
            let target = recording.state.target;
            recording.ops.retain(|op| op.state.target != target);
            recording.targets[target].clear = Some(color);
            return;
        }
        let (size, camera, state) = (recording.size, recording.camera, recording.state);
        let text = std::mem::take(&mut recording.text);
        self.restart(size);
        let recording = &mut self.recording;
        (recording.camera, recording.state.area) = (camera, state.area);
        // The work was done, although nobody sees it.
        recording.text = text;
        recording.targets[0].clear = Some(color);
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
            quads.write(&self.gpu, words, |range| {
                recording.push(InstanceKind::Quads, range)
            });
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
            let what = InstanceKind::Sprites(texture);
            sprites.write(&self.gpu, words, |range| recording.push(what, range));
        }
    }

    fn text(&mut self, style: &TextStyle, position: [f32; 2], text: &str) {
        let recording = &mut self.recording;
        if !recording.is_seen() {
            return;
        }
        let view = TextView {
            camera: recording.camera,
            target: recording.target_size,
        };
        if !view.may_show(style, position, text) || recording.check().is_err() {
            return;
        }
        let Some(layout) = recording.text.layout(&self.assets, style, text) else {
            return;
        };
        recording.stats.glyphs += layout.glyphs.len() as u64;
        if recording.check().is_err() {
            return;
        }
        let placed = GlyphSprite {
            position,
            size: style.size,
            color: style.color,
            camera: recording.camera,
            picture: recording.target_size,
        };
        let camera = placed.camera();
        let pages = self
            .glyphs
            .sprites(&self.gpu, &self.assets, &layout, &placed);
        for (page, sprites) in pages {
            let what = InstanceKind::Glyphs(page);
            let upload = &mut self.uploads.sprites;
            upload.write(&self.gpu, Sprite::words(sprites), |range| {
                recording.push_through(camera, what, range);
            });
        }
    }

    fn triangles(&mut self, texture: Option<u32>, words: &[u32]) {
        let recording = &mut self.recording;
        if !recording.is_seen() {
            return;
        }
        recording.stats.triangles += (words.len() / (3 * VERTEX_WORDS)) as u64;
        if recording.check().is_ok() {
            let triangles = &mut self.uploads.triangles;
            let what = InstanceKind::Triangles(texture);
            triangles.write(&self.gpu, words, |range| recording.push(what, range));
        }
    }

    fn set_area(&mut self, area: Option<Area>) {
        let Size { width, height } = self.recording.target_size;
        self.recording.state.area = area.map(|area| {
            // A number that is NaN gives no pixels.
            let within = |from: f32, length: f32, side: u32| {
                let side = side as f32;
                let (start, end) = (from.clamp(0.0, side), (from + length).clamp(0.0, side));
                let (start, end) = (start.round() as u32, end.round() as u32);
                [start, end.saturating_sub(start)]
            };
            let [x, width] = within(area.x, area.width, width);
            let [y, height] = within(area.y, area.height, height);
            [x, y, width, height]
        });
    }

    fn set_look(&mut self, look: Look, params: &[u32]) {
        let is_too_much = self.recording.check().is_err();
        let Recording {
            params: all, state, ..
        } = &mut self.recording;
        state.look = look;
        if look.shader == 0 || is_too_much {
            return;
        }
        let bytes: &[u8] = bytemuck::cast_slice(params);
        let bytes = &bytes[..bytes.len().min(MAX_PARAMS)];
        state.params = all.len() as u32;
        all.extend_from_slice(bytes);
        all.resize(state.params as usize + MAX_PARAMS, 0);
    }

    fn set_matrix(&mut self, matrix: [f32; 16]) {
        let is_finite = matrix.iter().all(|number| number.is_finite());
        let can_be = is_finite && self.recording.check().is_ok();
        let Recording {
            matrices, state, ..
        } = &mut self.recording;
        state.matrix = if can_be { matrices.len() } else { 0 };
        if can_be {
            matrices.push(matrix);
        }
    }

    fn meshes(&mut self, mesh: u32, texture: Option<u32>, words: &[u32]) {
        let recording = &mut self.recording;
        let is_seen = recording.is_seen() && recording.state.matrix > 0;
        if !is_seen {
            return;
        }
        recording.stats.meshes += (words.len() / INSTANCE_WORDS) as u64;
        if recording.check().is_ok() {
            let meshes = &mut self.uploads.meshes;
            let what = InstanceKind::Meshes { mesh, texture };
            meshes.write(&self.gpu, words, |range| recording.push(what, range));
        }
    }

    fn set_target(&mut self, canvas: Option<u32>, clear: Option<Color>) {
        let recording = &mut self.recording;
        if recording.check().is_err() {
            // The picture is over its limits and will not be drawn.
            return;
        }
        // A handle that is no canvas cannot be drawn to, so its size does not matter.
        let size = canvas.and_then(|canvas| self.assets.texture_size(canvas));
        recording.target_size = size.unwrap_or(recording.size);
        recording.camera = None;
        recording.state = State {
            target: recording.targets.len(),
            ..State::default()
        };
        recording.targets.push(TargetRun { canvas, clear });
    }
}
