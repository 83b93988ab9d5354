//! The vocabulary of a picture, as in `wit/draw.wit`: what a guest records and a renderer replays.
//!
//! Knows neither guests nor GPUs: words come in as they lie in the guest's memory.

use std::fmt;

use bytemuck::{Pod, Zeroable};

pub use super::placement::Fit;

/// Takes the commands of one picture, in order.
pub trait Sink {
    /// Fills the whole picture; what was drawn before is gone, the camera stays. Every picture begins
    /// black and opaque, and a colour that is not opaque is blended with that.
    fn clear(&mut self, color: Color);

    /// From here on, coordinates are in the camera's world; `None`, with which each picture begins,
    /// is pixels. Through a camera that is not finite nothing can be seen.
    fn set_camera(&mut self, camera: Option<Camera>);

    /// Draws quads, [`Quad::WORDS`] words each as in [`Quad`], over what is there; a quad that is cut
    /// off at the end is left out. Quads that are not finite are not drawn.
    fn quads(&mut self, words: &[u32]);

    /// Draws parts of a texture, [`Sprite::WORDS`] words each as in [`Sprite`], over what is there.
    /// Where there is no such texture, a placeholder. As with quads, what is cut off or not finite is
    /// left out.
    fn sprites(&mut self, texture: u32, words: &[u32]);

    /// Writes a text from this point on: its top left corner, or the middle or the end of its top. Where
    /// there is no such font, in the built-in one.
    fn text(&mut self, style: &TextStyle, position: [f32; 2], text: &str);

    /// Draws triangles, three vertices of [`VERTEX_WORDS`] words each, over what is there: place, place in
    /// the texture from 0 to 1, colour. What is cut off at the end is left out.
    fn triangles(&mut self, texture: Option<u32>, words: &[u32]);

    /// From here on, only this part of the target is drawn to, in pixels; `None` is all of it. What lies
    /// outside of the target is left out, and nothing can be seen in a part without pixels.
    fn set_area(&mut self, area: Option<Area>);

    /// From here on, things look like this; the parameters are those that the shader declares, filled up
    /// with zeros.
    fn set_look(&mut self, look: Look, params: &[u32]);

    /// From here on, meshes are seen through this matrix: from the world to clip space, column by column.
    fn set_matrix(&mut self, matrix: [f32; 16]);

    /// Draws instances of a mesh, [`INSTANCE_WORDS`] words each: three rows of its place in the world, and
    /// a colour. Meshes hide what is behind them, and are drawn over what was drawn before them.
    fn meshes(&mut self, mesh: u32, texture: Option<u32>, words: &[u32]);

    /// From here on, this canvas is drawn to, or `None`, the picture, in pixels and with the usual look; with
    /// a colour it is filled first.
    fn set_target(&mut self, canvas: Option<u32>, clear: Option<Color>);
}

/// Words of a triangle's vertex.
pub const VERTEX_WORDS: usize = 5;
/// Words of an instance of a mesh.
pub const INSTANCE_WORDS: usize = 13;

/// A part of the target, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Its left side.
    pub x: f32,
    /// Its upper side.
    pub y: f32,
    /// To the right from there.
    pub width: f32,
    /// Downwards from there.
    pub height: f32,
}

/// How things look that are drawn: sprites, triangles and meshes by a shader, all of them by how they are
/// blended with what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    /// Of the assets; 0 is the usual look.
    pub shader: u32,
    /// Further textures that the shader reads; 0 is a white one.
    pub textures: [u32; 2],
    /// With what is there.
    pub blend: Blend,
}

/// How a colour is put over another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blend {
    /// Over it, as much as it is opaque.
    #[default]
    Alpha,
    /// Added to it, as light is.
    Add,
    /// Multiplied with it, as a filter does.
    Multiply,
    /// In its place, with its own alpha.
    Replace,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// Of the assets; 0 is the built-in one.
    pub font: u32,
    /// Of the font, in units.
    pub size: f32,
    /// Of its letters.
    pub color: Color,
    /// To which side of its point it lies; where it has a width, within that.
    pub align: Align,
    /// Lines are broken so that none is wider, in units.
    pub width: Option<f32>,
}

/// Where the lines of a text begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Align {
    /// All at the left.
    #[default]
    Left,
    /// Their middles are one below the other.
    Center,
    /// All end at the right.
    Right,
}

/// What part of the world is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The point of the world that is shown in the middle of the picture.
    pub x: f32,
    /// See `x`.
    pub y: f32,
    /// Pixels for one unit of the world.
    pub zoom: f32,
    /// How far the world is turned in the picture: radians, clockwise on the screen.
    pub rotation: f32,
}

impl Camera {
    /// Whether anything can be seen through it.
    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.zoom, self.rotation]
            .iter()
            .all(|number| number.is_finite())
    }
}

/// An sRGB colour with straight alpha, packed as 0xAABBGGRR.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Color(pub u32);

impl Color {
    /// What every picture begins with.
    pub const BLACK: Self = Self::rgba(0, 0, 0, 255);

    /// A colour of four bytes.
    pub const fn rgba(red: u8, green: u8, blue: u8, alpha: u8) -> Self {
        Self(u32::from_le_bytes([red, green, blue, alpha]))
    }

    /// Red, green, blue, alpha.
    pub const fn bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }
}

impl fmt::Debug for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue, alpha] = self.bytes();
        write!(f, "#{red:02x}{green:02x}{blue:02x}{alpha:02x}")
    }
}

/// A rectangle, rounded rectangle, capsule or circle, filled or as an outline: the eight words of the
/// contract.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Quad {
    /// The middle.
    pub center: [f32; 2],
    /// Half the width, half the height.
    pub half: [f32; 2],
    /// About the centre: radians, clockwise on the screen.
    pub rotation: f32,
    /// Of the corners; half the smaller side or more gives a circle or a capsule.
    pub radius: f32,
    /// Width of the outline, inwards; 0 fills the quad.
    pub outline: f32,
    /// Its colour.
    pub color: Color,
}

impl Quad {
    /// Words that make one quad.
    pub const WORDS: usize = 8;

    /// The words of some quads, as [`Sink::quads`] takes them.
    pub fn words(quads: &[Self]) -> &[u32] {
        bytemuck::cast_slice(quads)
    }
}

/// A part of a texture as a rectangle: the twelve words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Sprite {
    /// Where the pivot is.
    pub position: [f32; 2],
    /// Width and height; 0 takes that of the source in pixels.
    pub size: [f32; 2],
    /// About the pivot: radians, clockwise on the screen.
    pub rotation: f32,
    /// As a part of width and height: the middle is one half.
    pub pivot: [f32; 2],
    /// Left and top of the source in the texture, in pixels.
    pub source: [u16; 2],
    /// Its width and height; 0 is the whole texture.
    pub source_size: [u16; 2],
    /// What the texture is multiplied by.
    pub tint: Color,
    /// Of width and height, beyond the size; negative flips.
    pub scale: [f32; 2],
}

impl Sprite {
    /// Words that make one sprite.
    pub const WORDS: usize = 12;

    /// The words of some sprites, as [`Sink::sprites`] takes them.
    pub fn words(sprites: &[Self]) -> &[u32] {
        bytemuck::cast_slice(sprites)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_quad_are_those_of_the_contract() {
        assert_eq!(size_of::<Quad>(), Quad::WORDS * size_of::<u32>());
        let color = Color::rgba(0x11, 0x22, 0x33, 0x44);
        let quad = Quad {
            center: [1.0, 2.0],
            half: [3.0, 4.0],
            rotation: 5.0,
            radius: 6.0,
            outline: 7.0,
            color,
        };
        let mut expected = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0_f32].map(f32::to_bits);
        expected[7] = 0x4433_2211;
        assert_eq!(Quad::words(&[quad]), expected);
        assert_eq!(format!("{color:?}"), "#11223344");
    }

    #[test]
    fn the_words_of_a_sprite_are_those_of_the_contract() {
        assert_eq!(size_of::<Sprite>(), Sprite::WORDS * size_of::<u32>());
        let sprite = Sprite {
            position: [1.0, 2.0],
            size: [3.0, 4.0],
            rotation: 5.0,
            pivot: [6.0, 7.0],
            source: [8, 9],
            source_size: [10, 11],
            tint: Color(0x4433_2211),
            scale: [12.0, 13.0],
        };
        let words = [sprite];
        let words = Sprite::words(&words);
        assert_eq!(
            words[..7],
            [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0].map(f32::to_bits)
        );
        assert_eq!(words[7..10], [8 | 9 << 16, 10 | 11 << 16, 0x4433_2211]);
        assert_eq!(words[10..], [12.0_f32, 13.0].map(f32::to_bits));
    }
}
