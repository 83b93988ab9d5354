//! The commands of a picture, as in `wit/draw.wit`: a guest records them, and a renderer draws them.
//!
//! This module knows neither guests nor GPUs. Words have the layout that they have in the guest's memory.

use std::fmt;

use bytemuck::{Pod, Zeroable};

pub use super::placement::Fit;

/// A receiver of the commands of one picture, in order.
pub trait Sink {
    /// Fills the whole picture. Earlier drawing is removed, and the camera stays. Every picture starts
    /// black and opaque, and a translucent colour is blended with that.
    fn clear(&mut self, color: Color);

    /// Sets the camera for the following commands. With `None`, the default, coordinates are pixels.
    /// Nothing is visible through a camera that is not finite.
    fn set_camera(&mut self, camera: Option<Camera>);

    /// Draws quads over the present content, [`Quad::WORDS`] words each as in [`Quad`]. An incomplete quad
    /// at the end is left out. Quads that are not finite are not drawn.
    fn quads(&mut self, words: &[u32]);

    /// Draws parts of a texture over the present content, [`Sprite::WORDS`] words each as in [`Sprite`]. A
    /// missing texture is replaced by a placeholder. Sprites that are incomplete or not finite are left
    /// out.
    fn sprites(&mut self, texture: u32, words: &[u32]);

    /// Writes a text at a point: its top left corner, or the middle or the right end of its top. A missing
    /// font is replaced by the built-in one.
    fn text(&mut self, style: &TextStyle, position: [f32; 2], text: &str);

    /// Draws triangles over the present content, with three vertices of [`VERTEX_WORDS`] words each:
    /// position, texture coordinates from 0 to 1, and colour. An incomplete triangle at the end is left
    /// out.
    fn triangles(&mut self, texture: Option<u32>, words: &[u32]);

    /// Limits the following drawing to a part of the target, in pixels. `None` is the whole target. Nothing
    /// is visible in a part without pixels.
    fn set_area(&mut self, area: Option<Area>);

    /// Sets the look of the following drawing. The parameters are those that the shader declares, filled up
    /// with zeros.
    fn set_look(&mut self, look: Look, params: &[u32]);

    /// Sets the matrix of the following meshes, from the world to clip space, in columns.
    fn set_matrix(&mut self, matrix: [f32; 16]);

    /// Draws instances of a mesh, [`INSTANCE_WORDS`] words each: three rows of a matrix to the world, and a
    /// colour. Meshes hide what is behind them, and are drawn over earlier drawing.
    fn meshes(&mut self, mesh: u32, texture: Option<u32>, words: &[u32]);

    /// Sets the target of the following drawing: a canvas, or the picture with `None`. It starts in pixels
    /// and with the default look. With a colour, the target is filled first.
    fn set_target(&mut self, canvas: Option<u32>, clear: Option<Color>);
}

/// Words of a triangle's vertex.
pub const VERTEX_WORDS: usize = 5;
/// Words of an instance of a mesh.
pub const INSTANCE_WORDS: usize = 13;

/// A part of the target, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left side.
    pub x: f32,
    /// Upper side.
    pub y: f32,
    /// Width to the right.
    pub width: f32,
    /// Height downwards.
    pub height: f32,
}

/// The look of drawn things: the shader of sprites, triangles and meshes, and the blending of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    /// Handle of the shader; 0 is the default look.
    pub shader: u32,
    /// Handles of further textures that the shader reads; 0 is a white one.
    pub textures: [u32; 2],
    /// Blending with the present content.
    pub blend: Blend,
}

/// The blending of a colour with the colour below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blend {
    /// Covers it according to its alpha.
    #[default]
    Alpha,
    /// Is added to it, like light.
    Add,
    /// Is multiplied with it, like a filter.
    Multiply,
    /// Replaces it, including its alpha.
    Replace,
}

/// The style of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// Handle of the font; 0 is the built-in one.
    pub font: u32,
    /// Size of the font, in units.
    pub size: f32,
    /// Colour of the letters.
    pub color: Color,
    /// Alignment to the text's point, or within its width if it has one.
    pub align: Align,
    /// Width at which lines are broken, in units.
    pub width: Option<f32>,
}

/// The alignment of a text's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Align {
    /// Lines start at the same left end.
    #[default]
    Left,
    /// Lines are centred.
    Center,
    /// Lines end at the same right end.
    Right,
}

/// The view of the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Horizontal coordinate of the point of the world in the middle of the picture.
    pub x: f32,
    /// Vertical coordinate of that point.
    pub y: f32,
    /// Pixels for one unit of the world.
    pub zoom: f32,
    /// Rotation of the world in the picture: radians, clockwise on the screen.
    pub rotation: f32,
}

impl Camera {
    /// True if all numbers are finite, so that something can be visible.
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
    /// Opaque black, with which every picture starts.
    pub const BLACK: Self = Self::rgba(0, 0, 0, 255);

    /// Makes a colour of four bytes.
    pub const fn rgba(red: u8, green: u8, blue: u8, alpha: u8) -> Self {
        Self(u32::from_le_bytes([red, green, blue, alpha]))
    }

    /// Returns red, green, blue and alpha.
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
    /// Centre.
    pub center: [f32; 2],
    /// Half of width and height.
    pub half: [f32; 2],
    /// Rotation about the centre: radians, clockwise on the screen.
    pub rotation: f32,
    /// Radius of the corners. Half the smaller side or more gives a circle or a capsule.
    pub radius: f32,
    /// Width of the outline, inwards; 0 fills the quad.
    pub outline: f32,
    /// Colour.
    pub color: Color,
}

impl Quad {
    /// Words that make one quad.
    pub const WORDS: usize = 8;

    /// Returns the words of quads, as [`Sink::quads`] takes them.
    pub fn words(quads: &[Self]) -> &[u32] {
        bytemuck::cast_slice(quads)
    }
}

/// A part of a texture as a rectangle: the twelve words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Sprite {
    /// Position of the pivot.
    pub position: [f32; 2],
    /// Width and height. 0 takes that of the source in pixels.
    pub size: [f32; 2],
    /// Rotation about the pivot: radians, clockwise on the screen.
    pub rotation: f32,
    /// Pivot as a fraction of width and height: 0.5 is the middle.
    pub pivot: [f32; 2],
    /// Left and top of the source in the texture, in pixels.
    pub source: [u16; 2],
    /// Width and height of the source; 0 is the whole texture.
    pub source_size: [u16; 2],
    /// Colour that the texture is multiplied by.
    pub tint: Color,
    /// Factor of width and height, in addition to the size. A negative factor flips.
    pub scale: [f32; 2],
}

impl Sprite {
    /// Words that make one sprite.
    pub const WORDS: usize = 12;

    /// Returns the words of sprites, as [`Sink::sprites`] takes them.
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
