//! The work for the texts of one picture, and its limit. Knows no fonts and no GPU.

use std::sync::Arc;

use vblank_input::Size;

use crate::RenderError;
use crate::assets::Assets;
use crate::commands::{Camera, TextStyle};
use crate::text::Layout;

/// Largest size of the text in one picture, in bytes.
const MOST_TEXT: u64 = 1 << 20;
/// Largest work for new layouts in one picture, in bytes of text: some thousand short texts. It takes about a
/// second.
const MOST_WORK: u64 = 1 << 20;

/// The work for the texts of a picture.
#[derive(Debug, Default)]
pub(crate) struct TextWork {
    bytes: u64,
    /// Work for new layouts, in bytes of text.
    layouts: u64,
}

impl TextWork {
    /// Returns the layout of a text. `None` if the picture is over its limit.
    pub fn layout(
        &mut self,
        assets: &Assets,
        style: &TextStyle,
        text: &str,
    ) -> Option<Arc<Layout>> {
        self.bytes += text.len() as u64;
        self.check().ok()?;
        let before = assets.layout_work();
        let layout = assets.layout(style, text);
        self.layouts += assets.layout_work() - before;
        Some(layout)
    }

    /// Checks that the picture is within the limits.
    ///
    /// # Errors
    /// The limit that is exceeded.
    pub fn check(&self) -> Result<(), RenderError> {
        within("bytes of text", self.bytes, MOST_TEXT)?;
        within(
            "bytes of new text (256 more for each text)",
            self.layouts,
            MOST_WORK,
        )
    }
}

/// Checks a number against its limit.
pub(crate) fn within(what: &'static str, count: u64, max: u64) -> Result<(), RenderError> {
    if count <= max {
        return Ok(());
    }
    Err(RenderError::TooMany { what, count, max })
}

/// The view through which a text is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextView {
    pub camera: Option<Camera>,
    pub target: Size,
}

impl TextView {
    /// False if no part of a text can be visible. Measures with a circle that any layout fits in.
    pub fn may_show(&self, style: &TextStyle, [x, y]: [f32; 2], text: &str) -> bool {
        // No glyph is wider or higher than some sizes of its font.
        let radius = (text.len() as f32 + 4.0) * 4.0 * style.size + style.width.unwrap_or(0.0);
        let [width, height] = [self.target.width as f32, self.target.height as f32];
        let (x, y, radius) = match self.camera {
            None => (x, y, radius),
            Some(camera) => {
                let (dx, dy) = ((x - camera.x) * camera.zoom, (y - camera.y) * camera.zoom);
                let (sin, cos) = camera.rotation.sin_cos();
                (
                    width / 2.0 + dx * cos - dy * sin,
                    height / 2.0 + dx * sin + dy * cos,
                    radius * camera.zoom.abs(),
                )
            }
        };
        // A number that is NaN shows nothing either.
        x + radius >= 0.0 && x - radius <= width && y + radius >= 0.0 && y - radius <= height
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{Align, Color};

    const STYLE: TextStyle = TextStyle {
        font: 0,
        size: 10.0,
        color: Color::BLACK,
        align: Align::Left,
        width: None,
    };

    #[test]
    fn many_new_texts_are_too_much_and_known_ones_are_not() {
        let assets = Assets::default();
        let mut work = TextWork::default();
        for number in 0..100_000 {
            work.layout(&assets, &STYLE, &number.to_string());
        }
        let error = work.check().unwrap_err().to_string();
        assert!(error.contains("bytes of new text"), "{error}");
        assert!(assets.layout_work() < 2 * MOST_WORK);
        let mut work = TextWork::default();
        for _ in 0..100_000 {
            work.layout(&assets, &STYLE, "score");
        }
        assert!(work.check().is_ok());
    }

    #[test]
    fn a_text_far_outside_is_not_laid_out() {
        let target = Size::new(320, 200);
        let view = TextView {
            camera: None,
            target,
        };
        for (place, may_show) in [
            ([0.0, 0.0], true),
            ([-100.0, 100.0], true),
            ([-10_000.0, 100.0], false),
            ([100.0, 10_000.0], false),
            ([f32::NAN, 0.0], false),
        ] {
            assert_eq!(view.may_show(&STYLE, place, "text"), may_show, "{place:?}");
        }
        let camera = Some(Camera {
            x: -10_000.0,
            y: 100.0,
            zoom: 2.0,
            rotation: 1.0,
        });
        let view = TextView { camera, target };
        assert!(view.may_show(&STYLE, [-10_000.0, 100.0], "text"));
        assert!(!view.may_show(&STYLE, [0.0, 0.0], "text"));
    }
}
