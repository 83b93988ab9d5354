//! A text that was just written, and what can still be said about it.

use glam::Vec2;

use crate::bindings::vblank::guest::draw::{Align, TextStyle};
use crate::{Canvas, Color};

/// Height of a line, in sizes of its font.
const LINE: f32 = 1.2;

/// Of a text of which nothing else is said.
pub(crate) const PLAIN: TextStyle = TextStyle {
    font: 0,
    size: 20.0,
    color: Color::WHITE.packed(),
    align: Align::Left,
    width: None,
};

/// A text on the canvas: [`Canvas::text`]. It is written already; each of these changes how.
pub struct Text<'a> {
    canvas: &'a mut Canvas,
    index: usize,
}

impl<'a> Text<'a> {
    pub(crate) fn of(canvas: &'a mut Canvas, index: usize) -> Self {
        Self { canvas, index }
    }

    fn change(self, change: impl FnOnce(&mut TextStyle)) -> Self {
        if let Some(style) = self.canvas.style_mut(self.index) {
            change(style);
        }
        self
    }

    /// Of the font, in units: 20 if nothing is said. A line is 1.2 times as high.
    pub fn size(self, size: f32) -> Self {
        self.change(|style| style.size = size)
    }

    /// White, if nothing is said.
    pub fn color(self, color: Color) -> Self {
        self.change(|style| style.color = color.packed())
    }

    /// With its middle at its position, and each line's; where it is [wrapped](Self::wrapped), in the
    /// middle of that width.
    pub fn centered(self) -> Self {
        self.change(|style| style.align = Align::Center)
    }

    /// With its right end at its position, and each line's; where it is [wrapped](Self::wrapped), at the
    /// right of that width.
    pub fn right(self) -> Self {
        self.change(|style| style.align = Align::Right)
    }

    /// With lines of at most this width, in units.
    pub fn wrapped(self, width: f32) -> Self {
        self.change(|style| style.width = Some(width))
    }

    /// In the font of a key: `assets/KEY.ttf` or `.otf` of the guest's folder, or what the program has
    /// given under it. Until it is there, in the built-in font.
    pub fn font(self, key: &str) -> Self {
        let font = self.canvas.font(key);
        self.change(|style| style.font = font.0)
    }

    /// Its width and height as it stands, in units. Costs a call into the host.
    #[must_use]
    pub fn extent(&self) -> Vec2 {
        self.canvas.extent_of(self.index)
    }
}

/// Width and height of a text, in units.
pub(crate) fn measure(style: TextStyle, text: &str) -> Vec2 {
    if cfg!(target_arch = "wasm32") {
        let extent = crate::bindings::vblank::guest::draw::measure(style, text);
        return Vec2::new(extent.width, extent.height);
    }
    // Without a host there is no font: letters are taken to be half as wide as they are high.
    let wide = |line: &str| line.chars().count() as f32 * style.size * 0.5;
    let widest = text.split('\n').map(wide).fold(0.0, f32::max);
    let lines = text.split('\n').count() as f32;
    Vec2::new(widest, lines * style.size * LINE)
}
