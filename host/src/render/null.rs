//! The renderer of a machine without any: it counts, so that all the rest can be tested and run.

use super::commands::{Camera, Color, Quad, Sink};
use super::extent::Extent;
use super::{Fit, Kind, Picture, Placement, RenderError, Renderer, Size, Stats};

/// Draws nothing.
#[derive(Debug)]
pub struct NullRenderer {
    extent: Extent,
    recording: Counter,
    last: Stats,
}

#[derive(Debug, Default)]
struct Counter(Stats);

impl NullRenderer {
    /// A renderer of pictures of this size that nobody sees.
    pub fn new(size: Size) -> Self {
        Self {
            extent: Extent::new(size, u32::MAX),
            recording: Counter::default(),
            last: Stats::default(),
        }
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

    fn begin(&mut self) -> &mut dyn Sink {
        self.recording = Counter::default();
        &mut self.recording
    }

    fn submit(&mut self) -> Result<(), RenderError> {
        self.last = std::mem::take(&mut self.recording).0;
        Ok(())
    }

    fn present(&mut self) -> Result<(), RenderError> {
        Ok(())
    }

    fn capture(&mut self) -> Result<Picture, RenderError> {
        Err(RenderError::NullPicture)
    }

    fn stats(&self) -> Stats {
        self.last
    }
}

impl Sink for Counter {
    fn clear(&mut self, _: Color) {
        self.0.quads = 0;
    }

    fn set_camera(&mut self, _: Option<Camera>) {}

    fn quads(&mut self, words: &[u32]) {
        self.0.quads += (words.len() / Quad::WORDS) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_what_was_submitted() {
        let mut renderer = NullRenderer::new(Size::new(4, 3));
        let words = [0; 5 * Quad::WORDS + 1];
        let sink = renderer.begin();
        sink.quads(&words);
        sink.clear(Color::BLACK);
        sink.quads(&words);
        assert_eq!(renderer.stats().quads, 0, "not before it is submitted");
        renderer.submit().unwrap();
        assert_eq!(renderer.stats(), Stats { quads: 5, bytes: 0 });
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
    fn it_has_no_picture_and_says_what_would() {
        let mut renderer = NullRenderer::new(Size::new(4, 3));
        renderer.submit().and_then(|()| renderer.present()).unwrap();
        let message = renderer.capture().unwrap_err().to_string();
        assert!(message.contains("mesa-vulkan-drivers"), "{message}");
    }

    #[test]
    fn a_minimised_window_keeps_the_picture_s_size() {
        let mut renderer = NullRenderer::new(Size::new(4, 3));
        renderer.resize(Size::new(0, 3));
        assert_eq!(renderer.size(), Size::new(4, 3));
        renderer.resize(Size::new(5, 3));
        assert_eq!(renderer.size(), Size::new(5, 3));
    }
}
