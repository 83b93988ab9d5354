//! A text that was just written, and what can still be said about it.

use std::fmt::{Display, Write};

use glam::Vec2;

use crate::bindings::vblank::guest::draw::{Align, TextStyle};
use crate::canvas::{Canvas, Command};
use crate::color::Color;

/// Height of a line, in sizes of its font.
const LINE: f32 = 1.2;

/// Of a text of which nothing else is said.
const PLAIN: TextStyle = TextStyle {
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
    fn of(canvas: &'a mut Canvas, index: usize) -> Self {
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

impl Canvas {
    /// A text, white and of size 20, its top left corner at `position`. What is returned changes that:
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # fn draw(canvas: &mut Canvas, score: u32) {
    /// canvas.text("Hello", (10.0, 10.0));
    /// canvas.text(format_args!("score {score}"), (640.0, 20.0)).centered().color(Color::YELLOW);
    /// # }
    /// ```
    ///
    /// The built-in font has Latin, Greek and Cyrillic letters and emoji; [`Text::font`] takes another.
    /// Numbers and whatever else can be displayed are written without an allocation.
    pub fn text(&mut self, text: impl Display, position: impl Into<Vec2>) -> Text<'_> {
        let start = self.letters.len();
        // Writing into a string fails only where the text's own `Display` does.
        let _ = write!(self.letters, "{text}");
        let letters = start..self.letters.len();
        let text = Command::Text(PLAIN, position.into(), letters);
        self.commands.push(text);
        self.shapes += 1;
        let index = self.commands.len() - 1;
        Text::of(self, index)
    }

    /// Width and height of a text of this size in the built-in font, in units. [`Text::extent`] tells
    /// those of one that was written. Under `cargo test` it is an estimate, since there is no font.
    #[must_use]
    pub fn measure(&mut self, text: impl Display, size: f32) -> Vec2 {
        let start = self.letters.len();
        // As above.
        let _ = write!(self.letters, "{text}");
        let style = TextStyle { size, ..PLAIN };
        let extent = measure(style, &self.letters[start..]);
        self.letters.truncate(start);
        extent
    }

    fn extent_of(&self, index: usize) -> Vec2 {
        match &self.commands[index] {
            Command::Text(style, _, letters) => measure(*style, &self.letters[letters.clone()]),
            _ => Vec2::ZERO,
        }
    }
}

/// Width and height of a text, in units.
fn measure(style: TextStyle, text: &str) -> Vec2 {
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
