//! The null renderer, for a machine without an adapter: it only counts, so that everything else can run and
//! be tested.

use std::collections::BTreeMap;

#[cfg(feature = "overlay")]
use super::Layer;
use super::assets::{Assets, Live};
use super::commands::{
    Area, Camera, Color, INSTANCE_WORDS, Look, Quad, Sink, Sprite, TextStyle, VERTEX_WORDS,
};
use super::extent::Extent;
use super::text_work::TextWork;
use super::{Fit, Kind, Picture, Placement, RenderError, Renderer, Size, Stats};

/// A renderer that draws nothing.
pub struct NullRenderer {
    extent: Extent,
    version: u64,
    /// Revision of each asset that a GPU would have.
    uploaded: BTreeMap<u32, u64>,
    recording: Counter,
    last: Stats,
}

#[derive(Debug, Default)]
struct Counter {
    stats: Stats,
    text: TextWork,
    /// Assets, for the fonts of texts.
    assets: Assets,
}

impl NullRenderer {
    /// Creates a renderer of pictures of this size, which are never drawn.
    pub fn new(size: Size) -> Self {
        Self {
            extent: Extent::new(size, u32::MAX),
            version: 0,
            uploaded: BTreeMap::new(),
            recording: Counter::default(),
            last: Stats::default(),
        }
    }
}

impl NullRenderer {
    /// Returns the bytes of assets that a GPU would have been given now.
    fn upload(&mut self) -> u64 {
        let Some(live) = self.recording.assets.changed_since(&mut self.version) else {
            return 0;
        };
        self.uploaded
            .retain(|handle, _| live.iter().any(|live| live.handle == *handle));
        let uploaded = &mut self.uploaded;
        let is_new =
            |live: &&Live| uploaded.insert(live.handle, live.revision) != Some(live.revision);
        live.iter().filter(is_new).map(Live::upload_bytes).sum()
    }
}

impl Renderer for NullRenderer {
    fn name(&self) -> &str {
        "null"
    }

    fn kind(&self) -> Kind {
        Kind::Null
    }

    fn size(&self) -> Size {
        self.extent.picture()
    }

    fn resize(&mut self, size: Size) {
        self.extent = self.extent.resized(size);
    }

    fn fix_size(&mut self, fixed: Option<(Size, Fit)>) {
        self.extent.fix(fixed);
    }

    fn placement(&self) -> Placement {
        self.extent.placement()
    }

    fn use_assets(&mut self, assets: Assets) {
        self.recording.assets = assets;
        self.version = 0;
        self.uploaded.clear();
    }

    fn set_time(&mut self, _: f32) {}

    fn begin(&mut self) -> &mut dyn Sink {
        self.recording.stats = Stats::default();
        self.recording.text = TextWork::default();
        &mut self.recording
    }

    fn submit(&mut self) -> Result<(), RenderError> {
        self.recording.text.check()?;
        self.last = std::mem::take(&mut self.recording.stats);
        self.last.asset_bytes = self.upload();
        Ok(())
    }

    fn present(&mut self) -> Result<(), RenderError> {
        Ok(())
    }

    fn capture(&mut self) -> Result<Picture, RenderError> {
        Err(RenderError::NullPicture)
    }

    #[cfg(feature = "overlay")]
    fn lay_over(&mut self, mut layer: Layer) {
        layer.textures.clear();
    }

    #[cfg(feature = "overlay")]
    fn capture_all(&mut self) -> Result<Picture, RenderError> {
        self.capture()
    }

    fn stats(&self) -> Stats {
        self.last
    }
}

impl Sink for Counter {
    fn clear(&mut self, _: Color) {
        self.stats = Stats::default();
    }

    fn set_camera(&mut self, _: Option<Camera>) {}

    fn quads(&mut self, words: &[u32]) {
        self.stats.quads += (words.len() / Quad::WORDS) as u64;
    }

    fn sprites(&mut self, _: u32, words: &[u32]) {
        self.stats.sprites += (words.len() / Sprite::WORDS) as u64;
    }

    fn text(&mut self, style: &TextStyle, _: [f32; 2], text: &str) {
        if let Some(layout) = self.text.layout(&self.assets, style, text) {
            self.stats.glyphs += layout.glyphs.len() as u64;
        }
    }

    fn triangles(&mut self, _: Option<u32>, words: &[u32]) {
        self.stats.triangles += (words.len() / (3 * VERTEX_WORDS)) as u64;
    }

    fn set_area(&mut self, _: Option<Area>) {}

    fn set_look(&mut self, _: Look, _: &[u32]) {}

    fn set_matrix(&mut self, _: [f32; 16]) {}

    fn meshes(&mut self, _: u32, _: Option<u32>, words: &[u32]) {
        self.stats.meshes += (words.len() / INSTANCE_WORDS) as u64;
    }

    fn set_target(&mut self, _: Option<u32>, _: Option<Color>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submitted_commands_are_counted() {
        let mut renderer = NullRenderer::new(Size::new(4, 3));
        let words = [0; 5 * Quad::WORDS + 1];
        let sink = renderer.begin();
        sink.quads(&words);
        sink.clear(Color::BLACK);
        sink.quads(&words);
        assert_eq!(renderer.stats().quads, 0, "not before it is submitted");
        renderer.submit().unwrap();
        let expected = Stats {
            quads: 5,
            ..Stats::default()
        };
        assert_eq!(renderer.stats(), expected);
        renderer.begin().quads(&words);
        renderer.begin();
        renderer.submit().unwrap();
        assert_eq!(
            renderer.stats().quads,
            0,
            "begun again, the first recording is dropped"
        );
    }

    #[test]
    fn a_missing_picture_is_an_error_with_advice() {
        let mut renderer = NullRenderer::new(Size::new(4, 3));
        renderer.submit().and_then(|()| renderer.present()).unwrap();
        let message = renderer.capture().unwrap_err().to_string();
        assert!(message.contains("mesa-vulkan-drivers"), "{message}");
    }

    #[test]
    fn a_minimised_window_keeps_the_pictures_size() {
        let mut renderer = NullRenderer::new(Size::new(4, 3));
        renderer.resize(Size::new(0, 3));
        assert_eq!(renderer.size(), Size::new(4, 3));
        renderer.resize(Size::new(5, 3));
        assert_eq!(renderer.size(), Size::new(5, 3));
    }
}
