//! Text on a canvas: writing it, its settings and its size.

use std::fmt::{Display, Write};

use glam::Vec2;

use crate::bindings::vblank::guest::draw::{Align, TextStyle};
use crate::canvas::{Canvas, Command};
use crate::color::Color;

/// Height of a line, relative to the size of its font.
const LINE: f32 = 1.2;

/// Default settings.
const PLAIN: TextStyle = TextStyle {
    font: 0,
    size: 20.0,
    color: Color::WHITE.packed(),
    align: Align::Left,
    width: None,
};

/// A text on the canvas, from [`Canvas::text`]. Its methods change the settings in place.
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

    /// Sets the size of the font in units. The default is 20. A line is 1.2 times as high.
    pub fn size(self, size: f32) -> Self {
        self.change(|style| style.size = size)
    }

    /// Sets the colour. The default is white.
    pub fn color(self, color: Color) -> Self {
        self.change(|style| style.color = color.packed())
    }

    /// Centres each line at the position. A [wrapped](Self::wrapped) text is centred in its width.
    pub fn centered(self) -> Self {
        self.change(|style| style.align = Align::Center)
    }

    /// Aligns the right end of each line with the position. A [wrapped](Self::wrapped) text is
    /// aligned at the right of its width.
    pub fn right(self) -> Self {
        self.change(|style| style.align = Align::Right)
    }

    /// Wraps lines at this width, in units.
    pub fn wrapped(self, width: f32) -> Self {
        self.change(|style| style.width = Some(width))
    }

    /// Sets the font by its key: the one the program gave, or `assets/KEY.ttf` or `.otf` in the
    /// guest's folder.
    ///
    /// The built-in font is used until it is loaded.
    pub fn font(self, key: &str) -> Self {
        let font = self.canvas.font(key);
        self.change(|style| style.font = font.0)
    }

    /// Returns width and height with the current settings, in units. Costs a call into the host.
    #[must_use]
    pub fn extent(&self) -> Vec2 {
        self.canvas.extent_of(self.index)
    }
}

impl Canvas {
    /// Writes a text in white and size 20, with its top left corner at `position`. Methods of the
    /// returned value change it:
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # fn draw(canvas: &mut Canvas, score: u32) {
    /// canvas.text("Hello", (10.0, 10.0));
    /// canvas.text(format_args!("score {score}"), (640.0, 20.0)).centered().color(Color::YELLOW);
    /// # }
    /// ```
    ///
    /// The built-in font has Latin, Greek and Cyrillic letters and emoji. [`Text::font`] sets
    /// another. Any `Display` value is written without an allocation.
    pub fn text(&mut self, text: impl Display, position: impl Into<Vec2>) -> Text<'_> {
        let start = self.letters.len();
        // Writing to a string fails only when the value's own `Display` fails.
        let _ = write!(self.letters, "{text}");
        let letters = start..self.letters.len();
        let text = Command::Text(PLAIN, position.into(), letters);
        self.commands.push(text);
        self.shapes += 1;
        let index = self.commands.len() - 1;
        Text::of(self, index)
    }

    /// Returns width and height of a text in the built-in font, in units.
    ///
    /// [`Text::extent`] measures a text that was written. Under `cargo test` there is no font, and
    /// the result is an estimate.
    #[must_use]
    pub fn measure(&mut self, text: impl Display, size: f32) -> Vec2 {
        let start = self.letters.len();
        // Writing to a string fails only when the value's own `Display` fails.
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

/// Returns width and height of a text, in units.
fn measure(style: TextStyle, text: &str) -> Vec2 {
    if cfg!(target_arch = "wasm32") {
        let extent = crate::bindings::vblank::guest::draw::measure(style, text);
        return Vec2::new(extent.width, extent.height);
    }
    // Without a host there is no font, and letters count as half as wide as they are high.
    let wide = |line: &str| line.chars().count() as f32 * style.size * 0.5;
    let widest = text.split('\n').map(wide).fold(0.0, f32::max);
    let lines = text.split('\n').count() as f32;
    Vec2::new(widest, lines * style.size * LINE)
}
