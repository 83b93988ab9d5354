//! `Sprite`: a sprite on the canvas, whose settings can still be changed.

use glam::Vec2;

use crate::color::Color;

/// Words in a sprite; see `wit/draw.wit`.
pub(crate) const SPRITE: usize = 12;

/// A sprite on the canvas, from [`Canvas::sprite`](crate::Canvas::sprite).
///
/// The sprite is already drawn. Each method changes a word or two in place, so settings that are
/// not used cost nothing.
pub struct Sprite<'a> {
    words: &'a mut [u32; SPRITE],
}

/// Returns a sprite of its texture's size, with its middle at this position.
#[inline]
pub(crate) fn plain(position: Vec2) -> [u32; SPRITE] {
    let half = 0.5_f32.to_bits();
    let one = 1.0_f32.to_bits();
    let white = Color::WHITE.packed();
    let (x, y) = (position.x.to_bits(), position.y.to_bits());
    [x, y, 0, 0, 0, half, half, 0, 0, white, one, one]
}

impl<'a> Sprite<'a> {
    #[inline]
    pub(crate) fn of(words: &'a mut [u32; SPRITE]) -> Self {
        Self { words }
    }

    #[inline]
    fn set(self, first: usize, to: Vec2) -> Self {
        self.words[first] = to.x.to_bits();
        self.words[first + 1] = to.y.to_bits();
        self
    }

    /// Sets the size in units. The default is the texture's size in pixels.
    pub fn sized(self, size: impl Into<Vec2>) -> Self {
        self.set(2, size.into())
    }

    /// Turns the sprite about its pivot by `radians`, clockwise.
    #[inline]
    pub fn rotated(self, radians: f32) -> Self {
        self.words[4] = radians.to_bits();
        self
    }

    /// Sets the point that lies at the position and about which the sprite turns, as a fraction of
    /// width and height.
    ///
    /// The default is (0.5, 0.5), the middle. (0, 0) is the top left corner.
    pub fn pivot(self, pivot: impl Into<Vec2>) -> Self {
        self.set(5, pivot.into())
    }

    /// Shows a part of the texture, in its pixels. The sprite then has the size of the part.
    #[inline]
    pub fn part(self, x: u16, y: u16, width: u16, height: u16) -> Self {
        let pair = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        self.words[7] = pair(x, y);
        self.words[8] = pair(width, height);
        self
    }

    /// Multiplies the colour. The default is white.
    #[inline]
    pub fn tinted(self, color: Color) -> Self {
        self.words[9] = color.packed();
        self
    }

    /// Scales the sprite by a number, or by one for each direction.
    pub fn scaled(self, scale: impl Scale) -> Self {
        let now = Vec2::new(
            f32::from_bits(self.words[10]),
            f32::from_bits(self.words[11]),
        );
        self.set(10, now * scale.scale())
    }

    /// Flips the sprite left to right.
    pub fn flipped_x(self) -> Self {
        self.scaled((-1.0, 1.0))
    }

    /// Flips the sprite top to bottom.
    pub fn flipped_y(self) -> Self {
        self.scaled((1.0, -1.0))
    }
}

/// A scale, equal in both directions or not.
pub trait Scale {
    /// Returns the scale in x and y.
    fn scale(self) -> Vec2;
}

impl Scale for f32 {
    fn scale(self) -> Vec2 {
        Vec2::splat(self)
    }
}

impl Scale for Vec2 {
    fn scale(self) -> Vec2 {
        self
    }
}

impl Scale for (f32, f32) {
    fn scale(self) -> Vec2 {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_writes_its_word() {
        let mut words = plain(Vec2::new(1.0, 2.0));
        let float = f32::to_bits;
        let expected = [
            float(1.0),
            float(2.0),
            0,
            0,
            0,
            float(0.5),
            float(0.5),
            0,
            0,
            u32::MAX,
            float(1.0),
            float(1.0),
        ];
        assert_eq!(words, expected);
        words = plain(Vec2::ZERO);
        Sprite::of(&mut words)
            .sized((3.0, 4.0))
            .rotated(5.0)
            .pivot((6.0, 7.0))
            .part(8, 9, 10, 11)
            .tinted(Color::rgba(1, 2, 3, 4))
            .scaled(12.0)
            .flipped_x()
            .flipped_y()
            .scaled((1.0, 2.0));
        let said = [
            0,
            0,
            float(3.0),
            float(4.0),
            float(5.0),
            float(6.0),
            float(7.0),
            8 | 9 << 16,
            10 | 11 << 16,
            0x0403_0201,
            float(-12.0),
            float(-24.0),
        ];
        assert_eq!(words, said);
    }
}
