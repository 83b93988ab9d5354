//! The canvas: immediate drawing into a buffer of the guest, which is lent to the host once a
//! frame.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use glam::Vec2;

use crate::assets::{self, Filter, Font, Shader, Texture};
use crate::bindings::vblank::guest::draw::{self, TextStyle};
use crate::color::Color;
use crate::input::Size;
use crate::mesh::Mesh;
use crate::sprite::{self, SPRITE, Sprite};
use crate::words::Words;

pub use draw::Camera;

/// Words in a quad; see `wit/draw.wit`.
const QUAD: usize = 8;

pub(crate) enum Command {
    Clear(Color),
    Camera(Option<Camera>),
    /// Range of words.
    Quads(Range<usize>),
    Sprites(Texture, Range<usize>),
    /// Range of letters.
    Text(TextStyle, Vec2, Range<usize>),
    Triangles(Option<Texture>, Range<usize>),
    Area(Option<draw::Area>),
    Look(Option<draw::Look>, Range<usize>),
    Matrix(Range<usize>),
    Meshes(Mesh, Option<Texture>, Range<usize>),
    /// A canvas and the colour that fills it, or `None` for the picture.
    Target(Option<(Texture, Option<u32>)>),
}

/// The surface that a game draws on.
///
/// Coordinates are pixels with the origin at the top left and y downwards, unless a
/// [camera](Canvas::set_camera) is set. Later shapes cover earlier ones.
///
/// A shape costs some nanoseconds: 32 bytes are written to a buffer. The host reads the buffer in
/// place, once a frame.
pub struct Canvas {
    pub(crate) size: Size,
    alpha: f32,
    pub(crate) commands: Vec<Command>,
    pub(crate) words: Words,
    /// All texts, one after the other.
    pub(crate) letters: String,
    fonts: BTreeMap<Box<str>, Font>,
    pub(crate) shapes: usize,
    pub(crate) filter: Filter,
    textures: Textures,
    pub(crate) shaders: BTreeMap<Box<str>, Shader>,
    pub(crate) meshes: BTreeMap<Box<str>, Mesh>,
    pub(crate) canvases: BTreeMap<Box<str>, (Texture, Size)>,
    /// The last error of a material, so that each is logged once.
    pub(crate) last_problem: RefCell<String>,
}

/// The textures that this code has drawn with, by key.
struct Textures {
    known: BTreeMap<Box<str>, (Texture, Filter)>,
    /// The last key, since the same key often comes again.
    last_key: String,
    last: Option<(Texture, Filter)>,
}

/// The content of a sprite: the key of a texture, or a [`Texture`].
pub trait Image {
    #[doc(hidden)]
    fn find(&self, canvas: &mut Canvas) -> Texture;
}

impl Image for Texture {
    fn find(&self, _: &mut Canvas) -> Texture {
        *self
    }
}

impl<T: AsRef<str> + ?Sized> Image for &T {
    fn find(&self, canvas: &mut Canvas) -> Texture {
        canvas.texture(self.as_ref())
    }
}

impl Canvas {
    /// Returns the size of the picture in pixels.
    #[must_use]
    pub fn size(&self) -> Vec2 {
        self.size.as_vec2()
    }

    /// Returns the time of this picture between the last update (0) and the next (1).
    ///
    /// Fast objects look smoother when drawn at `position + velocity * dt * alpha`.
    #[must_use]
    pub fn alpha(&self) -> f32 {
        self.alpha
    }

    /// Fills the whole picture, or the canvas that is drawn to.
    ///
    /// Earlier drawing is removed. The camera and the area stay set, a material does not. Without a
    /// call, the picture is black before the first shape.
    pub fn clear(&mut self, color: Color) {
        // Drawing to a canvas is kept.
        let is_target = |command: &Command| matches!(command, Command::Target(_));
        if self.commands.iter().any(is_target) {
            self.commands.push(Command::Clear(color));
            return;
        }
        // The host resets its camera and area at a clear, so they are sent again.
        let is_camera = |command: &Command| matches!(command, Command::Camera(_));
        let is_area = |command: &Command| matches!(command, Command::Area(_));
        let camera = self.commands.iter().rposition(is_camera);
        let camera = camera.map(|at| self.commands.remove(at));
        let area = self.commands.iter().rposition(is_area);
        let area = area.map(|at| self.commands.remove(at));
        self.forget();
        self.commands.push(Command::Clear(color));
        self.commands.extend(camera);
        self.commands.extend(area);
    }

    /// Makes coordinates those of the camera's world, from here on.
    pub fn set_camera(&mut self, camera: Camera) {
        self.commands.push(Command::Camera(Some(camera)));
    }

    /// Makes coordinates pixels again, from here on.
    pub fn reset_camera(&mut self) {
        self.commands.push(Command::Camera(None));
    }

    /// Draws a filled circle.
    pub fn circle(&mut self, center: impl Into<Vec2>, radius: f32, color: Color) {
        self.quad(center.into(), Vec2::splat(radius), 0.0, radius, 0.0, color);
    }

    /// Draws the outline of a circle, `width` wide, inwards.
    pub fn ring(&mut self, center: impl Into<Vec2>, radius: f32, width: f32, color: Color) {
        self.quad(
            center.into(),
            Vec2::splat(radius),
            0.0,
            radius,
            width,
            color,
        );
    }

    /// Draws a filled rectangle by its top left corner and its size.
    pub fn rect(&mut self, corner: impl Into<Vec2>, size: impl Into<Vec2>, color: Color) {
        self.rounded_rect(corner, size, 0.0, color);
    }

    /// Draws a filled rectangle with rounded corners.
    pub fn rounded_rect(
        &mut self,
        corner: impl Into<Vec2>,
        size: impl Into<Vec2>,
        radius: f32,
        color: Color,
    ) {
        let half = size.into() * 0.5;
        self.quad(corner.into() + half, half, 0.0, radius, 0.0, color);
    }

    /// Draws the outline of a rectangle, `width` wide, inwards.
    pub fn rect_outline(
        &mut self,
        corner: impl Into<Vec2>,
        size: impl Into<Vec2>,
        width: f32,
        color: Color,
    ) {
        let half = size.into() * 0.5;
        self.quad(corner.into() + half, half, 0.0, 0.0, width, color);
    }

    /// Draws a filled rectangle by its centre, turned by `rotation` radians, clockwise.
    pub fn rotated_rect(
        &mut self,
        center: impl Into<Vec2>,
        size: impl Into<Vec2>,
        rotation: f32,
        color: Color,
    ) {
        let half = size.into() * 0.5;
        self.quad(center.into(), half, rotation, 0.0, 0.0, color);
    }

    /// Draws a line with round ends.
    pub fn line(&mut self, from: impl Into<Vec2>, to: impl Into<Vec2>, width: f32, color: Color) {
        let (from, to) = (from.into(), to.into());
        let along = to - from;
        let half = Vec2::new(along.length() * 0.5 + width * 0.5, width * 0.5);
        let rotation = along.y.atan2(along.x);
        self.quad((from + to) * 0.5, half, rotation, width * 0.5, 0.0, color);
    }

    #[inline]
    fn quad(
        &mut self,
        center: Vec2,
        half_size: Vec2,
        rotation: f32,
        radius: f32,
        outline: f32,
        color: Color,
    ) {
        let start = self.words.len();
        let quad: [u32; QUAD] = [
            center.x.to_bits(),
            center.y.to_bits(),
            half_size.x.to_bits(),
            half_size.y.to_bits(),
            rotation.to_bits(),
            radius.to_bits(),
            outline.to_bits(),
            color.packed(),
        ];
        self.words.push(quad);
        self.shapes += 1;
        match self.commands.last_mut() {
            Some(Command::Quads(range)) => range.end = start + QUAD,
            _ => self.commands.push(Command::Quads(start..start + QUAD)),
        }
    }

    /// Draws a texture at its size in pixels, with its middle at `position`. Methods of the
    /// returned value change the sprite:
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # fn draw(canvas: &mut Canvas, ship: Vec2, angle: f32) {
    /// canvas.sprite("ship", ship).rotated(angle).scaled(2.0);
    /// canvas.sprite("tiles", (8.0, 8.0)).part(16, 0, 16, 16).tinted(Color::GRAY);
    /// # }
    /// ```
    ///
    /// `"ship"` is the texture that the program gave under this key, or `assets/ship.png` in the
    /// guest's folder. The first use of a key calls the host. After that a sprite costs some
    /// nanoseconds: 48 bytes are written to a buffer.
    pub fn sprite(&mut self, image: impl Image, position: impl Into<Vec2>) -> Sprite<'_> {
        let texture = image.find(self);
        let start = self.words.len();
        let end = start + SPRITE;
        let words = self.words.push(sprite::plain(position.into()));
        self.shapes += 1;
        match self.commands.last_mut() {
            Some(Command::Sprites(last, range)) if *last == texture => range.end = end,
            _ => self.commands.push(Command::Sprites(texture, start..end)),
        }
        Sprite::of(words)
    }

    pub(crate) fn style_mut(&mut self, index: usize) -> Option<&mut TextStyle> {
        match self.commands.get_mut(index)? {
            Command::Text(style, ..) => Some(style),
            _ => None,
        }
    }

    /// Returns the font of a key. The first use calls the host.
    pub(crate) fn font(&mut self, key: &str) -> Font {
        if let Some(font) = self.fonts.get(key) {
            return *font;
        }
        let font = assets::font(key);
        self.fonts.insert(key.into(), font);
        font
    }

    /// Returns the texture of a key. Drawing with it is faster than with its key when there are
    /// many keys.
    pub fn texture(&mut self, key: &str) -> Texture {
        let filter = self.filter;
        self.remember(key, || assets::texture(key, filter))
    }

    /// Returns a texture that a function paints pixel by pixel, when this code first draws with it.
    ///
    /// After a swap the new code paints it again. If the pixels are the same, nothing is uploaded.
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # fn draw(canvas: &mut Canvas) {
    /// let brick = canvas.painted("brick", (16, 8), |x, y| {
    ///     if x == 0 || y == 0 { Color::GRAY } else { Color::RED }
    /// });
    /// canvas.sprite(brick, (100.0, 50.0));
    /// # }
    /// ```
    pub fn painted(
        &mut self,
        key: &str,
        size: (u32, u32),
        paint: impl FnMut(u32, u32) -> Color,
    ) -> Texture {
        let filter = self.filter;
        self.remember(key, || assets::painted(key, size, filter, paint))
    }

    /// Sets the filter of textures for the rest of this picture: blended, or square pixels for
    /// pixel art.
    ///
    /// A texture has one filter at a time.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
    }

    /// Returns the texture of a key. The first use calls the host.
    fn remember(&mut self, key: &str, ask: impl FnOnce() -> Texture) -> Texture {
        let filter = self.filter;
        let Textures {
            known,
            last_key,
            last,
        } = &mut self.textures;
        match last {
            Some((texture, look)) if *look == filter && last_key == key => return *texture,
            _ => {}
        }
        let texture = match known.get(key) {
            Some((texture, look)) if *look == filter => *texture,
            _ => {
                let texture = ask();
                known.insert(key.into(), (texture, filter));
                texture
            }
        };
        last_key.clear();
        last_key.push_str(key);
        *last = Some((texture, filter));
        texture
    }

    fn forget(&mut self) {
        self.commands.clear();
        self.words.clear();
        self.letters.clear();
        self.shapes = 0;
    }

    /// Returns an empty canvas.
    pub(crate) const fn new() -> Self {
        Self {
            size: Size {
                width: 0,
                height: 0,
            },
            alpha: 0.0,
            commands: Vec::new(),
            words: Words::new(),
            letters: String::new(),
            fonts: BTreeMap::new(),
            shapes: 0,
            filter: Filter::Linear,
            textures: Textures {
                known: BTreeMap::new(),
                last_key: String::new(),
                last: None,
            },
            shaders: BTreeMap::new(),
            meshes: BTreeMap::new(),
            canvases: BTreeMap::new(),
            last_problem: RefCell::new(String::new()),
        }
    }

    /// Returns the number of shapes.
    pub(crate) fn shapes(&self) -> usize {
        self.shapes
    }

    pub(crate) fn begin(&mut self, size: Size, alpha: f32) {
        self.size = size;
        self.alpha = alpha;
        self.filter = Filter::Linear;
        self.forget();
    }

    /// Sends everything to the host. The buffers stay unchanged until the next [`Canvas::begin`].
    pub(crate) fn submit(&self) {
        for command in &self.commands {
            match command {
                Command::Clear(color) => draw::clear(color.packed()),
                Command::Camera(camera) => draw::set_camera(*camera),
                Command::Quads(range) => draw::quads(&self.words[range.clone()]),
                Command::Sprites(texture, range) => {
                    draw::sprites(texture.0, &self.words[range.clone()]);
                }
                Command::Text(style, at, letters) => {
                    draw::text(*style, at.x, at.y, &self.letters[letters.clone()]);
                }
                Command::Triangles(texture, range) => {
                    let texture = texture.map(|texture| texture.0);
                    draw::triangles(texture, &self.words[range.clone()]);
                }
                Command::Area(area) => draw::set_area(*area),
                Command::Look(look, params) => self.send_look(*look, params),
                Command::Matrix(range) => draw::set_matrix(&self.words[range.clone()]),
                Command::Meshes(mesh, texture, range) => {
                    let texture = texture.map(|texture| texture.0);
                    draw::meshes(mesh.0, texture, &self.words[range.clone()]);
                }
                Command::Target(target) => {
                    let canvas = target.map(|(canvas, _)| canvas.0);
                    draw::set_target(canvas, target.and_then(|(_, clear)| clear));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_keeps_the_camera_and_the_area() {
        let mut canvas = Canvas::new();
        let camera = |x| Camera {
            x,
            y: 0.0,
            zoom: 1.0,
            rotation: 0.0,
        };
        canvas.set_camera(camera(1.0));
        canvas.set_area((1.0, 2.0), (3.0, 4.0));
        canvas.set_camera(camera(2.0));
        canvas.circle((0.0, 0.0), 1.0, Color::RED);
        canvas.clear(Color::BLACK);
        let [
            Command::Clear(_),
            Command::Camera(Some(kept)),
            Command::Area(Some(_)),
        ] = &canvas.commands[..]
        else {
            panic!("{} commands", canvas.commands.len());
        };
        assert_eq!((kept.x, canvas.shapes()), (2.0, 0));
    }
}
