//! The canvas: immediate drawing, batched in the guest's own memory and lent to the host at the end.

use std::ops::Range;

use glam::Vec2;

use crate::Color;
use crate::bindings::vblank::guest::draw;
use crate::input::Size;

pub use draw::Camera;

/// Words in a quad; see `wit/draw.wit`.
const QUAD: usize = 8;

enum Command {
    Clear(Color),
    Camera(Option<Camera>),
    /// Of the words.
    Quads(Range<usize>),
}

/// What a game draws on. Coordinates are pixels with the origin at the top left and y downwards,
/// unless a [camera](Canvas::set_camera) is set. Later shapes cover earlier ones.
///
/// A shape costs some nanoseconds: it is 32 bytes written to a buffer. The host gets the buffer as it
/// lies, once a frame.
pub struct Canvas {
    size: Size,
    alpha: f32,
    commands: Vec<Command>,
    words: Vec<u32>,
}

impl Canvas {
    /// The size of the picture in pixels.
    #[must_use]
    pub fn size(&self) -> Vec2 {
        self.size.as_vec2()
    }

    /// How far the moment of this picture lies between the last update and the next: 0 to 1. What
    /// moves fast looks smoother drawn at `position + velocity * dt * alpha`.
    #[must_use]
    pub fn alpha(&self) -> f32 {
        self.alpha
    }

    /// Fill the whole picture. Without it, the picture is black before the first shape.
    pub fn clear(&mut self, color: Color) {
        self.commands.clear();
        self.words.clear();
        self.commands.push(Command::Clear(color));
    }

    /// From here on, coordinates are those of the camera's world.
    pub fn set_camera(&mut self, camera: Camera) {
        self.commands.push(Command::Camera(Some(camera)));
    }

    /// From here on, coordinates are pixels again.
    pub fn reset_camera(&mut self) {
        self.commands.push(Command::Camera(None));
    }

    /// A filled circle.
    pub fn circle(&mut self, center: impl Into<Vec2>, radius: f32, color: Color) {
        self.quad(center.into(), Vec2::splat(radius), 0.0, radius, 0.0, color);
    }

    /// A circle's outline, `width` wide, inwards.
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

    /// A filled rectangle by its top left corner and its size.
    pub fn rect(&mut self, corner: impl Into<Vec2>, size: impl Into<Vec2>, color: Color) {
        self.rounded_rect(corner, size, 0.0, color);
    }

    /// A filled rectangle with rounded corners.
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

    /// A rectangle's outline, `width` wide, inwards.
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

    /// A filled rectangle by its centre, turned by `rotation` radians, clockwise.
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

    /// A line with round ends.
    pub fn line(&mut self, from: impl Into<Vec2>, to: impl Into<Vec2>, width: f32, color: Color) {
        let (from, to) = (from.into(), to.into());
        let along = to - from;
        let half = Vec2::new(along.length() * 0.5 + width * 0.5, width * 0.5);
        let rotation = along.y.atan2(along.x);
        self.quad((from + to) * 0.5, half, rotation, width * 0.5, 0.0, color);
    }

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
        self.words.extend_from_slice(&quad);
        match self.commands.last_mut() {
            Some(Command::Quads(range)) => range.end = start + QUAD,
            _ => self.commands.push(Command::Quads(start..start + QUAD)),
        }
    }

    /// With nothing on it yet.
    pub(crate) const fn new() -> Self {
        Self {
            size: Size {
                width: 0,
                height: 0,
            },
            alpha: 0.0,
            commands: Vec::new(),
            words: Vec::new(),
        }
    }

    /// How many are on it.
    pub(crate) fn shapes(&self) -> usize {
        self.words.len() / QUAD
    }

    pub(crate) fn begin(&mut self, size: Size, alpha: f32) {
        self.size = size;
        self.alpha = alpha;
        self.commands.clear();
        self.words.clear();
    }

    /// Give everything to the host. The buffers stay as they are until the next [`Canvas::begin`].
    pub(crate) fn submit(&self) {
        for command in &self.commands {
            match command {
                Command::Clear(color) => draw::clear(color.packed()),
                Command::Camera(camera) => draw::set_camera(*camera),
                Command::Quads(range) => draw::quads(&self.words[range.clone()]),
            }
        }
    }
}
